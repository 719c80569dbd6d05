package e2e

import (
	"net/http"
	"regexp"
	"sync"
	"testing"
	"time"
)

// When a popular result expires and its source has become slow, everybody is answered with what there is, and the source
// is asked once. It does not answer before all of them have been: whoever waited for it would wait for good.
func TestStaleWhileRevalidate(t *testing.T) {
	const clients = 1000
	stale := regexp.MustCompile(`^stillroom; hit; ttl=(0|-\d+); detail=stale-while-revalidate$`)
	for _, kind := range []string{"memory", "disk"} {
		t.Run(kind, func(t *testing.T) {
			source := newOrigin(t, says("max-age=1", version(t, 1)))
			second := version(t, 2)
			s := start(t, "CACHE_TYPE="+kind, "CACHE_DISK_PATH="+t.TempDir(), "DOWNLOAD_TIMEOUT=5m", "TIMEOUT=5m")
			path := "/_/w:100/plain/" + source.URL + "/a.jpg"
			if v := versionOf(t, s.get(path)); v != 1 {
				t.Fatalf("version %d, want 1", v)
			}
			expired := time.Now().Add(1100 * time.Millisecond)
			answered := make(chan struct{})
			source.play(func(w http.ResponseWriter, r *http.Request) {
				select {
				case <-answered:
					says("max-age=600", second)(w, r)
				case <-r.Context().Done():
				}
			})
			until(expired)

			var all sync.WaitGroup
			for range clients {
				all.Go(func() {
					a, err := s.try(t.Context(), http.MethodGet, path)
					if err != nil {
						t.Error(err)
						return
					}
					if v, cs := versionOf(t, a), a.header.Get("Cache-Status"); v != 1 || !stale.MatchString(cs) {
						t.Errorf("version %d, Cache-Status %q", v, cs)
					}
				})
			}
			all.Wait()
			close(answered)
			eventually(t, "the new version is served", func() bool { return versionOf(t, s.get(path)) == 2 })
			if n := source.fetches.Load(); n != 2 {
				t.Errorf("%d fetches, want 2: one cold, one at the end of freshness", n)
			}
			slow := s.metric("stillroom_request_duration_seconds_count", `outcome="stale-while-revalidate"`) -
				s.metric("stillroom_request_duration_seconds_bucket", `outcome="stale-while-revalidate"`, `le="0.15`)
			t.Logf("%v of %d stale answers took the server more than 0.15 s", slow, clients)
		})
	}
}
