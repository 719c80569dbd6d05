package e2e

import (
	"net/http"
	"regexp"
	"sync"
	"testing"
	"time"
)

// A source in trouble is covered for as long as the operator said, and no longer; one that says the picture is gone
// is believed at once.
func TestStaleIfError(t *testing.T) {
	t.Parallel()
	const fresh, covered = time.Second, 5 * time.Second
	s := start(t, "TTL=1s", "STALE_WHILE_REVALIDATE=0", "STALE_IF_ERROR=5s", "DOWNLOAD_TIMEOUT=500ms")
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	cases := []struct {
		name    string
		trouble func(o *origin)
		covered bool
		status  int // when it is not covered
		origin  *origin
		path    string
	}{
		{name: "answers 500", trouble: func(o *origin) { o.play(status(500)) }, covered: true, status: 502},
		{name: "answers 503", trouble: func(o *origin) { o.play(status(503)) }, covered: true, status: 502},
		{name: "stalls", trouble: func(o *origin) {
			o.play(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		}, covered: true, status: 504},
		{name: "breaks off", trouble: func(o *origin) {
			o.play(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", "9999")
				_, _ = w.Write([]byte("\xff\xd8\xff"))
			})
		}, covered: true, status: 422},
		{name: "refuses", trouble: func(o *origin) { o.CloseClientConnections(); o.Close() }, covered: true, status: 404},
		{name: "answers 404", trouble: func(o *origin) { o.play(status(404)) }, status: 404},
		{name: "answers 410", trouble: func(o *origin) { o.play(status(410)) }, status: 410},
	}
	began := time.Now()
	for i := range cases {
		c := &cases[i]
		c.origin = newOrigin(t, serves(version(t, 1), 0))
		c.path = "/_/w:100/plain/" + c.origin.URL + "/a.jpg"
		versionOf(t, s.get(c.path))
		c.trouble(c.origin)
	}
	last := time.Now()
	if last.Sub(began) > covered {
		t.Fatalf("seven small pictures took %v: too slow a machine for this test's times", last.Sub(began))
	}
	stale := regexp.MustCompile(`^stillroom; hit; ttl=(0|-\d+); detail=stale-if-error$`)
	everywhere := func(check func(i int, a answer)) {
		var all sync.WaitGroup
		for i := range cases {
			all.Go(func() {
				a, err := s.try(t.Context(), http.MethodGet, cases[i].path)
				if err != nil {
					t.Error(err)
					return
				}
				check(i, a)
			})
		}
		all.Wait()
	}

	until(last.Add(fresh + 100*time.Millisecond))
	everywhere(func(i int, a answer) {
		c := &cases[i]
		switch cs := a.header.Get("Cache-Status"); {
		case !c.covered && a.status != c.status:
			t.Errorf("%s: %v, want %d at once", c.name, a, c.status)
		case c.covered && (a.status != 200 || !stale.MatchString(cs)):
			t.Errorf("%s: %v, Cache-Status %q, want it covered", c.name, a, cs)
		}
	})
	until(last.Add(fresh + covered + 100*time.Millisecond))
	everywhere(func(i int, a answer) {
		if c := &cases[i]; a.status != c.status {
			t.Errorf("%s: after its time %v, want %d", c.name, a, c.status)
		}
	})
}

// A picture that is gone does not come back because its source fails afterwards.
func TestGoneIsNotCoveredAgain(t *testing.T) {
	t.Parallel()
	source := newOrigin(t, says("max-age=1", version(t, 1)))
	s := start(t, "STALE_WHILE_REVALIDATE=0", "NEGATIVE_TTL=0")
	path := "/_/w:100/plain/" + source.URL + "/a.jpg"
	versionOf(t, s.get(path))
	until(time.Now().Add(1100 * time.Millisecond))
	for _, code := range []int{404, 500} {
		source.play(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) })
		if a := s.get(path); a.status == 200 {
			t.Errorf("the source answers %d, we %v", code, a)
		}
	}
}
