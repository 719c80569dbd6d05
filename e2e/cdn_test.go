package e2e

import (
	"net/http"
	"os/exec"
	"strings"
	"testing"
)

// What is said to CDNs comes on the miss, the hit and the 304, and what one client alone may have is not for them.
func TestFieldsForCDNs(t *testing.T) {
	source := newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/mine/") {
			w.Header().Set("Cache-Control", "private, max-age=600")
		}
		serves(photo(t, 400, 300), 0)(w, r)
	})
	s := launch(t, exec.Command(built.Program(t), "serve"), "IMGPROXY_CACHE_TAGS_FORMAT=all", "STILLROOM_CDN_CACHE_CONTROL=max-age=604800")
	path := "/_/w:100/ct:hero:home/plain/" + source.URL + "/a.jpg"
	miss := s.get(path)
	for name, a := range map[string]answer{"miss": miss, "hit": s.get(path), "304": s.get(path, "If-None-Match", miss.header.Get("ETag"))} {
		tags := strings.Fields(a.header.Get("Surrogate-Key"))
		if len(tags) != 3 || tags[0] != "hero" || tags[1] != "home" {
			t.Errorf("%s: Surrogate-Key %q, want hero, home and the source's", name, tags)
		}
		for field, want := range map[string]string{
			"CDN-Cache-Control": "max-age=604800", "Cache-Tag": strings.Join(tags, ","), "X-Amz-Meta-Cache-Tag": strings.Join(tags, ","),
		} {
			if got := a.header.Get(field); got != want {
				t.Errorf("%s: %s %q, want %q", name, field, got, want)
			}
		}
	}
	mine := s.get("/_/w:100/plain/" + source.URL + "/mine/a.jpg")
	if mine.status != http.StatusOK || mine.header.Get("CDN-Cache-Control") != "" || !strings.HasPrefix(mine.header.Get("Cache-Control"), "private") {
		t.Errorf("private: %v, CDN-Cache-Control %q, Cache-Control %q", mine, mine.header.Get("CDN-Cache-Control"), mine.header.Get("Cache-Control"))
	}
}
