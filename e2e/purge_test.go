package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

// tiers are the compositions that a purge must hold on.
func tiers() []string { return []string{"memory", "disk", "hybrid"} }

// Each selector picks what it names and nothing else, and whatever it picks is made anew of what the source has now.
func TestPurgeSelectors(t *testing.T) {
	for _, kind := range tiers() {
		t.Run(kind, func(t *testing.T) {
			s := start(t, "CACHE_TYPE="+kind, "CACHE_DISK_PATH="+t.TempDir())
			for _, c := range []struct {
				selector string
				order    func(origin string) string
				picked   string // of the letters below
			}{
				{"url", func(o string) string { return `{"url": ` + quoted("/_/w:100/plain/"+o+"/a.jpg") + `}` }, "A"},
				{"url of the listener", func(o string) string { return `{"url": ` + quoted(s.public+"/_/w:100/plain/"+o+"/a.jpg") + `}` }, "A"},
				{"source", func(o string) string { return `{"source": ` + quoted(o+"/a.jpg") + `}` }, "ABC"},
				{"tag", func(string) string { return `{"tag": "spring"}` }, "BD"},
				{"prefix", func(o string) string { return `{"prefix": ` + quoted(o+"/a") + `}` }, "ABCE"},
				{"all", func(string) string { return `{"all": true}` }, "ABCDEF"},
			} {
				t.Run(c.selector, func(t *testing.T) {
					source := newOrigin(t, says("max-age=600", version(t, 1)))
					paths := map[string]string{
						"A": "/_/w:100/plain/" + source.URL + "/a.jpg",
						"B": "/_/w:100/q:50/ct:spring:sale/plain/" + source.URL + "/a.jpg",
						"C": "/_/w:100/q:60/plain/" + source.URL + "/a.jpg",
						"D": "/_/w:100/ct:spring/plain/" + source.URL + "/b.jpg",
						"E": "/_/w:100/ct:autumn/plain/" + source.URL + "/a/c.jpg",
						"F": "/_/w:100/plain/" + source.URL + "/d.jpg",
					}
					for letter, path := range paths {
						if v := versionOf(t, s.get(path)); v != 1 {
							t.Fatalf("%s: version %d", letter, v)
						}
					}
					source.play(says("max-age=600", version(t, 2)))
					s.purge(t, c.order(source.URL))
					for range 2 { // once made anew, once kept
						for letter, path := range paths {
							want := 1
							if strings.Contains(c.picked, letter) {
								want = 2
							}
							if v := versionOf(t, s.get(path)); v != want {
								t.Errorf("%s: version %d, want %d", letter, v, want)
							}
						}
					}
					for letter, path := range paths {
						if cs := s.get(path).header.Get("Cache-Status"); !strings.HasPrefix(cs, "stillroom; hit; ttl=5") {
							t.Errorf("%s: Cache-Status %q, want a fresh hit", letter, cs)
						}
					}
				})
			}
		})
	}
}

// gated is a source whose first answer is held back: it was read before the picture was replaced.
type gated struct {
	*origin

	asked, open chan struct{}
}

func newGated(t *testing.T) *gated {
	t.Helper()
	g := &gated{asked: make(chan struct{}), open: make(chan struct{})}
	var first atomic.Bool
	old, current := version(t, 1), version(t, 2)
	g.origin = newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		if !first.CompareAndSwap(false, true) {
			says("max-age=600", current)(w, r)
			return
		}
		close(g.asked)
		select {
		case <-g.open:
			says("max-age=600", old)(w, r)
		case <-r.Context().Done():
		}
	})
	return g
}

// A purge that comes while a slow fill is fetching wins against it, whichever of the fills ends first. Whoever asked
// before the purge may get the old picture; whoever asks after it must not.
func TestPurgeWinsAgainstASlowFill(t *testing.T) {
	orders := map[string]func(path, source string) string{
		"url":    func(path, _ string) string { return `{"url": ` + quoted(path) + `}` },
		"source": func(_, source string) string { return `{"source": ` + quoted(source) + `}` },
		"tag":    func(_, _ string) string { return `{"tag": "slow"}` },
		"all":    func(_, _ string) string { return `{"all": true}` },
		"soft":   func(_, source string) string { return `{"source": ` + quoted(source) + `, "soft": true}` },
	}
	for _, kind := range tiers() {
		s := start(t, "CACHE_TYPE="+kind, "CACHE_DISK_PATH="+t.TempDir(), "DOWNLOAD_TIMEOUT=20s")
		for name, order := range orders {
			for _, oldEndsFirst := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s, %s, old ends first %v", kind, name, oldEndsFirst), func(t *testing.T) {
					source := newGated(t)
					path := "/_/w:100/ct:slow/plain/" + source.URL + "/a.jpg"
					early := make(chan answer, 1)
					go func() {
						a, err := s.try(t.Context(), http.MethodGet, path)
						if err != nil {
							t.Error(err)
						}
						early <- a
					}()
					<-source.asked
					s.purge(t, order(path, source.URL+"/a.jpg"))
					check := func(when string) {
						t.Helper()
						if v := versionOf(t, s.get(path)); v != 2 {
							t.Errorf("%s: version %d, want 2", when, v)
						}
					}
					release := func() {
						t.Helper()
						close(source.open)
						versionOf(t, <-early) // a picture, whichever
					}
					if oldEndsFirst {
						release()
						if name == "soft" {
							// What a soft purge covers may be served while it is made anew: also after the first new answer, which
							// does not wait for its own storing nor for that of the old one.
							eventually(t, "the new version is served, and nothing else any more", func() bool {
								for range 20 {
									if versionOf(t, s.get(path)) != 2 {
										return false
									}
								}
								return true
							})
						}
						check("after the old fill")
					} else {
						check("beside the old fill")
						release()
					}
					for n := range 3 {
						check(fmt.Sprintf("request %d after both", n+1))
					}
					eventually(t, "the new version is a hit", func() bool {
						return strings.HasPrefix(s.get(path).header.Get("Cache-Status"), "stillroom; hit; ttl=5")
					})
					check("at the end")
				})
			}
		}
	}
}

// Softly purged, a result is served stale while it is made anew; hard, it is not served again.
func TestSoftPurge(t *testing.T) {
	for _, kind := range tiers() {
		t.Run(kind, func(t *testing.T) {
			source := newOrigin(t, says("max-age=600", version(t, 1)))
			s := start(t, "CACHE_TYPE="+kind, "CACHE_DISK_PATH="+t.TempDir())
			path := "/_/w:100/plain/" + source.URL + "/a.jpg"
			versionOf(t, s.get(path))
			source.play(says("max-age=600", version(t, 2)))
			s.purge(t, `{"url": `+quoted(path)+`, "soft": true}`)
			a := s.get(path)
			if v, cs := versionOf(t, a), a.header.Get("Cache-Status"); v != 1 || !strings.HasSuffix(cs, "detail=stale-while-revalidate") {
				t.Errorf("right after the soft purge: version %d, Cache-Status %q, want version 1, stale", v, cs)
			}
			eventually(t, "the new version is served", func() bool { return versionOf(t, s.get(path)) == 2 })
			if n := source.fetches.Load(); n != 2 {
				t.Errorf("%d fetches, want 2", n)
			}
		})
	}
}

// A purge is on disk before it is confirmed, as what it hides is.
func TestPurgeOutlivesAKill(t *testing.T) {
	for _, kind := range []string{"disk", "hybrid"} {
		t.Run(kind, func(t *testing.T) {
			source := newOrigin(t, says("max-age=600", version(t, 1)))
			settings := []string{"CACHE_TYPE=" + kind, "CACHE_DISK_PATH=" + t.TempDir()}
			s := start(t, settings...)
			purged := "/_/w:100/plain/" + source.URL + "/a.jpg"
			kept := "/_/w:100/plain/" + source.URL + "/b.jpg"
			versionOf(t, s.get(purged))
			versionOf(t, s.get(kept))
			eventually(t, "both results are on disk", func() bool {
				return s.metric("stillroom_cache_entries", `cache_type="disk"`) == 2
			})
			s.purge(t, `{"source": `+quoted(source.URL+"/a.jpg")+`}`)
			s.crash()

			source.play(says("max-age=600", version(t, 2)))
			s = start(t, settings...)
			if v := versionOf(t, s.get(purged)); v != 2 {
				t.Errorf("purged before the kill: version %d after it, want 2", v)
			}
			if v := versionOf(t, s.get(kept)); v != 1 {
				t.Errorf("not purged: version %d, want 1", v)
			}
		})
	}
}

// The PURGE method is for whoever carries the admin token, and for nobody else.
func TestPurgeMethod(t *testing.T) {
	source := newOrigin(t, says("max-age=600", version(t, 1)))
	s := start(t, "ADMIN_TOKEN=sesame")
	path := "/_/w:100/plain/" + source.URL + "/a.jpg"
	versionOf(t, s.get(path))
	source.play(says("max-age=600", version(t, 2)))
	for _, c := range []struct {
		name    string
		header  []string
		status  int
		version int
	}{
		{"no token", nil, 403, 1},
		{"wrong token", []string{"Authorization", "Bearer nonsense"}, 403, 1},
		{"token", []string{"Authorization", "Bearer sesame"}, 200, 2},
	} {
		a, err := s.try(t.Context(), "PURGE", path, c.header...)
		if err != nil || a.status != c.status {
			t.Errorf("%s: %v, %v, want %d", c.name, a, err, c.status)
		}
		if v := versionOf(t, s.get(path)); v != c.version {
			t.Errorf("%s: version %d afterwards, want %d", c.name, v, c.version)
		}
	}

	open := start(t)
	if a, err := open.try(t.Context(), "PURGE", path); err != nil || a.status == 200 {
		t.Errorf("where there is no token: %v, %v, want a refusal", a, err)
	}
}
