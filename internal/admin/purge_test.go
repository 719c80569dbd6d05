package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/purge"
)

// ledger keeps what is added, and names rules R1, R2, …
type ledger struct {
	rules []purge.Rule
	err   error
}

func (l *ledger) Add(r purge.Rule) (purge.Rule, error) {
	if l.err != nil && !fault.Is(l.err, fault.Internal) {
		return purge.Rule{}, l.err
	}
	l.rules = append(l.rules, r)
	r.ID, r.At = "R"+string('0'+rune(len(l.rules))), noon().Add(time.Nanosecond)
	return r, l.err
}

// group understands one path.
func group(target string) (cache.Key, error) {
	if target != "/x/w:1/plain/local:///a.jpg" {
		return cache.Key{}, fault.New(fault.BadURL, "explain.route", "no grammar reads this path")
	}
	return cache.Key{0xab}, nil
}

var groupHex = cache.Key{0xab}.String()

// walked is a tier that can be looked through.
type walked struct {
	cache.None

	held []cache.Meta
	err  error
}

func (w walked) Walk(_ context.Context, visit func(cache.Key, cache.Meta) bool) error {
	for i, m := range w.held {
		if !visit(cache.Key{byte(i)}, m) {
			return nil
		}
	}
	return w.err
}

func compact(t *testing.T, document []byte) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, document); err != nil {
		t.Errorf("want JSON, got %q", document)
	}
	return b.String()
}

func TestPurge(t *testing.T) {
	for _, c := range []struct {
		name, body, want string
		rule             purge.Rule
	}{
		{
			"a source in another spelling", `{"source": "HTTPS://A.Example:443/b.jpg?Q=1#top"}`,
			`{"rule":"R1","at":"2026-03-01T12:00:00.000000001Z","selector":"source","value":"https://a.example/b.jpg?Q=1"}`,
			purge.Rule{Selector: purge.Source, Value: "https://a.example/b.jpg?Q=1"},
		}, {
			"a path", `{"url": "/x/w:1/plain/local:///a.jpg"}`,
			`{"rule":"R1","at":"2026-03-01T12:00:00.000000001Z","selector":"url","value":"` + groupHex + `"}`,
			purge.Rule{Selector: purge.URL, Value: groupHex},
		}, {
			"a URL", `{"url": "https://img.example/x/w:1/plain/local:///a.jpg", "soft": true}`,
			`{"rule":"R1","at":"2026-03-01T12:00:00.000000001Z","selector":"url","value":"` + groupHex + `","soft":true}`,
			purge.Rule{Selector: purge.URL, Value: groupHex, Soft: true},
		}, {
			"a tag", `{"soft": false, "tag": "News"}`,
			`{"rule":"R1","at":"2026-03-01T12:00:00.000000001Z","selector":"tag","value":"News"}`,
			purge.Rule{Selector: purge.Tag, Value: "News"},
		}, {
			"a prefix that ends in a path", `{"prefix": "HTTPS://A.Example:443/Dir"}`,
			`{"rule":"R1","at":"2026-03-01T12:00:00.000000001Z","selector":"prefix","value":"https://a.example/Dir"}`,
			purge.Rule{Selector: purge.Prefix, Value: "https://a.example/Dir"},
		}, {
			"a prefix that ends in a host", `{"prefix": "HTTP://User@A.Exa"}`,
			`{"rule":"R1","at":"2026-03-01T12:00:00.000000001Z","selector":"prefix","value":"http://User@a.exa"}`,
			purge.Rule{Selector: purge.Prefix, Value: "http://User@a.exa"},
		}, {
			"a prefix of files", `{"prefix": "LOCAL:///Dir/"}`,
			`{"rule":"R1","at":"2026-03-01T12:00:00.000000001Z","selector":"prefix","value":"local:///Dir/"}`,
			purge.Rule{Selector: purge.Prefix, Value: "local:///Dir/"},
		}, {
			"everything", `{"all": true}`,
			`{"rule":"R1","at":"2026-03-01T12:00:00.000000001Z","selector":"all"}`,
			purge.Rule{Selector: purge.All},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := &ledger{}
			w := request(New(Config{Purges: l, Group: group, Now: noon}), "POST", "/v1/purge", c.body)
			if got := compact(t, w.Body.Bytes()); w.Code != 200 || got != c.want {
				t.Errorf("%d %s, want %s", w.Code, got, c.want)
			}
			if diff := cmp.Diff([]purge.Rule{c.rule}, l.rules); diff != "" {
				t.Errorf("rules (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPurgeRefuses(t *testing.T) {
	for _, c := range []struct {
		name, body, want string
		status           int
	}{
		{"nothing", ``, "body: want a JSON object", 400},
		{"a list", `[]`, "body: want a JSON object", 400},
		{"no selector", `{}`, `want one of url, source, tag, prefix, or "all": true`, 400},
		{"only how", `{"soft": true}`, `want one of url`, 400},
		{"two selectors", `{"tag": "a", "prefix": "local://"}`, "prefix: want one of url, source, tag, prefix and all, got tag as well", 400},
		{"one twice", `{"tag": "a", "tag": "b"}`, "tag: want it once", 400},
		{"another case", `{"Tag": "a"}`, "Tag: unknown field, want url, source, tag", 400},
		{"an unknown field", `{"tag": "a", "dry-run": true}`, "dry-run: unknown field", 400},
		{"an unknown field of any kind", `{"tags": ["a"]}`, "tags: unknown field", 400},
		{"not a text", `{"tag": ["a"]}`, "tag: want a text that is not empty, got a list", 400},
		{"a number", `{"source": 7}`, "source: want a text that is not empty, got a number", 400},
		{"an empty text", `{"source": ""}`, "source: want a text that is not empty, got an empty one", 400},
		{"null", `{"url": null}`, "url: want a text that is not empty, got null", 400},
		{"all and not all", `{"all": false}`, "all: want true, got false", 400},
		{"a rehearsal that might be none", `{"all": true, "dry_run": "yes"}`, "dry_run: want true or false, got a text", 400},
		{"cut off", `{"tag": "a"`, "body: want a JSON object: unexpected EOF", 400},
		{"cut off within a value", `{"tag": "a`, "body: want a JSON object: unexpected EOF", 400},
		{"more behind", `{"tag": "a"} {}`, "body: want one JSON object, got more behind it", 400},
		{"a path that is not understood", `{"url": "/elsewhere"}`, "url: no grammar reads this path", 400},
		{"a path that no request has", `{"url": "/a b"}`, `url: want a path as it stands in a request, got ' ' at byte 2`, 400},
		{"a source without scheme", `{"source": "a.example/b.jpg"}`, "source: the source has no scheme", 400},
		{"a prefix without scheme", `{"prefix": "/2026/"}`, "prefix: want the beginning of a source, scheme included", 400},
		{"a prefix with a fragment", `{"prefix": "https://a.example/#x"}`, "prefix: want no fragment", 400},
		{"a prefix with a bad port", `{"prefix": "https://a.example:x/"}`, "prefix: the source's port: want a number", 400},
		{"too much", `{"tag": "` + strings.Repeat("a", maxOrder) + `"}`, "body: want at most 65536 bytes", 413},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := &ledger{}
			w := request(New(Config{Purges: l, Group: group}), "POST", "/v1/purge", c.body)
			if got := problem(t, w); w.Code != c.status || !strings.Contains(got, c.want) {
				t.Errorf("%d %q, want %d %q", w.Code, got, c.status, c.want)
			}
			if len(l.rules) > 0 {
				t.Errorf("all the same a rule came: %v", l.rules)
			}
		})
	}
}

// TestPurgeLedger checks what the real ledger refuses.
func TestPurgeLedger(t *testing.T) {
	h := New(Config{Purges: purge.NewMemory(0), Group: group})
	w := request(h, "POST", "/v1/purge", `{"tag": "`+strings.Repeat("a", 9000)+`"}`)
	if got := problem(t, w); w.Code != 400 || !strings.Contains(got, "tag: want at most 8192 bytes, got 9000") {
		t.Errorf("%d %q", w.Code, got)
	}
}

func TestPurgeFails(t *testing.T) {
	for _, c := range []struct {
		name   string
		err    error
		status int
		want   string
	}{
		{"full", fault.New(fault.Overloaded, "purge.add", "too many rules"), 503, `{"error":"too many rules"}`},
		{
			"in force and not written", fault.New(fault.Internal, "purge.add", "rule R1 is in force\nuntil a restart"), 500,
			`{"error":"rule R1 is in force until a restart","rule":"R1","at":"2026-03-01T12:00:00.000000001Z"}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := request(New(Config{Purges: &ledger{err: c.err}, Group: group}), "POST", "/v1/purge", `{"all": true}`)
			if got := compact(t, w.Body.Bytes()); w.Code != c.status || got != c.want {
				t.Errorf("%d %s, want %d %s", w.Code, got, c.status, c.want)
			}
		})
	}
}

func TestPurgeDryRun(t *testing.T) {
	old, l := noon().Add(-time.Hour), &ledger{}
	h := New(Config{
		Purges: l, Group: group, Now: noon,
		Tiers: []cache.Tier{
			{Name: "memory", Store: walked{held: []cache.Meta{
				{Tags: []string{"news"}, Length: 100, Created: old},
				{Tags: []string{"other"}, Length: 1000, Created: old},
				{Tags: []string{"news", "b"}, Length: 10, Created: old},
				{Tags: []string{"news"}, Length: 10000, Created: noon().Add(time.Second)},
			}}},
			{Name: "far", Store: cache.None{}},
			{Name: "disk", Store: walked{}},
		},
	})
	w := request(h, "POST", "/v1/purge", `{"tag": "news", "soft": true, "dry_run": true}`)
	const want = `{"selector":"tag","value":"news","soft":true,"dry_run":true,` +
		`"covers":[{"tier":"memory","entries":2,"bytes":110},{"tier":"disk","entries":0,"bytes":0}]}`
	if got := compact(t, w.Body.Bytes()); w.Code != 200 || got != want {
		t.Errorf("%d %s, want %s", w.Code, got, want)
	}
	if len(l.rules) > 0 {
		t.Errorf("a rehearsal added a rule: %v", l.rules)
	}

	broken := New(Config{Purges: l, Group: group, Tiers: []cache.Tier{{Name: "disk", Store: walked{err: errors.New("no disk")}}}})
	w = request(broken, "POST", "/v1/purge", `{"all": true, "dry_run": true}`)
	if got := problem(t, w); w.Code != 500 || got != "looking through the disk tier: no disk" {
		t.Errorf("%d %q", w.Code, got)
	}
}

// TestPurgeLog checks that each purge leaves a line that says who did what, and that no credential gets into it.
func TestPurgeLog(t *testing.T) {
	for _, c := range []struct {
		name, body string
		err        error
		want       string
	}{
		{
			"a source with a query", `{"source": "https://me:pass@a.example/b.jpg?sig=s3cret", "soft": true}`, nil,
			`level=INFO msg=purge selector=source value=https://a.example/b.jpg?… soft=true rule=R1 remote=192.0.2.7:4711`,
		}, {
			"a prefix with a query", `{"prefix": "https://a.example/b.jpg?sig=s3c"}`, nil,
			`level=INFO msg=purge selector=prefix value=https://a.example/b.jpg?… soft=false rule=R1 remote=192.0.2.7:4711`,
		}, {
			"half a password", `{"prefix": "https://me:s3c"}`, nil,
			`level=INFO msg=purge selector=prefix value=https://… soft=false rule=R1 remote=192.0.2.7:4711`,
		}, {
			"a URL", `{"url": "/x/w:1/plain/local:///a.jpg"}`, nil,
			`level=INFO msg=purge selector=url value=` + groupHex + ` soft=false rule=R1 remote=192.0.2.7:4711`,
		}, {
			"everything", `{"all": true}`, nil,
			`level=INFO msg=purge selector=all value="" soft=false rule=R1 remote=192.0.2.7:4711`,
		}, {
			"not written", `{"tag": "a"}`, fault.New(fault.Internal, "purge.add", "no disk"),
			`level=ERROR msg="purge failed" selector=tag value=a soft=false rule=R1 remote=192.0.2.7:4711 error="no disk"`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b bytes.Buffer
			log := slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
				if a.Key == slog.TimeKey {
					return slog.Attr{}
				}
				return a
			}}))
			request(New(Config{Purges: &ledger{err: c.err}, Group: group, Log: log}), "POST", "/v1/purge", c.body)
			if got := strings.TrimSpace(b.String()); got != c.want {
				t.Errorf("log\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}
