package e2e

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
)

// A picture that is not there is asked for once within the negative time, however many renditions of it are wanted; a
// purge forgets that.
func TestMissingSourceIsAskedOnce(t *testing.T) {
	for _, kind := range []string{"memory", "hybrid"} {
		s := start(t, "CACHE_TYPE="+kind, "CACHE_DISK_PATH="+t.TempDir())
		for name, order := range map[string]func(path, source string) string{
			"source": func(_, source string) string { return `{"source": ` + quoted(source) + `}` },
			"url":    func(path, _ string) string { return `{"url": ` + quoted(path) + `}` },
		} {
			t.Run(kind+", purged by "+name, func(t *testing.T) {
				source := newOrigin(t, http.NotFound)
				var all sync.WaitGroup
				for n := range 50 {
					all.Go(func() {
						path := fmt.Sprintf("/_/w:%d/plain/%s/a.jpg", 100+n%5, source.URL)
						a, err := s.try(t.Context(), http.MethodGet, path)
						if err != nil || a.status != http.StatusNotFound || maxAgeOf(a) > 60 {
							t.Errorf("%v, %v, Cache-Control %q; want 404 for a minute at most", a, err, a.header.Get("Cache-Control"))
						}
					})
				}
				all.Wait()
				if n := source.fetches.Load(); n != 1 {
					t.Errorf("%d fetches, want 1", n)
				}

				source.play(serves(version(t, 1), 0))
				path := "/_/w:100/plain/" + source.URL + "/a.jpg"
				if a := s.get(path); a.status != http.StatusNotFound {
					t.Errorf("within the negative time: %v", a)
				}
				s.purge(t, order(path, source.URL+"/a.jpg"))
				versionOf(t, s.get(path))
				if n := source.fetches.Load(); n != 2 {
					t.Errorf("%d fetches, want 2", n)
				}
			})
		}
	}
}

// What is no picture is remembered too, for each rendition.
func TestNoPictureIsAskedOnce(t *testing.T) {
	source := newOrigin(t, serves([]byte("<html>"), 0))
	s := start(t)
	for range 20 {
		if a := s.get("/_/w:100/plain/" + source.URL + "/a.jpg"); a.status != http.StatusUnprocessableEntity {
			t.Fatal(a)
		}
	}
	if n := source.fetches.Load(); n != 1 {
		t.Errorf("%d fetches, want 1", n)
	}
}
