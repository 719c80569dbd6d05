package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/config"
)

// documented is an environment with the keys of imgproxy's documentation: "secret" and "hello".
func documented(more ...string) []string {
	return append([]string{"STILLROOM_KEY=736563726574", "STILLROOM_SALT=68656c6c6f"}, more...)
}

func TestSign(t *testing.T) {
	mac := hmac.New(sha256.New, []byte("secret"))
	mac.Write([]byte("hello" + "/w:100/plain/local:///a.jpg"))
	signature := base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	for _, test := range []struct {
		name, environ, path, want string
	}{
		{"a path", "", "/w:100/plain/local:///a.jpg", "/SIG/w:100/plain/local:///a.jpg"},
		{"a path without slash", "", "w:100/plain/local:///a.jpg", "/SIG/w:100/plain/local:///a.jpg"},
		{"a placeholder is replaced", "", "/unsafe/w:100/plain/local:///a.jpg", "/SIG/w:100/plain/local:///a.jpg"},
		{"a wrong signature is replaced", "", "/wrong/w:100/plain/local:///a.jpg", "/SIG/w:100/plain/local:///a.jpg"},
		{"a URL", "", "https://img.example/unsafe/w:100/plain/local:///a.jpg", "https://img.example/SIG/w:100/plain/local:///a.jpg"},
		{"a URL without signature", "", "http://localhost:8080/w:100/plain/local:///a.jpg", "http://localhost:8080/SIG/w:100/plain/local:///a.jpg"},
		{"below a prefix", "STILLROOM_PATH_PREFIX=/p", "/p/unsafe/w:100/plain/local:///a.jpg", "/p/SIG/w:100/plain/local:///a.jpg"},
		{"the prefix is added", "STILLROOM_PATH_PREFIX=/p", "/w:100/plain/local:///a.jpg", "/p/SIG/w:100/plain/local:///a.jpg"},
		{"below a mount", "STILLROOM_PROVIDERS=imgproxy=/img/", "/w:100/plain/local:///a.jpg", "/img/SIG/w:100/plain/local:///a.jpg"},
	} {
		t.Run(test.name, func(t *testing.T) {
			want := strings.Replace(test.want, "SIG", signature, 1) + "\n"
			r := invoke(documented(test.environ), "sign", test.path)
			if r.status != exitDone || r.out != want {
				t.Errorf("status %d, %q, want %q\n%s", r.status, r.out, want, r.errors)
			}
		})
	}
}

func TestSignRefuses(t *testing.T) {
	for _, test := range []struct {
		name, args, want string
		status           int
	}{
		{"a path that no grammar reads", "/w:wide/plain/local:///a.jpg", "want a whole number", exitFailed},
		{"a query, which would not be signed", "/w:1/plain/https://a.example/?id=1", "%3F", exitFailed},
		{"an unknown grammar", "/w:1/plain/local:///a.jpg --provider thumbor", "--provider", exitUsage},
		{"no time", "/w:1/plain/local:///a.jpg --expires soon", "--expires: want a time", exitUsage},
		{"a time too short to be written", "/w:1/plain/local:///a.jpg --expires 500ms", "--expires: want at least 1s", exitUsage},
		{"an expiry of its own", "/exp:1/w:1/plain/local:///a.jpg --expires 1h", "expiry of its own", exitFailed},
		{"no path", "", "arguments: want 1, got 0", exitUsage},
		{"two paths", "/w:1/plain/local:///a.jpg /w:2/plain/local:///a.jpg", "arguments: want 1, got 2", exitUsage},
	} {
		t.Run(test.name, func(t *testing.T) {
			invoke(documented(), append([]string{"sign"}, strings.Fields(test.args)...)...).check(t, test.status, "", test.want)
		})
	}
}

func TestSignWithoutKeys(t *testing.T) {
	invoke(nil, "sign", "/w:1/plain/local:///a.jpg").check(t, exitDone, "/w:1/plain/local:///a.jpg\n", "there are no keys")
}

// TestSignExpires checks that the server of the same configuration lets the path in until it ends.
func TestSignExpires(t *testing.T) {
	c, _, err := config.Load(config.Options{Environ: documented()})
	if err != nil {
		t.Fatal(err)
	}
	s, err := newSigner(c, "imgproxy")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1_700_000_000, 0)
	path, err := s.sign("/w:1/plain/local:///a.jpg", time.Hour, now)
	if err != nil {
		t.Fatal(err)
	}
	request, err := s.grammar.Parse(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := now.Add(time.Hour); !request.Delivery.Expires.Equal(want) {
		t.Errorf("%s expires at %s, want %s", path, request.Delivery.Expires, want)
	}
	if err := s.keys.Check(request.Credentials.Signature, request.Credentials.Signed); err != nil {
		t.Errorf("%s: %v", path, err)
	}
}
