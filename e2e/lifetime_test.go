package e2e

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// What a source wants nobody to keep is fetched for each request and stands in no tier.
func TestWhatMayNotBeStored(t *testing.T) {
	for _, c := range []struct{ says, answered string }{
		{"no-store", `no-store`},
		{"max-age=60, no-store", `no-store`},
		{"private, max-age=60", `private(, .*)?`},
	} {
		t.Run(c.says, func(t *testing.T) {
			source := newOrigin(t, says(c.says, version(t, 1)))
			s := start(t, "CACHE_TYPE=hybrid", "CACHE_DISK_PATH="+t.TempDir())
			path := "/_/w:100/plain/" + source.URL + "/a.jpg"
			for n := range 3 {
				a := s.get(path)
				versionOf(t, a)
				if cs := a.header.Get("Cache-Status"); cs != "stillroom; fwd=uri-miss" {
					t.Errorf("Cache-Status %q", cs)
				}
				if cc := a.header.Get("Cache-Control"); !regexp.MustCompile("^" + c.answered + "$").MatchString(cc) {
					t.Errorf("Cache-Control %q, want %s", cc, c.answered)
				}
				if got := source.fetches.Load(); got != int64(n+1) {
					t.Errorf("%d fetches for %d requests", got, n+1)
				}
			}
			if n := s.metric("stillroom_cache_entries"); n != 0 {
				t.Errorf("%v entries are kept", n)
			}
		})
	}
}

// A lifetime is a moment, not a duration that begins anew wherever the result goes: what a client may keep shrinks as
// time passes, through a restart and from disk into memory.
func TestLifetimesAreAbsolute(t *testing.T) {
	t.Parallel()
	source := newOrigin(t, says("max-age=30", version(t, 1)))
	settings := []string{"CACHE_TYPE=hybrid", "CACHE_DISK_PATH=" + t.TempDir()}
	s := start(t, settings...)
	path := "/_/w:100/plain/" + source.URL + "/a.jpg"
	// The fetch begins between these two, and seconds are rounded up.
	began := time.Now()
	first := maxAge(t, s.get(path))
	filled := time.Now()
	check := func(detail string) {
		t.Helper()
		asked := time.Now()
		a := s.get(path)
		left := maxAge(t, a)
		least, most := 30-time.Since(began).Seconds(), 31-asked.Sub(filled).Seconds()
		if float64(left) < least || float64(left) > most {
			t.Errorf("max-age=%d, want %.1f to %.1f", left, least, most)
		}
		if cs := a.header.Get("Cache-Status"); !strings.Contains(cs, detail) {
			t.Errorf("Cache-Status %q, want %s", cs, detail)
		}
	}
	if first > 30 {
		t.Errorf("max-age=%d on the miss, want at most what the source says", first)
	}
	until(began.Add(1500 * time.Millisecond))
	check("detail=memory")
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	s = start(t, settings...)
	until(began.Add(3 * time.Second))
	check("detail=disk")
	check("detail=memory") // promoted
	until(began.Add(4 * time.Second))
	check("detail=memory")
	if n := source.fetches.Load(); n != 1 {
		t.Errorf("%d fetches, want 1", n)
	}
}

// The operator's bounds hold whatever the source says.
func TestBoundsOnWhatASourceSays(t *testing.T) {
	s := start(t, "MIN_TTL=100s", "MAX_TTL=200s")
	for said, want := range map[int]int{0: 100, 50: 100, 150: 150, 5000: 200} {
		source := newOrigin(t, says(fmt.Sprintf("max-age=%d", said), version(t, 1)))
		if got := maxAge(t, s.get("/_/w:100/plain/"+source.URL+"/a.jpg")); got > want || got < want-5 {
			t.Errorf("the source says %d, we say %d, want %d", said, got, want)
		}
	}
}

// maxAge returns for how long a picture may be kept.
func maxAge(t *testing.T, a answer) int {
	t.Helper()
	n := maxAgeOf(a)
	if a.status != http.StatusOK || n < 0 {
		t.Fatalf("status %d, Cache-Control %q, want a max-age", a.status, a.header.Get("Cache-Control"))
	}
	return n
}

// maxAgeOf returns the max-age of any answer in seconds; -1 = it has none.
func maxAgeOf(a answer) int {
	m := regexp.MustCompile(`max-age=(\d+)`).FindStringSubmatch(a.header.Get("Cache-Control"))
	if m == nil {
		return -1
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return -1
	}
	return n
}
