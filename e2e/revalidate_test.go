package e2e

import (
	"bytes"
	"net/http"
	"testing"
	"time"
)

// A source that says "not modified" makes its results fresh again, and no pixel is touched for that.
func TestNotModifiedRenews(t *testing.T) {
	for _, kind := range []string{"memory", "disk", "hybrid"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			picture := version(t, 1)
			source := newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Cache-Control", "max-age=1")
				w.Header().Set("ETag", `"one"`)
				if r.Header.Get("If-None-Match") == `"one"` {
					w.WriteHeader(http.StatusNotModified)
					return
				}
				_, _ = w.Write(picture)
			})
			s := start(t, "CACHE_TYPE="+kind, "CACHE_DISK_PATH="+t.TempDir(), "STALE_WHILE_REVALIDATE=0")
			path := "/_/w:100/plain/" + source.URL + "/a.jpg"
			first := s.get(path)
			for range 2 {
				until(time.Now().Add(1100 * time.Millisecond))
				again := s.get(path)
				if cs := again.header.Get("Cache-Status"); cs != "stillroom; fwd=stale; fwd-status=304; stored" {
					t.Errorf("Cache-Status %q", cs)
				}
				if !bytes.Equal(again.body, first.body) || again.header.Get("ETag") != first.header.Get("ETag") {
					t.Error("renewed, the result is another")
				}
			}
			if n := s.metric("stillroom_fills_total"); n != 1 {
				t.Errorf("%v fills, want 1", n)
			}
			if n := source.fetches.Load(); n != 3 {
				t.Errorf("the source was asked %d times, want 3", n)
			}
		})
	}
}
