package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stillroom/stillroom"
	"github.com/stillroom/stillroom/internal/admin"
	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/config"
	"github.com/stillroom/stillroom/internal/format"
	"github.com/stillroom/stillroom/internal/plan"
)

// TestExplain checks that the key is of the text that is shown, and that what the signature and the host
// say plays no part in it.
func TestExplain(t *testing.T) {
	signed := strings.TrimSpace(invoke(documented(), "sign", "/rs:fit:400/f:webp/plain/https://a.example/b.jpg").out)
	r := invoke(documented(), "explain", "--offline", signed)
	r.check(t, exitDone, "https://a.example/b.jpg", "")
	_, text, _ := strings.Cut(r.out, "is the SHA-256 of:\n\n")
	sum := sha256.Sum256([]byte(text))
	if key := hex.EncodeToString(sum[:]); text == "" || value(r.out, "key") != key {
		t.Errorf("the key is %q, its text has %q:\n%s", value(r.out, "key"), key, r.out)
	}
	if got := value(r.out, "answered"); got != "yes" {
		t.Errorf("answered: %q", got)
	}

	unsigned := invoke(documented(), "explain", "--offline", "https://img.example/unsafe/f:webp/rs:fit:400:0/plain/https://a.example/b.jpg")
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
	plain := invoke(environ, "explain", "--offline", "/x/w:1/plain/local:///a.jpg")
	modern := invoke(environ, "explain", "--offline", "/x/w:1/plain/local:///a.jpg", "--accept", "image/webp,*/*")
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

// running plays a server of a configuration whose memory holds an entry of every key.
func running(t *testing.T, environ ...string) string {
	t.Helper()
	c, _, err := config.Load(config.Options{Environ: environ})
	if err != nil {
		t.Fatal(err)
	}
	offline, err := stillroom.NewOffline(c)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	meta := cache.Meta{Format: format.WebP, Length: 12345, Created: now, Clocks: cache.Clocks{Fresh: now.Add(time.Hour), Keep: now.Add(2 * time.Hour)}}
	s := httptest.NewServer(admin.New(admin.Config{
		Token: c.Admin.Token,
		Now:   func() time.Time { return now },
		Ask: func(target string, client plan.Client) (admin.Question, error) {
			return offline.Question(target, client, now)
		},
		Peek: func(context.Context, cache.Key) []admin.Held {
			return []admin.Held{{Tier: "memory", Meta: &meta}, {Tier: "disk", Absent: "not on disk"}}
		},
	}))
	t.Cleanup(s.Close)
	return s.URL
}

const pear = "/x/w:1/plain/local:///pear.jpg"

// TestExplainRunning checks what a running server adds, and that it stands before the text of the key.
func TestExplainRunning(t *testing.T) {
	address := running(t)
	r := invoke(nil, "explain", pear, "--admin", address)
	r.check(t, exitDone, "\nmemory:\n", "")
	if got := value(r.out, "cache"); got != "hit: memory holds it, fresh for another 1h" {
		t.Errorf("cache: %q", got)
	}
	if alone := invoke(nil, "explain", pear, "--admin", address, "--offline"); value(alone.out, "cache") != "" || value(alone.out, "key") != value(r.out, "key") {
		t.Errorf("with --offline:\n%s", alone.out)
	}
	if strings.Index(r.out, "disk: not on disk") > strings.Index(r.out, "is the SHA-256 of") {
		t.Errorf("the text of the key is not the last:\n%s", r.out)
	}

	var e admin.Explanation
	if err := json.Unmarshal([]byte(invoke(nil, "explain", pear, "--json", "--admin", address).out), &e); err != nil || e.Cache == nil || e.Key != value(r.out, "key") {
		t.Errorf("as JSON: %v, %+v", err, e)
	}

	// The bind address is where the server is looked for.
	_, port, _ := strings.Cut(strings.TrimPrefix(address, "http://"), ":")
	bound := invoke([]string{"STILLROOM_ADMIN_BIND=:" + port, "STILLROOM_ADMIN_TOKEN=t0ken"}, "explain", pear)
	bound.check(t, exitDone, "hit: memory holds it", "")

	// What the client shows reaches the server.
	auto := "STILLROOM_AUTO_WEBP=true"
	shown := invoke([]string{auto}, "explain", pear, "--accept", "image/webp", "--admin", running(t, auto))
	shown.check(t, exitDone, "hit: memory holds it", "")
	if got := value(shown.out, "ignored"); got != "" {
		t.Errorf("ignored: %q", got)
	}
}

// TestExplainWithoutServer checks that one line says what is missing, and that everything else is there.
func TestExplainWithoutServer(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	stranger := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(stranger.Close)
	locked := running(t, "STILLROOM_ADMIN_TOKEN=t0ken")
	for _, test := range []struct {
		name, environ string
		args          []string
		want          string
	}{
		{"nobody there", "", []string{"--admin", gone.URL}, "connection refused"},
		{"somebody else there", "", []string{"--admin", stranger.URL}, "does not answer as the admin listener of stillroom does"},
		{"switched off", "STILLROOM_ADMIN_BIND=", nil, "the admin listener is off"},
		{"no token", "", []string{"--admin", locked}, "admin token"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := invoke([]string{test.environ}, append([]string{"explain", pear}, test.args...)...)
			r.check(t, exitDone, "is the SHA-256 of", test.want)
			if !strings.HasPrefix(r.errors, "the cache was not asked: ") || strings.Count(r.errors, "\n") != 1 {
				t.Errorf("want one line, got %q", r.errors)
			}
		})
	}
	invoke([]string{"STILLROOM_ADMIN_TOKEN=t0ken"}, "explain", pear, "--admin", locked).check(t, exitDone, "hit: memory", "")
	invoke(nil, "explain", pear, "--admin", "ftp://x").check(t, exitUsage, "", "--admin: want an address")
	invoke(nil, "explain", pear, "--offline=perhaps").check(t, exitUsage, "", `--offline: want true or false, got "perhaps"`)
}

func TestExplainOtherConfiguration(t *testing.T) {
	server := running(t, "STILLROOM_QUALITY=10")
	invoke(nil, "explain", pear, "--admin", server).check(t, exitDone, "hit: memory", "the server has another configuration: its key is ")
}
