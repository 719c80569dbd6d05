package web

import (
	"io"
	"log"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/source"
)

func TestRedirects(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		origin := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/" {
				http.Redirect(w, r, "/b", status)
				return
			}
			_, _ = io.WriteString(w, r.Method+" "+r.URL.Path)
		})
		f, err := get(t, local(t, Config{MaxRedirects: 1}), origin)
		if err != nil || string(f.Body.Bytes()) != "GET /b" {
			t.Errorf("%d: %v, %v; want GET /b", status, f, err)
		}
	}
}

func TestRedirectsAreBounded(t *testing.T) {
	requests := 0
	origin := serve(t, func(w http.ResponseWriter, r *http.Request) {
		requests++
		http.Redirect(w, r, r.URL.Path, http.StatusFound)
	})
	for _, most := range []int{0, 1, 10} {
		requests = 0
		_, err := get(t, local(t, Config{MaxRedirects: most}), origin)
		if !fault.Is(err, fault.Unreachable) || !strings.Contains(err.Error(), "redirects") || requests != most+1 {
			t.Errorf("at most %d: %v after %d requests", most, err, requests)
		}
	}
}

func TestRedirectTargets(t *testing.T) {
	for target, want := range map[string]fault.Kind{
		"http://10.0.0.1/":                        fault.SourceDenied,
		"http://[fd00::1]/":                       fault.SourceDenied,
		"http://169.254.169.254/latest/meta-data": fault.SourceDenied,
		"//0.0.0.0/":                              fault.SourceDenied,
		"file:///etc/passwd":                      fault.Unreachable,
		"local:///a.jpg":                          fault.Unreachable,
		"ftp://example.com/a.jpg":                 fault.Unreachable,
		"http:///hidden":                          fault.Unreachable,
		"http:hidden":                             fault.Unreachable,
		"http://hidden%zz/":                       fault.Unreachable,
		"http://127.0.0.1:hidden/":                fault.Unreachable,
	} {
		origin := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", target)
			w.WriteHeader(http.StatusFound)
		})
		_, err := get(t, local(t, Config{MaxRedirects: 5}), origin)
		if !fault.Is(err, want) {
			t.Errorf("%s: %v (%v), want %v", target, err, fault.KindOf(err), want)
		}
		if strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s: the error quotes it: %v", target, err)
		}
	}
}

func TestNothingFollowsARedirectThatShouldNot(t *testing.T) {
	var last http.Header
	other := serve(t, func(_ http.ResponseWriter, r *http.Request) { last = r.Header })
	origin := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
		http.Redirect(w, r, other+"/b", http.StatusFound)
	})
	url := strings.Replace(origin, "://", "://user:hidden@", 1) + "/a?token=hidden"
	if _, err := get(t, local(t, Config{MaxRedirects: 1}), url); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Referer", "Cookie", "Authorization"} {
		if got := last.Get(name); got != "" {
			t.Errorf("%s: %q reached another server", name, got)
		}
	}
	if got := last.Get("CDN-Loop"); got != "stillroom" {
		t.Errorf("CDN-Loop: %q after a redirect", got)
	}
}

func TestValidatorsThatFollowARedirect(t *testing.T) {
	date := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for _, c := range []struct {
		name, target string
		known        source.Validators
		tag, since   bool // which are sent to the target
	}{
		{"strong tag, other path", "/b", source.Validators{ETag: `"v1"`, LastModified: date}, true, false},
		{"weak tag, other path", "/b", source.Validators{ETag: `W/"v1"`, LastModified: date}, false, false},
		{"same path", "/a", source.Validators{ETag: `W/"v1"`, LastModified: date}, true, true},
		{"same path, other query", "/a?v=2", source.Validators{LastModified: date}, false, false},
	} {
		var last http.Header
		other := serve(t, func(_ http.ResponseWriter, r *http.Request) { last = r.Header })
		origin := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other+c.target, http.StatusFound) })
		if _, err := source.Fetch(t.Context(), local(t, Config{MaxRedirects: 1}), ref(t, origin+"/a"), c.known, 0); err != nil {
			t.Fatal(err)
		}
		if tag, since := last.Get("If-None-Match") != "", last.Get("If-Modified-Since") != ""; tag != c.tag || since != c.since {
			t.Errorf("%s: tag sent %t, date sent %t; want %t and %t", c.name, tag, since, c.tag, c.since)
		}
	}
}

// A 304 of another resource than the known one, to a request that did not ask, confirms nothing.
func TestNotModifiedThatNobodyAskedFor(t *testing.T) {
	origin := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/a" {
			http.Redirect(w, r, "/b", http.StatusFound)
			return
		}
		w.WriteHeader(http.StatusNotModified)
	})
	_, err := source.Fetch(t.Context(), local(t, Config{MaxRedirects: 1}), ref(t, origin+"/a"), source.Validators{ETag: `W/"v1"`}, 0)
	if !fault.Is(err, fault.SourceFailed) {
		t.Errorf("%v (%v), want SourceFailed", err, fault.KindOf(err))
	}
}

func TestFreshnessThroughRedirects(t *testing.T) {
	year := 365 * 24 * time.Hour
	for _, c := range []struct {
		name   string
		status int
		way    string // Cache-Control of the redirect
		end    string // Cache-Control of its target
		want   source.Freshness
	}{
		{"permanent and silent", 301, "", "max-age=31536000, immutable", source.Freshness{Explicit: true, Lifetime: year, Immutable: true}},
		{"temporary and silent", 302, "", "max-age=31536000, immutable", source.Freshness{Explicit: true, Lifetime: unsaid}},
		{"temporary, target shorter", 302, "", "max-age=60", source.Freshness{Explicit: true, Lifetime: time.Minute}},
		{"both silent", 302, "", "", source.Freshness{}},
		{"redirect shorter", 302, "max-age=60", "max-age=31536000, immutable", source.Freshness{Explicit: true, Lifetime: time.Minute}},
		{"redirect longer", 302, "max-age=31536000", "max-age=60", source.Freshness{Explicit: true, Lifetime: time.Minute}},
		{"permanent and shorter", 308, "max-age=60", "max-age=3600", source.Freshness{Explicit: true, Lifetime: time.Minute}},
		{"only the redirect says", 307, "max-age=60", "", source.Freshness{Explicit: true, Lifetime: time.Minute}},
		{"redirect may not be reused", 302, "no-cache", "max-age=60", source.Freshness{Explicit: true, Lifetime: time.Minute, NoCache: true}},
		{"redirect may not be kept", 301, "no-store", "max-age=60", source.Freshness{Explicit: true, Lifetime: time.Minute, NoCache: true}},
		{"redirect is private", 302, "private, max-age=60", "max-age=3600", source.Freshness{Explicit: true, Lifetime: time.Minute}},
	} {
		t.Run(c.name, func(t *testing.T) {
			origin := serve(t, func(w http.ResponseWriter, r *http.Request) {
				says := c.end
				if r.URL.Path == "/" {
					says = c.way
					w.Header().Set("Location", "/b")
					defer w.WriteHeader(c.status)
				}
				if says != "" {
					w.Header().Set("Cache-Control", says)
				}
			})
			f, err := get(t, local(t, Config{MaxRedirects: 1}), origin)
			if err != nil {
				t.Fatal(err)
			}
			c.want.CacheControl = c.end
			if diff := cmp.Diff(c.want, f.Freshness); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// quiet is a log for servers whose clients break off on purpose.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
