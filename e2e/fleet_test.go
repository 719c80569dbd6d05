package e2e

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/fleet/fleettest"
)

// meetAt returns the settings of nodes that meet at a server, with all the time that a busy machine may need.
func meetAt(valkey *fleettest.Server) []string {
	return []string{"VALKEY_URL=" + valkey.URL(), "VALKEY_TIMEOUT=5s"}
}

// A purge at one node holds at every other one: within ten seconds through the bucket alone, within a second through Valkey,
// with a bucket or without.
func TestPurgeReachesEveryNode(t *testing.T) {
	for name, c := range map[string]struct {
		bucket, valkey bool
		within         time.Duration
	}{
		"bucket": {bucket: true, within: 10 * time.Second},
		"valkey": {valkey: true, within: time.Second},
		"both":   {bucket: true, valkey: true, within: time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var settings []string
			if c.bucket {
				settings = storageS3(t, "results").asTier("results")
			}
			if c.valkey {
				// The bucket must not be taken for Valkey.
				settings = append(append(settings, meetAt(fleettest.Start(t))...), "CACHE_PURGE_INTERVAL=30s")
			}
			source := newOrigin(t, says("max-age=600", version(t, 1)))
			paths := []string{"/_/w:100/plain/" + source.URL + "/a.jpg", "/_/w:100/q:50/plain/" + source.URL + "/a.jpg"}
			nodes := []*server{start(t, settings...), start(t, append(settings, "CACHE_TYPE=disk", "CACHE_DISK_PATH="+t.TempDir())...)}
			for _, node := range nodes {
				if c.bucket {
					node.ready()
				}
				if c.valkey {
					eventually(t, "Valkey is asked", func() bool { return node.metric("stillroom_fleet_up") == 1 })
				}
				for _, path := range paths {
					if v := versionOf(t, node.get(path)); v != 1 {
						t.Errorf("version %d, want 1", v)
					}
				}
			}
			v := purgeAtOne(t, nodes, source, paths, c.within)
			if c.bucket {
				// Also at one that was not there.
				late := start(t, settings...)
				late.ready()
				for _, path := range paths {
					if got := versionOf(t, late.get(path)); got != v {
						t.Errorf("a node that came later has version %d, want %d", got, v)
					}
				}
			}
		})
	}
}

// purgeAtOne purges a source, of which all nodes have version 1, at the first of them, and tests how soon the others have the
// next version. It does so twice: a node that is not told and looks for itself now and then may have looked just in time for
// the first purge, and not again for the second. It returns the last version.
func purgeAtOne(t *testing.T, nodes []*server, source *origin, paths []string, within time.Duration) (v int) {
	t.Helper()
	v = 1
	for range 2 {
		// Other tests may have the machine for a second, but not each time.
		took := within + 1
		for tries := 0; tries < 3 && took > within; tries++ {
			v++
			source.play(says("max-age=600", version(t, v)))
			nodes[0].purge(t, `{"source": `+quoted(source.URL+"/a.jpg")+`}`)
			purged := time.Now()
			for _, node := range nodes {
				for _, path := range paths {
					eventually(t, "the purge holds", func() bool { return versionOf(t, node.get(path)) == v })
				}
			}
			took = time.Since(purged)
		}
		if took > within {
			t.Errorf("a purge took %v, want %v at most", took, within)
		}
	}
	return v
}

// gate stands in front of an S3 service and holds listings back until it is opened. It returns the settings of s with its
// own address.
func (s storage) gate(t *testing.T) (gated storage, open func()) {
	t.Helper()
	opened := make(chan struct{})
	open = sync.OnceFunc(func() { close(opened) })
	to, err := url.Parse(s.endpoint())
	if err != nil {
		t.Fatal(err)
	}
	pass := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.Host = r.In.Host // it is signed
		},
		ErrorLog: log.New(io.Discard, "", 0), // clients leave
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("list-type") {
			select {
			case <-opened:
			case <-r.Context().Done():
				return
			}
		}
		pass.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	t.Cleanup(open)
	return s.at(server.URL), open
}

// A node that starts after a purge does not take from the bucket what was purged, also while it does not know that yet.
func TestPurgedBeforeTheStart(t *testing.T) {
	there := storageS3(t, "results")
	source := newOrigin(t, says("max-age=600", version(t, 1)))
	early, late := "/_/w:100/plain/"+source.URL+"/a.jpg", "/_/w:100/plain/"+source.URL+"/b.jpg"
	first := start(t, there.asTier("results")...)
	first.get(early)
	first.get(late)
	first.writes(2)
	first.purge(t, `{"all": true}`)
	if err := first.stop(); err != nil { // which puts the purge into the bucket
		t.Fatal(err)
	}
	source.play(says("max-age=600", version(t, 2)))
	gated, open := there.gate(t)
	second := start(t, append(gated.asTier("results"), "CACHE_TYPE=none")...)
	if v := versionOf(t, second.get(early)); v != 2 {
		t.Errorf("version %d before the purges are known, want 2", v)
	}
	if n := second.metric("stillroom_cache_reads_total", `outcome="unready"`); n < 1 {
		t.Errorf("%v look-ups were left out because the purges were not known", n)
	}
	open()
	second.ready()
	if v := versionOf(t, second.get(late)); v != 2 {
		t.Errorf("version %d once they are, want 2", v)
	}
}

// meet starts nodes and waits until they share a bucket and a Valkey server.
func meet(t *testing.T, n int, settings ...string) []*server {
	t.Helper()
	nodes := make([]*server, n)
	for i := range nodes {
		nodes[i] = start(t, settings...)
		nodes[i].ready()
	}
	together(t, nodes)
	return nodes
}

// together waits until nodes ask Valkey.
func together(t *testing.T, nodes []*server) {
	t.Helper()
	for _, node := range nodes {
		eventually(t, "Valkey is asked", func() bool { return node.metric("stillroom_fleet_up") == 1 })
	}
}

// sum returns what a metric is over all nodes.
func sum(nodes []*server, name string, labels ...string) (n float64) {
	for _, node := range nodes {
		n += node.metric(name, labels...)
	}
	return n
}

// crowd has many clients ask for a picture at once, at all nodes by turns. All must be given the same, which it returns.
func crowd(t *testing.T, nodes []*server, clients int, path string) answer {
	t.Helper()
	answers := make([]answer, clients)
	begin := make(chan struct{})
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			<-begin
			a, err := nodes[i%len(nodes)].try(t.Context(), http.MethodGet, path)
			if err != nil || a.status != http.StatusOK {
				t.Errorf("%s: %v, %v", path, a, err)
			}
			answers[i] = a
		})
	}
	close(begin)
	all.Wait()
	for _, a := range answers {
		if !bytes.Equal(a.body, answers[0].body) || a.header.Get("ETag") != answers[0].header.Get("ETag") {
			t.Fatalf("%s: two clients were given different pictures, %d bytes with the ETag %s and %d with %s", path,
				len(a.body), a.header.Get("ETag"), len(answers[0].body), answers[0].header.Get("ETag"))
		}
	}
	return answers[0]
}

// However many ask whichever node for the same picture, one node makes it.
func TestOneFillForTheFleet(t *testing.T) {
	source := newOrigin(t, serves(photo(t, 1600, 1200), 100*time.Millisecond))
	nodes := meet(t, 2, append(storageS3(t, "results").asTier("results"), meetAt(fleettest.Start(t))...)...)
	for round := 1; round <= 2; round++ {
		path := fmt.Sprintf("/_/w:%d/plain/%s/%d.jpg", 300+round, source.URL, round)
		made := crowd(t, nodes, 200, path)
		if made.header.Get("ETag") == "" || len(made.body) == 0 {
			t.Errorf("%d bytes with the ETag %q, want a picture that has one", len(made.body), made.header.Get("ETag"))
		}
		fills, fetches := sum(nodes, "stillroom_fills_total"), source.fetches.Load()
		if fills != float64(round) || fetches != int64(round) {
			t.Errorf("%v fills and %d fetches for %d pictures, want one of each", fills, fetches, round)
		}
	}
}

// Without Valkey, and while it is away, nodes are ready and answer.
func TestValkeyAway(t *testing.T) {
	valkey := fleettest.Start(t)
	settings := append(storageS3(t, "results").asTier("results"), "VALKEY_URL="+valkey.URL())
	source := newOrigin(t, says("max-age=600", version(t, 1)))
	s := start(t, settings...)
	eventually(t, "Valkey is asked", func() bool { return s.metric("stillroom_fleet_up") == 1 })
	valkey.Stop()
	for i := range 5 {
		began := time.Now()
		if v := versionOf(t, s.get(fmt.Sprintf("/_/w:100/cb:%d/plain/%s/a.jpg", i, source.URL))); v != 1 {
			t.Errorf("version %d, want 1", v)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("an answer took %v", took)
		}
	}
	response, err := s.ask(http.MethodGet, "/readyz", nil)
	if err != nil {
		t.Fatal(err)
	}
	if response.Body.Close(); response.StatusCode != http.StatusOK {
		t.Errorf("readiness: %s, want 200", response.Status)
	}
	if err := s.stop(); err != nil {
		t.Errorf("stopping: %v", err)
	}
	if strings.Contains(s.logged(), `"level":"ERROR"`) {
		t.Error("it logs errors")
	}
}

// What a node has on its disk from before a purge is not shown when it comes back, also where those that know of the purge
// take their time.
func TestPurgedWhileItWasAway(t *testing.T) {
	bucket := storageS3(t, "results")
	gated, open := bucket.gate(t)
	valkey := fleettest.Start(t)
	for name, c := range map[string]struct {
		before, after []string // settings, when all is well and when the node comes back
		slow, well    func()
	}{
		"bucket": {bucket.asTier("results"), gated.asTier("results"), func() {}, open},
		"valkey": {meetAt(valkey), meetAt(valkey),
			func() { valkey.Signal(syscall.SIGSTOP) }, func() { valkey.Signal(syscall.SIGCONT) }},
	} {
		t.Run(name, func(t *testing.T) {
			disk := []string{"CACHE_TYPE=disk", "CACHE_DISK_PATH=" + t.TempDir()}
			source := newOrigin(t, says("max-age=600", version(t, 1)))
			path := "/_/w:100/plain/" + source.URL + "/a.jpg"
			node := start(t, append(disk, c.before...)...)
			if v := versionOf(t, node.get(path)); v != 1 {
				t.Errorf("version %d, want 1", v)
			}
			if err := node.stop(); err != nil {
				t.Fatal(err)
			}
			other := start(t, c.before...)
			other.purge(t, `{"all": true}`)
			eventually(t, "others can know of the purge", func() bool { return other.metric("stillroom_fleet_rules_pending") == 0 })
			source.play(says("max-age=600", version(t, 2)))
			c.slow()
			time.AfterFunc(500*time.Millisecond, c.well)
			node = start(t, append(disk, c.after...)...)
			if v := versionOf(t, node.get(path)); v != 2 {
				t.Errorf("version %d when it is back, want 2", v)
			}
		})
	}
}
