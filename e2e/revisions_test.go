package e2e

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/fleet/fleettest"
)

// While a fleet is replaced node by node, two revisions of the engine stand side by side. They share purges and nothing else:
// what either of them answers is what a server of its revision answers that never met the other one.
func TestTwoRevisionsSideBySide(t *testing.T) {
	revisions := [2]revision{{"the old revision", built.Program(t)}, {"the new revision", nextRevision(t)}}
	for _, upper := range []string{"none", "memory"} {
		t.Run("results below "+upper, func(t *testing.T) { newRollout(t, revisions, "CACHE_TYPE="+upper).keepResultsApart(t) })
	}
	t.Run("purges", func(t *testing.T) { newRollout(t, revisions).sharePurges(t) })
	t.Run("leases", func(t *testing.T) { newRollout(t, revisions).doNotWait(t) })
}

// revision is a build of the server whose engine makes pixels of its own.
type revision struct{ name, program string }

// start is start for a server of the revision.
func (r revision) start(t *testing.T, settings ...string) *server {
	t.Helper()
	return launch(t, exec.Command(r.program, "serve"), native(settings)...)
}

// rollout is a fleet in the middle of a deploy: a node of each revision at one bucket and one Valkey server.
type rollout struct {
	revisions [2]revision
	settings  []string // of its nodes
	nodes     [2]*server
	alone     [2]*server // servers that share nothing and keep nothing
}

func newRollout(t *testing.T, revisions [2]revision, settings ...string) *rollout {
	t.Helper()
	o := &rollout{revisions: revisions}
	o.settings = append(append(storageS3(t, "results").asTier("results"), meetAt(fleettest.Start(t))...), settings...)
	for i, r := range revisions {
		o.alone[i] = r.start(t, "CACHE_TYPE=none")
		o.nodes[i] = r.start(t, o.settings...)
		o.nodes[i].ready()
	}
	together(t, o.nodes[:])
	return o
}

// asked is a request: for a path, at the node of a revision, with the ETag that a revision gave the client before; -1 = none.
type asked struct {
	path     string
	at, tags int
}

// album serves several pictures, and returns URLs of them in each format that the revisions write otherwise.
func album(t *testing.T) (paths []string) {
	t.Helper()
	const pictures = 3
	var bodies [pictures][]byte
	for n := range bodies {
		bodies[n] = version(t, n+1)
	}
	source := newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		var n int
		if _, err := fmt.Sscanf(r.URL.Path, "/%d.jpg", &n); err != nil || n >= pictures {
			http.NotFound(w, r)
			return
		}
		says("max-age=600", bodies[n])(w, r)
	})
	for n := range pictures {
		for _, options := range []string{"w:100", "rs:fill:80:60/q:70", "w:120/f:webp", "w:60/f:avif"} {
			paths = append(paths, fmt.Sprintf("/_/%s/plain/%s/%d.jpg", options, source.URL, n))
		}
	}
	return paths
}

// keepResultsApart tests that neither node hands out what the other one made.
func (o *rollout) keepResultsApart(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	paths := album(t)
	want := o.answersAlone(t, paths)
	// The old revision was there before.
	for _, path := range paths[:len(paths)/2] {
		same(t, o.revisions[0].name+": "+path, o.nodes[0].get(path), want[0][path])
	}
	o.nodes[0].writes(float64(len(paths) / 2))

	var all []asked
	for _, path := range paths {
		for at := range o.nodes {
			for tags := -1; tags < len(o.revisions); tags++ {
				all = append(all, asked{path, at, tags})
			}
		}
	}
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			for _, n := range rand.Perm(len(all)) {
				if t.Failed() {
					return
				}
				o.ask(ctx, t, all[n], want)
			}
		})
	}
	clients.Wait()
	if t.Failed() {
		return
	}
	for i, r := range o.revisions {
		if fills := o.nodes[i].metric("stillroom_fills_total"); fills != float64(len(paths)) {
			t.Errorf("%s: %v fills for %d results, want one of each", r.name, fills, len(paths))
		}
		o.nodes[i].writes(float64(len(paths)))
	}
	// Both revisions are in the bucket now, for whoever comes later.
	for i, r := range o.revisions {
		late := r.start(t, append(o.settings, "CACHE_TYPE=none")...)
		late.ready()
		for _, path := range paths {
			a := late.get(path)
			same(t, r.name+", later: "+path, a, want[i][path])
			if status := a.header.Get("Cache-Status"); !strings.HasSuffix(status, "detail=object") {
				t.Errorf("%s, later: %s: Cache-Status %q, want a hit in the bucket", r.name, path, status)
			}
		}
	}
}

// answersAlone returns what each revision answers where there is no other one. It tests that the two can be told apart.
func (o *rollout) answersAlone(t *testing.T, paths []string) (answers [2]map[string]answer) {
	t.Helper()
	for i, s := range o.alone {
		answers[i] = map[string]answer{}
		for _, path := range paths {
			a := s.get(path)
			if a.status != http.StatusOK || a.header.Get("ETag") == "" {
				t.Fatalf("%s: %s: %v with the ETag %q, want a picture that has one", o.revisions[i].name, path, a, a.header.Get("ETag"))
			}
			answers[i][path] = a
		}
	}
	for _, path := range paths {
		if a, b := answers[0][path], answers[1][path]; bytes.Equal(a.body, b.body) || a.header.Get("ETag") == b.header.Get("ETag") {
			t.Fatalf("%s: %d and %d bytes with the ETags %s and %s, want another picture and another ETag of each revision",
				path, len(a.body), len(b.body), a.header.Get("ETag"), b.header.Get("ETag"))
		}
	}
	return answers
}

// ask makes a request and tests what comes back.
func (o *rollout) ask(ctx context.Context, t *testing.T, q asked, want [2]map[string]answer) {
	t.Helper()
	var header []string
	if q.tags >= 0 {
		header = []string{"If-None-Match", want[q.tags][q.path].header.Get("ETag")}
	}
	what := fmt.Sprintf("%s: %s, %v", o.revisions[q.at].name, q.path, header)
	a, err := o.nodes[q.at].try(ctx, http.MethodGet, q.path, header...)
	switch {
	case err != nil:
		t.Errorf("%s: %v", what, err)
	case q.tags != q.at:
		same(t, what, a, want[q.at][q.path])
	case a.status != http.StatusNotModified || a.header.Get("ETag") != header[1]:
		t.Errorf("%s: %v with the ETag %s, want 304", what, a, a.header.Get("ETag"))
	}
}

// same tests that an answer is the same picture as another one, to the byte.
func same(t *testing.T, what string, got, want answer) {
	t.Helper()
	if got.status != want.status || !bytes.Equal(got.body, want.body) {
		t.Errorf("%s: status %d with %d bytes, want %d with the %d that its revision makes",
			what, got.status, len(got.body), want.status, len(want.body))
	}
	for _, field := range []string{"ETag", "Content-Type", "Content-Length"} {
		if g, w := got.header.Get(field), want.header.Get(field); g != w {
			t.Errorf("%s: %s %q, want %q", what, field, g, w)
		}
	}
}

// sharePurges tests that a purge at the node of either revision is obeyed by that of the other one.
func (o *rollout) sharePurges(t *testing.T) {
	v := 1
	source := newOrigin(t, says("max-age=600", version(t, v)))
	path, picture := "/_/w:100/ct:spring/plain/"+source.URL+"/a.jpg", source.URL+"/a.jpg"
	for _, node := range o.nodes {
		versionOf(t, node.get(path))
	}
	for _, order := range []string{
		`{"url": ` + quoted(path) + `}`,
		`{"source": ` + quoted(picture) + `}`,
		`{"tag": "spring"}`,
		`{"prefix": ` + quoted(source.URL) + `}`,
		`{"all": true}`,
	} {
		for at, r := range o.revisions {
			v++
			source.play(says("max-age=600", version(t, v)))
			o.nodes[at].purge(t, order)
			for i, node := range o.nodes {
				what := fmt.Sprintf("%s obeys %s at %s", o.revisions[i].name, order, r.name)
				eventually(t, what, func() bool { return versionOf(t, node.get(path)) == v })
				same(t, what, node.get(path), o.alone[i].get(path))
			}
		}
	}
}

// doNotWait tests that a node makes its own result while that of the other revision is at the same URL.
func (o *rollout) doNotWait(t *testing.T) {
	for holder, r := range o.revisions {
		other := 1 - holder
		source := newGated(t)
		path := "/_/w:100/plain/" + source.URL + "/a.jpg"
		early := make(chan answer, 1)
		go func() {
			a, err := o.nodes[holder].try(t.Context(), http.MethodGet, path)
			if err != nil {
				t.Error(err)
			}
			early <- a
		}()
		select {
		case <-source.asked:
		case a := <-early:
			t.Fatalf("%s answers before it has the picture: %v", r.name, a)
		}
		// One that it held before it gives back behind the answer.
		eventually(t, r.name+" holds one lease", func() bool { return o.nodes[holder].metric("stillroom_fleet_leases") == 1 })
		// Who waits for a lease does so for fifteen seconds.
		ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
		a, err := o.nodes[other].try(ctx, http.MethodGet, path)
		cancel()
		close(source.open)
		if err != nil {
			t.Errorf("%s is at it, and %s does not answer: %v", r.name, o.revisions[other].name, err)
		} else {
			same(t, o.revisions[other].name, a, o.alone[other].get(path))
		}
		if v := versionOf(t, <-early); v != 1 {
			t.Errorf("%s answers with version %d, want 1", r.name, v)
		}
	}
	for i, r := range o.revisions {
		eventually(t, r.name+" has made both pictures with a lease of its own", func() bool {
			return o.nodes[i].metric("stillroom_fleet_collapsed_total", `part="filled"`) == 2
		})
	}
}
