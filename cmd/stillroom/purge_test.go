package main

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stillroom/stillroom/internal/admin"
	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/purge"
)

// purged remembers the rules that came.
type purged struct{ rules []purge.Rule }

func (p *purged) Add(r purge.Rule) (purge.Rule, error) {
	if r.Value == "full" {
		return purge.Rule{}, fault.New(fault.Overloaded, "purge.add", "too many rules")
	}
	p.rules = append(p.rules, r)
	r.ID, r.At = "RULE", time.Date(2026, 3, 1, 12, 0, 0, 5, time.UTC)
	return r, nil
}

func purgeable(t *testing.T) (*purged, string) {
	t.Helper()
	p := &purged{}
	s := httptest.NewServer(admin.New(admin.Config{
		Token: "t0ken", Purges: p, Group: func(target string) (cache.Key, error) { return cache.Key{byte(len(target))}, nil },
	}))
	t.Cleanup(s.Close)
	return p, s.URL
}

func TestPurge(t *testing.T) {
	p, address := purgeable(t)
	const at = ": rule RULE at 2026-03-01T12:00:00.000000005Z\n"
	for _, test := range []struct {
		args, want string
		rule       purge.Rule
	}{
		{"--source https://A.example/b.jpg", "purged source https://A.example/b.jpg" + at, purge.Rule{Selector: purge.Source, Value: "https://a.example/b.jpg"}},
		{"--url https://img.example/abc", "purged url https://img.example/abc" + at, purge.Rule{Selector: purge.URL, Value: cache.Key{4}.String()}},
		{"--tag news --soft", "purged tag news (soft)" + at, purge.Rule{Selector: purge.Tag, Value: "news", Soft: true}},
		{"--prefix local:///2026/", "purged prefix local:///2026/" + at, purge.Rule{Selector: purge.Prefix, Value: "local:///2026/"}},
		{"--all", "purged all" + at, purge.Rule{Selector: purge.All}},
		{"--all --soft=false --dry-run=false", "purged all" + at, purge.Rule{Selector: purge.All}},
		{"--all --dry-run", "would purge all\nhow much that is cannot be told: no tier can be looked through\n", purge.Rule{}},
	} {
		t.Run(test.args, func(t *testing.T) {
			p.rules = nil
			args := append([]string{"purge", "--admin", address}, strings.Fields(test.args)...)
			r := invoke([]string{"STILLROOM_ADMIN_TOKEN=t0ken"}, args...)
			if r.status != exitDone || r.out != test.want || r.errors != "" {
				t.Errorf("status %d, %q, %q, want %q", r.status, r.out, r.errors, test.want)
			}
			var want []purge.Rule
			if test.rule != (purge.Rule{}) {
				want = []purge.Rule{test.rule}
			}
			if diff := cmp.Diff(want, p.rules); diff != "" {
				t.Errorf("rules (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPurgeRefuses(t *testing.T) {
	p, address := purgeable(t)
	for _, test := range []struct {
		name, args string
		status     int
		want       string
	}{
		{"nothing", "", exitUsage, "want exactly one of --source, --url, --tag, --prefix and --all, got none"},
		{"two selectors", "--tag a --source local:///b", exitUsage, "got --source and --tag"},
		{"all and a tag", "--tag a --all", exitUsage, "got --tag and --all"},
		{"an empty selector", "--source=", exitUsage, "got none"},
		{"all and not all", "--all=false", exitUsage, "got none"},
		{"a rehearsal that might be none", "--all --dry-run=perhaps", exitUsage, `--dry-run: want true or false, got "perhaps"`},
		{"an argument", "--all false", exitUsage, `argument: want flags only, got "false"`},
		{"a bad address", "--all --admin ftp://x", exitUsage, "--admin: want an address such as http://127.0.0.1:8081"},
		{"no listener", "--all --admin= --admin-bind=", exitUsage, "the admin listener is off"},
		{"a wrong token", "--all --admin-token other", exitFailed, "this needs the admin token"},
		{"what the server refuses", "--prefix nothing", exitFailed, "purge: prefix: want the beginning of a source, scheme included"},
		{"what the server cannot do", "--tag full", exitFailed, "purge: too many rules\n"},
		{"nobody there", "--all --admin 127.0.0.1:1", exitFailed, "purge: http://127.0.0.1:1: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			args := append([]string{"purge", "--admin", address}, strings.Fields(test.args)...)
			invoke([]string{"STILLROOM_ADMIN_TOKEN=t0ken"}, args...).check(t, test.status, "", test.want)
		})
	}
	if len(p.rules) > 0 {
		t.Errorf("all the same rules came: %v", p.rules)
	}
}

func TestWriteReceipt(t *testing.T) {
	var b strings.Builder
	o := admin.Order{Selector: purge.Tag, Value: "news", Soft: true, DryRun: true}
	r := admin.Receipt{Covers: []admin.Covered{{Tier: "memory", Entries: 12, Bytes: 3 << 20}, {Tier: "disk", Entries: 3000, Bytes: 5}}}
	if err := writeReceipt(&b, o, r); err != nil {
		t.Fatal(err)
	}
	const want = "would purge tag news (soft)\nmemory  12 entries    3.0MiB\ndisk    3000 entries  5B\n"
	if b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}
