package e2e

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// What was answered before a restart is a hit after it, byte for byte and under the same ETag. The source is gone by
// then, so nothing can have been made again.
func TestResultsOutliveTheProcess(t *testing.T) {
	const results = 24
	for _, kind := range []string{"disk", "hybrid"} {
		for _, killed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, killed %v", kind, killed), func(t *testing.T) {
				source := newOrigin(t, serves(photo(t, 400, 300), 0))
				settings := []string{"CACHE_TYPE=" + kind, "CACHE_DISK_PATH=" + t.TempDir()}
				path := func(n int) string {
					return fmt.Sprintf("/_/w:%d/plain/%s/a.jpg@%s", 40+n, source.URL, []string{"jpg", "webp", "png"}[n%3])
				}
				s := start(t, settings...)
				var before [results]answer
				for n := range before {
					before[n] = s.get(path(n))
				}
				if killed {
					// No answer waits for the disk, so what was answered a moment ago may not stand there yet. A server that is
					// asked to stop finishes that first.
					eventually(t, "all results are on disk", func() bool {
						return s.metric("stillroom_cache_entries", `cache_type="disk"`) == results
					})
					s.crash()
				} else if err := s.stop(); err != nil {
					t.Fatal(err)
				}
				source.Close()

				s = start(t, settings...)
				for n, was := range before {
					now := s.get(path(n))
					if now.status != 200 || !bytes.Equal(now.body, was.body) || now.header.Get("ETag") != was.header.Get("ETag") {
						t.Errorf("%s: %d bytes with ETag %s before, status %d and %d bytes with ETag %s after",
							path(n), len(was.body), was.header.Get("ETag"), now.status, len(now.body), now.header.Get("ETag"))
					}
					if cs := now.header.Get("Cache-Status"); !strings.HasPrefix(cs, "stillroom; hit; ttl=3") || !strings.HasSuffix(cs, "detail=disk") {
						t.Errorf("%s: Cache-Status %q, want a hit on disk", path(n), cs)
					}
				}
				if n := s.metric("stillroom_fills_total"); n != 0 {
					t.Errorf("%v fills after the restart", n)
				}
			})
		}
	}
}
