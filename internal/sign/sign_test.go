package sign_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/sign"
)

const (
	secret    = "736563726574" // "secret"
	hello     = "68656C6C6F"   // "hello"
	path      = "/rs:fill:300:400:0/g:sm/aHR0cDovL2V4YW1w/bGUuY29tL2ltYWdl/cy9jdXJpb3NpdHku/anBn.png"
	signature = "oKfUtW34Dvo2BGQehJFR4Nr0_rIjOtdtzJ3QFsUcXH8" // as imgproxy's documentation gives it
)

func keyring(t testing.TB, cfg sign.Config) *sign.Keyring {
	t.Helper()
	k, err := sign.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestSign(t *testing.T) {
	one := sign.Config{Keys: []string{secret}, Salts: []string{hello}}
	short := one
	short.Size = 8
	rotated := sign.Config{Keys: []string{secret, "6f6c64"}, Salts: []string{hello, "6f6c64"}}
	for _, c := range []struct {
		name string
		cfg  sign.Config
		want string
	}{
		{"whole", one, signature},
		{"eight bytes", short, "oKfUtW34Dvo"},
		{"the first pair signs", rotated, signature},
		{"no keys", sign.Config{}, sign.Unsigned},
	} {
		if got := keyring(t, c.cfg).Sign(path); got != c.want {
			t.Errorf("%s: signature %q, want %q", c.name, got, c.want)
		}
	}
}

func TestCheck(t *testing.T) {
	one := sign.Config{Keys: []string{secret}, Salts: []string{hello}}
	short := sign.Config{Keys: []string{secret}, Salts: []string{hello}, Size: 8}
	second := sign.Config{Keys: []string{"6e6577", secret}, Salts: []string{"6e6577", hello}}
	crossed := sign.Config{Keys: []string{secret, "6e6577"}, Salts: []string{"6e6577", hello}}
	trusted := sign.Config{Keys: []string{secret}, Salts: []string{hello}, Trusted: []string{"known", "other"}}
	for _, c := range []struct {
		name      string
		cfg       sign.Config
		signature string
		signed    string
		ok        bool
	}{
		{"its own", one, signature, path, true},
		{"another path", one, signature, path + "x", false},
		{"empty", one, "", path, false},
		{"padded", one, signature + "=", path, false},
		{"one character less", one, signature[:42], path, false},
		{"last bits that decoding drops", one, signature[:42] + "9", path, false},
		{"standard alphabet", one, strings.ReplaceAll(signature, "_", "/"), path, false},
		{"whole where eight bytes are wanted", short, signature, path, false},
		{"eight bytes", short, "oKfUtW34Dvo", path, true},
		{"eight bytes where all are wanted", one, "oKfUtW34Dvo", path, false},
		{"the second pair", second, signature, path, true},
		{"a key with another's salt", crossed, signature, path, false},
		{"trusted", trusted, "other", path, true},
		{"like a trusted one", trusted, "othe", path, false},
		{"beside a trusted one", trusted, signature, path, true},
		{"trusted means nothing without keys", sign.Config{Trusted: []string{"a:b"}}, "a:b", path, false},
		{"unsigned", sign.Config{}, "unsafe", path, true},
		{"unsigned and empty", sign.Config{}, "", path, true},
		{"an option where the signature belongs", sign.Config{}, "rs:fill:4:4", path, false},
	} {
		err := keyring(t, c.cfg).Check(c.signature, c.signed)
		if c.ok != (err == nil) || err != nil && !fault.Is(err, fault.Forbidden) {
			t.Errorf("%s: error %v, want let in: %v", c.name, err, c.ok)
		}
	}
	err := keyring(t, sign.Config{}).Check("rs:fill:4:4", path)
	if !errors.Is(err, sign.ErrForgotten) {
		t.Errorf("an option where the signature belongs: error %v, want ErrForgotten in its chain", err)
	}
	if err := keyring(t, one).Check("rs:fill:4:4", path); errors.Is(err, sign.ErrForgotten) {
		t.Errorf("with keys: error %v, want one that explains nothing", err)
	}
}

func TestNew(t *testing.T) {
	for _, c := range []struct {
		name string
		cfg  sign.Config
		want string
	}{
		{"half a pair", sign.Config{Keys: []string{secret}}, "key and salt: want as many of one as of the other, got 1 and 0"},
		{"half a second pair", sign.Config{Keys: []string{secret, secret}, Salts: []string{hello}}, "got 2 and 1"},
		{"no hex", sign.Config{Keys: []string{"s3cret"}, Salts: []string{hello}}, "key: item 1: want an even number of hex digits"},
		{"odd hex", sign.Config{Keys: []string{secret}, Salts: []string{"123"}}, "salt: item 1: want an even number of hex digits"},
		{"empty", sign.Config{Keys: []string{secret, ""}, Salts: []string{hello, hello}}, "key: item 2"},
		{"too short", sign.Config{Size: -1}, "signature size: want 1 to 32, got -1"},
		{"too long", sign.Config{Size: 33}, "signature size: want 1 to 32, got 33"},
		{"empty and trusted", sign.Config{Trusted: []string{"a", ""}}, "trusted signatures: item 2"},
		{"two segments", sign.Config{Trusted: []string{"a/b"}}, "trusted signatures: item 1"},
	} {
		_, err := sign.New(c.cfg)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: the error shows the secret: %v", c.name, err)
		}
	}
}

// Every size has to agree with itself: base64 ends differently for each remainder of three.
func TestSizes(t *testing.T) {
	for size := 1; size <= 32; size++ {
		k := keyring(t, sign.Config{Keys: []string{secret}, Salts: []string{hello}, Size: size})
		if got := k.Sign(path); !strings.HasPrefix(signature, got[:size]) || k.Check(got, path) != nil {
			t.Errorf("size %d: signature %q is no beginning of %q or is not let in", size, got, signature)
		}
	}
}

// HMAC states are shared between goroutines through a pool; a mix-up would refuse good signatures.
func TestConcurrent(t *testing.T) {
	k := keyring(t, sign.Config{Keys: []string{"6e6577", secret}, Salts: []string{"6e6577", hello}})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 200 {
				signed := fmt.Sprintf("/w:%d/plain/local:///%d.png", i, j)
				if err := k.Check(k.Sign(signed), signed); err != nil {
					t.Errorf("%s: %v", signed, err)
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkCheck(b *testing.B) {
	k := keyring(b, sign.Config{Keys: []string{secret}, Salts: []string{hello}})
	b.ReportAllocs()
	for b.Loop() {
		if err := k.Check(signature, path); err != nil {
			b.Fatal(err)
		}
	}
}
