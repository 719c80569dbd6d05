package object

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/buckettest"
	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/cache/cachetest"
)

// randomURL returns a URL of n characters that hardly deflates.
func randomURL(n int) string {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	b := []byte("https://example.com/")
	for len(b) < n {
		b = append(b, letters[rng.IntN(len(letters))])
	}
	return string(b)
}

// usual is a meta with everything that ours have.
func usual(source string) *cache.Meta {
	m := cachetest.Entry(1, 100).Meta
	m.ETag = cache.ETag("version", cachetest.Key(1), "engine")
	m.SourceVersion = cachetest.Key(9).String()
	m.Source, m.Group, m.SourceCacheControl = source, cachetest.Key(7), "public, max-age=31536000, immutable"
	return &m
}

func TestHead(t *testing.T) {
	body := buckettest.Pattern(100, 3)
	for _, c := range []struct {
		name string
		m    *cache.Meta
		fits bool
	}{
		{"empty", &cache.Meta{}, true},
		{"usual", usual("https://example.com/a.jpg"), true},
		{"long", usual(randomURL(1000)), true},
		{"the longest", usual(randomURL(1500)), true},
		{"too long", usual(randomURL(1900)), false},
		{"long, of words", usual("https://example.com/" + strings.Repeat("summer/holidays/", 150)), true},
		{"many tags", func() *cache.Meta {
			m := usual("https://example.com/a.jpg")
			for i := range 2000 {
				m.Tags = append(m.Tags, fmt.Sprint("tag-", i*i*i))
			}
			return m
		}(), false},
	} {
		h, ok := makeHead(cachetest.Key(1), c.m, body, 0)
		if ok != c.fits {
			t.Errorf("%s: fits %t, want %t", c.name, ok, c.fits)
		}
		if !ok {
			continue
		}
		values := metadata(h)
		options := bucket.PutOptions{Metadata: values}
		if err := bucket.CheckPut("test", "k", bytes.NewReader(nil), 0, options); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		total := 0
		for k, v := range values {
			total += len("x-amz-meta-") + len(k) + len(v)
		}
		if total > bucket.MaxMetadata {
			t.Errorf("%s: %d bytes of metadata with the prefix of S3, want at most %d", c.name, total, bucket.MaxMetadata)
		}
		got, err := parseHead(cachetest.Key(1), values)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if diff := cmp.Diff(*c.m, got.Meta, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: meta differs (-want +got):\n%s", c.name, diff)
		}
		if !got.proves(body) || got.proves(body[1:]) {
			t.Errorf("%s: it proves the body: %t, another one: %t", c.name, got.proves(body), got.proves(body[1:]))
		}
	}
}

// What the bucket has reserved stays free.
func TestHeadReserved(t *testing.T) {
	for reserved, want := range map[int]bool{0: true, 300: true, 700: false} {
		h, ok := makeHead(cachetest.Key(1), usual(randomURL(1200)), nil, reserved)
		if ok != want {
			t.Errorf("with %d bytes reserved it fits: %t, want %t", reserved, ok, want)
		}
		total := reserved
		for k, v := range metadata(h) {
			total += len("x-amz-meta-") + len(k) + len(v)
		}
		if total > bucket.MaxMetadata {
			t.Errorf("with %d bytes reserved there are %d, want at most %d", reserved, total, bucket.MaxMetadata)
		}
	}
}

// What a service keeps of an older object, whose metadata was longer, is not taken for a part.
func TestHeadOverOlder(t *testing.T) {
	values := map[string]string{}
	for _, url := range []string{randomURL(1000), "https://example.com/a.jpg"} {
		h, ok := makeHead(cachetest.Key(1), usual(url), nil, 0)
		if !ok {
			t.Fatal("it does not fit")
		}
		maps.Copy(values, metadata(h))
		if got, err := parseHead(cachetest.Key(1), values); err != nil || got.Meta.Source != url {
			t.Errorf("%v, want the meta of %s", err, url)
		}
	}
}

// With any bit changed, metadata is refused or proves no body.
func TestHeadEveryBit(t *testing.T) {
	key, body := cachetest.Key(1), buckettest.Pattern(100, 3)
	for name, m := range map[string]*cache.Meta{
		"plain": usual("https://example.com/a"), "deflated": usual(strings.Repeat("summer", 400)),
	} {
		raw, _ := makeHead(key, m, body, 0)
		if deflated := raw[2] == 1; deflated != (name == "deflated") {
			t.Fatalf("%s: deflated %t", name, deflated)
		}
		for bit := range len(raw) * 8 {
			b := bytes.Clone(raw)
			b[bit/8] ^= 1 << (bit % 8)
			if h, err := parseHead(key, metadata(b)); err == nil && h.proves(body) {
				t.Errorf("%s: bit %d of byte %d is changed, and it is read", name, bit%8, bit/8)
			}
		}
		for n := range raw {
			if h, err := parseHead(key, metadata(raw[:n])); err == nil && h.proves(body) {
				t.Errorf("%s: the first %d of %d bytes are read", name, n, len(raw))
			}
		}
	}
}

func TestHeadDamage(t *testing.T) {
	key := cachetest.Key(1)
	raw, _ := makeHead(key, usual("https://example.com/a"), nil, 0)
	with := func(at int, to byte) []byte {
		b := bytes.Clone(raw)
		b[at] = to
		return b
	}
	long := strings.Repeat("A", bucket.MaxValue)
	for name, c := range map[string]struct {
		values map[string]string
		want   Damage
	}{
		"none":               {nil, Foreign},
		"another's":          {map[string]string{"owner": "me"}, Foreign},
		"the second alone":   {map[string]string{"still2": "AAAA"}, Foreign},
		"no base64":          {map[string]string{"still1": "a b"}, Flipped},
		"padded":             {map[string]string{"still1": "AAA="}, Flipped},
		"too short":          {map[string]string{"still1": base64.RawURLEncoding.EncodeToString(raw[:headSize-1])}, Truncated},
		"zeros":              {map[string]string{"still1": long, "still2": long}, Version},
		"later layout":       {metadata(with(0, layout+1)), Version},
		"later meta":         {metadata(with(1, cache.MetaVersion+1)), Version},
		"packed differently": {metadata(with(2, 2)), Flipped},
		"not deflated":       {metadata(with(2, 1)), Flipped},
		"of another key":     {metadata(with(3, raw[3]+1)), Foreign},
		"cut":                {metadata(raw[:len(raw)-1]), Flipped},
	} {
		_, err := parseHead(key, c.values)
		d, ok := err.(*damageError) //nolint:errorlint // it is not wrapped
		if !ok || d.kind != c.want {
			t.Errorf("%s: %v, want damage of kind %v", name, err, c.want)
		}
	}
}

func FuzzParseHead(f *testing.F) {
	key := cachetest.Key(1)
	for _, url := range []string{"https://example.com/a", randomURL(1000), strings.Repeat("summer", 400)} {
		raw, _ := makeHead(key, usual(url), buckettest.Pattern(100, 3), 0)
		f.Add(metadata(raw)["still1"], metadata(raw)["still2"])
	}
	f.Add("", "")
	f.Fuzz(func(t *testing.T, first, second string) {
		h, err := parseHead(key, map[string]string{"still1": first, "still2": second})
		if err != nil {
			if _, ok := err.(*damageError); !ok { //nolint:errorlint // it is not wrapped
				t.Fatalf("%v (%T), want a kind of damage", err, err)
			}
			return
		}
		raw, ok := makeHead(key, &h.Meta, nil, 0)
		if !ok {
			return // it came deflated better than we do
		}
		again, err := parseHead(key, metadata(raw))
		if err != nil {
			t.Fatalf("what was read cannot be written and read: %v", err)
		}
		if diff := cmp.Diff(h.Meta, again.Meta, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("it changes:\n%s", diff)
		}
	})
}

// The layout is a promise to every node of a fleet, whatever version of Stillroom it runs.
func TestName(t *testing.T) {
	if got, want := objectName(cachetest.Key(0xabcd)), "v1.1/cd/cdab00ce"+zeros(56); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
