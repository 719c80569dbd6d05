package source

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The request was sent at 12:00:00 and answered two seconds later.
var (
	began    = time.Date(2026, time.March, 4, 12, 0, 0, 0, time.UTC)
	answered = began.Add(2 * time.Second)
)

func TestParseFreshness(t *testing.T) {
	const date = "Date: Wed, 04 Mar 2026 12:00:01 GMT"
	second := time.Second
	for _, c := range []struct {
		name   string
		header string // one field a line
		want   Freshness
	}{
		{"nothing", date, Freshness{}},
		{"max-age", "Cache-Control: max-age=60", Freshness{Explicit: true, Lifetime: 60 * second}},
		{"quoted", `Cache-Control: max-age="60"`, Freshness{Explicit: true, Lifetime: 60 * second}},
		{"case and spaces", "cache-control:  Public , MAX-AGE = 60 ,", Freshness{Explicit: true, Lifetime: 60 * second}},
		{"zero", "Cache-Control: max-age=0", Freshness{Explicit: true}},
		{"s-maxage before max-age", "Cache-Control: max-age=60, s-maxage=10", Freshness{Explicit: true, Lifetime: 10 * second, MustRevalidate: true}},
		{"s-maxage with stale allowed", "Cache-Control: s-maxage=10, stale-while-revalidate=5", Freshness{Explicit: true, Lifetime: 10 * second}},
		{"max-age before Expires", "Cache-Control: max-age=60\n" + date + "\nExpires: Wed, 04 Mar 2026 13:00:01 GMT", Freshness{Explicit: true, Lifetime: 60 * second}},
		{"Expires less Date", date + "\nExpires: Wed, 04 Mar 2026 12:01:01 GMT", Freshness{Explicit: true, Lifetime: 60 * second}},
		{"Expires without Date counts from the answer", "Expires: Wed, 04 Mar 2026 12:01:02 GMT", Freshness{Explicit: true, Lifetime: 60 * second}},
		{"Expires in the form of RFC 850", date + "\nExpires: Wednesday, 04-Mar-26 12:01:01 GMT", Freshness{Explicit: true, Lifetime: 60 * second}},
		{"Expires in the form of asctime", date + "\nExpires: Wed Mar  4 12:01:01 2026", Freshness{Explicit: true, Lifetime: 60 * second}},
		{"Expires in the past", date + "\nExpires: Wed, 04 Mar 2026 11:00:00 GMT", Freshness{Explicit: true}},
		{"Expires a thousand years ago", "Cache-Control: public\nDate: Wed, 04 Mar 2026 11:59:50 GMT\nExpires: Wed, 04 Mar 0001 12:00:00 GMT", Freshness{Explicit: true}},
		{"Expires that is no date", date + "\nExpires: 0", Freshness{Explicit: true}},
		{"Expires twice", date + "\nExpires: Wed, 04 Mar 2026 12:01:01 GMT\nExpires: Wed, 04 Mar 2027 12:01:01 GMT", Freshness{Explicit: true}},
		{"Expires far away", date + "\nExpires: Wed, 04 Mar 2526 12:01:01 GMT", Freshness{Explicit: true, Lifetime: 1 << 31 * second}},

		{"age", "Cache-Control: max-age=60\nAge: 20", Freshness{Explicit: true, Lifetime: 40 * second}},
		{"older than its lifetime", "Cache-Control: max-age=60\nAge: 90", Freshness{Explicit: true}},
		{"age that is no number", "Cache-Control: max-age=60\nAge: old", Freshness{Explicit: true, Lifetime: 60 * second}},
		{"made ten seconds before the request", "Cache-Control: max-age=60\nDate: Wed, 04 Mar 2026 11:59:50 GMT", Freshness{Explicit: true, Lifetime: 50 * second}},
		{"the larger of both ages", "Cache-Control: max-age=60\nAge: 20\nDate: Wed, 04 Mar 2026 11:59:50 GMT", Freshness{Explicit: true, Lifetime: 40 * second}},
		{"a clock ahead of ours", "Cache-Control: max-age=60\nDate: Wed, 04 Mar 2026 15:00:00 GMT", Freshness{Explicit: true, Lifetime: 60 * second}},

		{"strictest of two", "Cache-Control: max-age=60, max-age=10", Freshness{Explicit: true, Lifetime: 10 * second}},
		{"strictest over two lines", "Cache-Control: max-age=10\nCache-Control: max-age=60", Freshness{Explicit: true, Lifetime: 10 * second}},
		{"no number", "Cache-Control: max-age=soon", Freshness{Explicit: true}},
		{"no value", "Cache-Control: max-age", Freshness{Explicit: true}},
		{"negative", "Cache-Control: max-age=-1", Freshness{Explicit: true}},
		{"fraction", "Cache-Control: max-age=1.5", Freshness{Explicit: true}},
		{"a bad s-maxage is stale whatever max-age says", "Cache-Control: s-maxage=x, max-age=60", Freshness{Explicit: true, MustRevalidate: true}},
		{"clamped", "Cache-Control: max-age=4294967296", Freshness{Explicit: true, Lifetime: 1 << 31 * second}},
		{"beyond 64 bits", "Cache-Control: max-age=99999999999999999999999", Freshness{Explicit: true, Lifetime: 1 << 31 * second}},

		{"no-store", "Cache-Control: no-store", Freshness{NoStore: true}},
		{"private", "Cache-Control: private, max-age=60", Freshness{Explicit: true, Lifetime: 60 * second, Private: true}},
		{"private for a field", `Cache-Control: private="Set-Cookie, X-A"`, Freshness{}},
		{"no-cache", "Cache-Control: no-cache", Freshness{NoCache: true}},
		{"no-cache for a field", `Cache-Control: no-cache="Set-Cookie"`, Freshness{}},
		{"both forms", `Cache-Control: no-cache, no-cache="Set-Cookie"`, Freshness{NoCache: true}},
		{"a directive inside quotes", `Cache-Control: ext="a, no-store, \", b", immutable`, Freshness{Immutable: true}},
		{"must-revalidate", "Cache-Control: must-revalidate", Freshness{MustRevalidate: true}},
		{"proxy-revalidate", "Cache-Control: proxy-revalidate", Freshness{MustRevalidate: true}},
		{"immutable", "Cache-Control: immutable", Freshness{Immutable: true}},
		{"varies on everything", "Vary: *", Freshness{NoCache: true}},
		{"varies on something", "Vary: Accept", Freshness{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := ParseFreshness(fields(c.header), began, answered)
			c.want.CacheControl = strings.Join(fields(c.header)("Cache-Control"), ", ")
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s\n(-want +got)\n%s", c.header, diff)
			}
		})
	}
}

// Date has no fractions: a response made in the second in which it was asked for has no age.
func TestAgeIsInWholeSeconds(t *testing.T) {
	header := fields("Cache-Control: max-age=60\nDate: Wed, 04 Mar 2026 12:00:00 GMT")
	for after, want := range map[time.Duration]time.Duration{
		900 * time.Millisecond: 60 * time.Second, 1900 * time.Millisecond: 59 * time.Second,
	} {
		if got := ParseFreshness(header, began.Add(after), answered.Add(after)); got.Lifetime != want {
			t.Errorf("asked %v after Date: %v, want %v", after, got.Lifetime, want)
		}
	}
}

func FuzzParseFreshness(f *testing.F) {
	f.Add(`max-age=1, no-cache="a,b", private="`, "10", "Wed, 04 Mar 2026 12:00:01 GMT", "0")
	f.Add(`s-maxage="18446744073709551616"`, "-1", "Wed Mar  4 12:01:01 2026", "Wed, 04 Mar 0001 12:01:01 GMT")
	f.Fuzz(func(t *testing.T, cacheControl, age, expires, date string) {
		got := ParseFreshness(func(name string) []string {
			return map[string][]string{"Cache-Control": {cacheControl}, "Age": {age}, "Expires": {expires}, "Date": {date}}[name]
		}, began, answered)
		if got.Lifetime < 0 || got.Lifetime > 1<<31*time.Second {
			t.Fatalf("lifetime %v", got.Lifetime)
		}
		if !got.Explicit {
			t.Fatal("an Expires field was there, so the lifetime is explicit")
		}
	})
}

// fields reads a header, one field a line, names in any case.
func fields(text string) func(name string) []string {
	return func(name string) []string {
		var values []string
		for line := range strings.SplitSeq(text, "\n") {
			if field, value, ok := strings.Cut(line, ":"); ok && strings.EqualFold(field, name) {
				values = append(values, strings.TrimSpace(value))
			}
		}
		return values
	}
}
