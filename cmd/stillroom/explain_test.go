package main

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
)

// TestExplain checks that the key is of the text that is shown, and that what the signature and the host
// say plays no part in it.
func TestExplain(t *testing.T) {
	signed := strings.TrimSpace(invoke(documented(), "sign", "/rs:fit:400/f:webp/plain/https://a.example/b.jpg").out)
	r := invoke(documented(), "explain", signed)
	r.check(t, exitDone, "https://a.example/b.jpg", "")
	_, text, _ := strings.Cut(r.out, "is the SHA-256 of:\n\n")
	sum := sha256.Sum256([]byte(text))
	if key := hex.EncodeToString(sum[:]); text == "" || value(r.out, "key") != key {
		t.Errorf("the key is %q, its text has %q:\n%s", value(r.out, "key"), key, r.out)
	}
	if got := value(r.out, "answered"); got != "yes" {
		t.Errorf("answered: %q", got)
	}

	unsigned := invoke(documented(), "explain", "https://img.example/unsafe/f:webp/rs:fit:400:0/plain/https://a.example/b.jpg")
	unsigned.check(t, exitDone, "answered", "")
	if got := value(unsigned.out, "answered"); !strings.HasPrefix(got, "no: ") {
		t.Errorf("without a signature, answered: %q", got)
	}
	if a, b := value(r.out, "key"), value(unsigned.out, "key"); a != b {
		t.Errorf("one question has two keys, %q and %q", a, b)
	}
}

// value returns what stands behind a name in a table.
func value(table, name string) string {
	for line := range strings.SplitSeq(table, "\n") {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			return strings.TrimSpace(rest)
		}
	}
	return ""
}

func TestExplainNegotiation(t *testing.T) {
	environ := documented("STILLROOM_AUTO_WEBP=true")
	plain := invoke(environ, "explain", "/x/w:1/plain/local:///a.jpg")
	modern := invoke(environ, "explain", "/x/w:1/plain/local:///a.jpg", "--accept", "image/webp,*/*")
	if value(plain.out, "vary") != "Accept" {
		t.Errorf("vary: %q, want Accept", value(plain.out, "vary"))
	}
	if a, b := value(plain.out, "key"), value(modern.out, "key"); a == b || a == "" || b == "" {
		t.Errorf("with and without WebP, the keys are %q and %q", a, b)
	}
}

func TestExplainRefuses(t *testing.T) {
	invoke(documented(), "explain", "/x/w:wide/plain/local:///a.jpg").check(t, exitFailed, "", "not understood")
	invoke(documented(), "explain").check(t, exitUsage, "", "arguments: want 1, got 0")
	invoke(documented("STILLROOM_PATH_PREFIX=/p"), "explain", "/x/w:1/plain/local:///a.jpg").check(t, exitFailed, "", "no grammar reads this path")
}
