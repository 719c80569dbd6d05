package source

import (
	"strings"
	"testing"

	"github.com/stillroom/stillroom/internal/fault"
)

func TestParseRef(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"http://example.com/a.jpg", "http://example.com/a.jpg"},
		{"HTTPS://Example.COM/A.jpg?Q=1", "https://example.com/A.jpg?Q=1"},
		{"http://example.com:80/a", "http://example.com/a"},
		{"https://example.com:443/a", "https://example.com/a"},
		{"http://example.com:443/a", "http://example.com:443/a"},
		{"http://example.com:/a", "http://example.com/a"},
		{"http://example.com", "http://example.com/"},
		{"http://example.com?q=a/b", "http://example.com/?q=a/b"},
		{"http://example.com/a#part", "http://example.com/a"},
		{"http://@example.com/a", "http://example.com/a"},
		{"http://User:Pass@Example.com/a", "http://User:Pass@example.com/a"},
		{"http://a@b@Example.com/", "http://a@b@example.com/"},
		{"http://[2001:DB8::80]:80/a", "http://[2001:db8::80]/a"},
		{"http://[2001:DB8::80]/a", "http://[2001:db8::80]/a"},
		{"http://example.com/a b%2Fc/../d", "http://example.com/a b%2Fc/../d"},
		{"local:///Folder/a?b#c", "local:///Folder/a?b#c"},
		{"S3://Bucket/Key", "s3://Bucket/Key"},
	} {
		ref, err := ParseRef(c.text)
		if err != nil || ref.String() != c.want {
			t.Errorf("ParseRef(%q) = %q, %v; want %q", c.text, ref.String(), err, c.want)
		}
	}
}

func TestParseRefRefuses(t *testing.T) {
	for _, c := range []struct {
		text string
		kind fault.Kind
		want string
	}{
		{"", fault.Unreachable, "no scheme"},
		{"example.com/a.jpg", fault.Unreachable, "no scheme"},
		{"://example.com", fault.Unreachable, "no scheme"},
		{"1http://example.com", fault.Unreachable, "no scheme"},
		{"http:///a.jpg", fault.Unreachable, "no host"},
		{"http://user@/a.jpg", fault.Unreachable, "no host"},
		{"http://:80/a.jpg", fault.Unreachable, "no host"},
		{"http://example.com:http/a", fault.BadURL, "port"},
		{"http://example.com:80:80/a", fault.BadURL, "port"},
		{"http://[::", fault.BadURL, "brackets"},
		{"http://[::1]x/", fault.BadURL, "brackets"},
		{"http://user:hidden/word@example.com/a", fault.BadURL, "port"},
		{"http://example.com/a\r\nHost: b", fault.BadURL, "control character at byte 13"},
		{"local:///a\x00b", fault.BadURL, "control character"},
	} {
		ref, err := ParseRef(c.text)
		switch {
		case !fault.Is(err, c.kind) || !strings.Contains(err.Error(), c.want):
			t.Errorf("ParseRef(%q) = %q, %v; want %v with %q", c.text, ref, err, c.kind, c.want)
		case strings.Contains(err.Error(), "hidden"):
			t.Errorf("ParseRef(%q): the error holds the password: %v", c.text, err)
		}
	}
}

func TestRefRedacted(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"http://example.com/a.jpg", "http://example.com/a.jpg"},
		{"http://user:secret@example.com/a@2x.jpg", "http://example.com/a@2x.jpg"},
		{"http://user:se%zzcret@example.com/a.jpg", "http://example.com/a.jpg"},
		{"http://example.com/a.jpg?token=secret", "http://example.com/a.jpg?…"},
		{"s3://key:secret@bucket/a.jpg?version=secret", "s3://bucket/a.jpg?…"},
		{"local:///a.jpg", "local:///a.jpg"},
	} {
		if got := ref(t, c.text).Redacted(); got != c.want {
			t.Errorf("%s redacted = %s, want %s", c.text, got, c.want)
		}
	}
}

func TestRefName(t *testing.T) {
	for text, want := range map[string]string{
		"http://example.com/a/b.jpg?c=/d": "b.jpg",
		"http://example.com/":             "",
		"http://example.com":              "",
		"local:///a/b.jpg":                "b.jpg",
		"s3://bucket/c.png":               "c.png",
	} {
		if got := ref(t, text).Name(); got != want {
			t.Errorf("name of %s = %q, want %q", text, got, want)
		}
	}
}

func FuzzParseRef(f *testing.F) {
	for _, seed := range []string{
		"http://example.com/a.jpg?b#c", "HTTPS://u:p@[::1]:443/%zz", "http://@@a:080:80?", "local:///../é", "s3://b/k?v", "HTTP://[::", "http://\xef:", "://", "http://:",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ParseRef(text)
		if err != nil {
			if kind := fault.KindOf(err); kind != fault.BadURL && kind != fault.Unreachable {
				t.Fatalf("ParseRef(%q): kind %v", text, kind)
			}
			return
		}
		again, err := ParseRef(r.String())
		if err != nil || again != r {
			t.Fatalf("ParseRef(%q) = %q, which reads as %q, %v", text, r, again, err)
		}
		if r.IsZero() || !strings.HasPrefix(r.String(), r.Scheme()+"://") || strings.Contains(r.Name(), "/") {
			t.Fatalf("ParseRef(%q) = %q with scheme %q and name %q", text, r, r.Scheme(), r.Name())
		}
		if redacted := r.Redacted(); strings.Contains(redacted, "?") && !strings.HasSuffix(redacted, "?…") {
			t.Fatalf("%q redacted = %q", r, redacted)
		}
	})
}

func ref(t *testing.T, text string) Ref {
	t.Helper()
	r, err := ParseRef(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
