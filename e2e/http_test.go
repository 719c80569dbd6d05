package e2e

import (
	"bytes"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestValidatorsAndRanges(t *testing.T) {
	source := newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Last-Modified", "Wed, 21 Oct 2015 07:28:00 GMT")
		serves(photo(t, 400, 300), 0)(w, r)
	})
	s := start(t)
	path := "/_/w:100/plain/" + source.URL + "/a.jpg"
	miss, hit := s.get(path), s.get(path)
	// A hit that comes while the result is still being stored is one all the same.
	wanted := regexp.MustCompile(`^stillroom; fwd=uri-miss; stored\nstillroom; hit; ttl=3\d\d\d; detail=(memory|pending)$`)
	if got := miss.header.Get("Cache-Status") + "\n" + hit.header.Get("Cache-Status"); !wanted.MatchString(got) {
		t.Errorf("Cache-Status:\n%s", got)
	}
	etag := miss.header.Get("ETag")
	if etag == "" || etag != hit.header.Get("ETag") || !bytes.Equal(miss.body, hit.body) {
		t.Errorf("ETag %q on the miss, %q on the hit", etag, hit.header.Get("ETag"))
	}
	if cc := miss.header.Get("Cache-Control"); cc != "public, max-age=3600, stale-while-revalidate=86400" {
		t.Errorf("Cache-Control %q", cc)
	}
	for _, c := range []struct {
		name   string
		header []string
		status int
		body   []byte
	}{
		{"same tag", []string{"If-None-Match", etag}, 304, nil},
		{"weak and listed", []string{"If-None-Match", `"x", W/` + etag}, 304, nil},
		{"any tag", []string{"If-None-Match", "*"}, 304, nil},
		{"other tag", []string{"If-None-Match", `"x"`}, 200, hit.body},
		{"not modified", []string{"If-Modified-Since", "Wed, 21 Oct 2015 07:28:00 GMT"}, 304, nil},
		{"modified", []string{"If-Modified-Since", "Wed, 21 Oct 2015 07:27:59 GMT"}, 200, hit.body},
		{"range", []string{"Range", "bytes=0-9"}, 206, hit.body[:10]},
		{"beyond", []string{"Range", "bytes=9999999-"}, 416, nil},
	} {
		a := s.get(path, c.header...)
		if a.status != c.status || c.body != nil && !bytes.Equal(a.body, c.body) {
			t.Errorf("%s: %d with %d bytes, want %d with %d", c.name, a.status, len(a.body), c.status, len(c.body))
		}
		if c.status == 304 && (a.header.Get("ETag") != etag || a.header.Get("Cache-Control") == "" || len(a.body) > 0) {
			t.Errorf("%s: the 304 lacks what it should say: %v", c.name, a.header)
		}
	}
	head, err := s.try(t.Context(), http.MethodHead, path)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Content-Type", "Content-Length", "ETag", "Last-Modified"} {
		if head.header.Get(name) != hit.header.Get(name) {
			t.Errorf("HEAD: %s %q, GET %q", name, head.header.Get(name), hit.header.Get(name))
		}
	}
	if source.fetches.Load() != 1 || s.metric("stillroom_fills_total") != 1 {
		t.Errorf("%d fetches and %v fills for all that", source.fetches.Load(), s.metric("stillroom_fills_total"))
	}
}

// With caching off, a known tag still costs no pixels where the source's version is cheap to ask for.
func TestKnownTagCostsNoPixels(t *testing.T) {
	s := start(t, "CACHE_TYPE=none", "LOCAL_FILESYSTEM_ROOT=testdata")
	path := "/_/w:40/plain/local:///photo.jpg"
	a := s.get(path)
	if a.status != 200 {
		t.Fatal(a)
	}
	if b := s.get(path, "If-None-Match", a.header.Get("ETag")); b.status != 304 {
		t.Error(b)
	}
	if n := s.metric("stillroom_fills_total"); n != 1 {
		t.Errorf("%v fills, want 1", n)
	}
}

func TestDrain(t *testing.T) {
	source := newOrigin(t, serves(photo(t, 400, 300), time.Second))
	s := start(t)
	got := make(chan answer, 1)
	go func() {
		a, err := s.try(t.Context(), http.MethodGet, "/_/w:100/plain/"+source.URL+"/a.jpg")
		if err != nil {
			t.Error(err)
		}
		got <- a
	}()
	for source.fetches.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- s.stop() }()
	for !strings.Contains(s.logged(), "drains") {
		time.Sleep(time.Millisecond)
	}
	if a := s.get("/health"); a.status != 503 {
		t.Errorf("health while draining: %v", a)
	}
	if a := <-got; a.status != 200 {
		t.Errorf("the request that was running: %v", a)
	}
	if err := <-stopped; err != nil {
		t.Errorf("the server ended with %v", err)
	}
}
