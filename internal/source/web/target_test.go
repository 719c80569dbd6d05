package web

import (
	"strings"
	"testing"
)

func TestParseURL(t *testing.T) {
	for _, c := range []struct{ text, path, query string }{
		{"http://a/b.jpg?c=d", "/b.jpg", "c=d"},
		{"http://a/b c.jpg?d e", "/b%20c.jpg", "d%20e"},
		{"http://a/b%20c%2Fd.jpg", "/b%20c%2Fd.jpg", ""},
		{"http://a/b c%2Fd.jpg", "/b%20c%2Fd.jpg", ""}, // one fault does not undo what was right
		{"http://a/100%.jpg", "/100%25.jpg", ""},
		{"http://a/100%zz.jpg?5%", "/100%25zz.jpg", "5%25"},
		{"http://a/é.jpg?ü", "/%C3%A9.jpg", "%C3%BC"},
		{"http://a/\xff.jpg", "/%FF.jpg", ""},
		{"http://a/(b)[c];d,e'f!.jpg", "/(b)[c];d,e'f!.jpg", ""},
		{"http://a/b//../c", "/b//../c", ""},
		{"http://user:p%40ss@a/b@2x", "/b@2x", ""},
		{"http://[::1]:8080/b", "/b", ""},
		{"/b c", "/b%20c", ""}, // as a redirect's target
		{"//a/b c", "/b%20c", ""},
		{"b c?d://e", "b%20c", "d://e"},
	} {
		u, err := parseURL(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if u.EscapedPath() != c.path || u.RawQuery != c.query {
			t.Errorf("%s: path %s query %s, want %s and %s", c.text, u.EscapedPath(), u.RawQuery, c.path, c.query)
		}
	}
}

func TestParseURLRefuses(t *testing.T) {
	for _, text := range []string{
		"http://secret host/", "http://secret%zz/", "http://user:secret/a@host/", "http://[secret/", "http://a:secret/",
		"http://us er:secret@host/",
	} {
		u, err := parseURL(text)
		if err == nil {
			t.Errorf("%q was read as %v", text, u)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: the error quotes it: %v", text, err)
		}
	}
}

func FuzzParseURL(f *testing.F) {
	for _, seed := range []string{"http://a/b c?d#e", "//u@h:1/%zz", "a:b", "?", "%", "http://[::1%25x]/"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		u, err := parseURL(text)
		if err != nil {
			return
		}
		line := u.RequestURI()
		for i := range len(line) {
			if line[i] <= ' ' || line[i] >= 0x7f {
				if u.Opaque == "" {
					t.Fatalf("%q makes the request line %q", text, line)
				}
			}
		}
	})
}
