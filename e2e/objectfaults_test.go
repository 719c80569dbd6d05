package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/bucket/buckettest"
	"github.com/stillroom/stillroom/internal/cache/object"
)

// harm is what happens to every request to the bucket.
type harm struct {
	name string
	what buckettest.Harm
	// writes says that it keeps writes from getting through as they come: an answer without a body can neither be cut
	// nor be throttled.
	writes bool
}

func harms() []harm {
	return []harm{
		{"delayed", buckettest.Harm{Delay: 3 * object.DefaultTimeout}, true},
		{"no answer", buckettest.Harm{Hang: true}, true},
		{"reset", buckettest.Harm{Reset: true}, true},
		{"busy", buckettest.Harm{Status: http.StatusServiceUnavailable, Body: "<Error><Code>SlowDown</Code></Error>"}, true},
		{"cut in the middle", buckettest.Harm{Bytes: 1000}, false},
		{"throttled", buckettest.Harm{Rate: 2000}, false},
	}
}

// What a node makes or finds while its bucket is in trouble.
const (
	hits        = 32      // pictures that memory has, and as many that only the disk has
	inBucket    = 32      // pictures that only the bucket has, which are asked for before those that nobody has
	memorySize  = 1 << 20 // of which one entry may take an eighth
	largeBody   = 160 << 10
	connections = 8
)

// gallery is pictures that differ from one another, and what they must look like.
type gallery struct {
	source *origin
	small  [][]byte
	large  [][]byte
	fresh  atomic.Int64 // pictures so far that nobody had
}

// newGallery puts some pictures into the bucket.
func newGallery(t *testing.T, there storage) *gallery {
	t.Helper()
	g := &gallery{}
	picture := photo(t, 400, 400)
	for n := range hits {
		// Handed out as it is, so only its beginning matters.
		g.large = append(g.large, append(bytes.Clone(picture), buckettest.Pattern(largeBody, byte(n))...))
	}
	g.source = newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		body := picture
		var n int
		if _, err := fmt.Sscanf(r.URL.Path, "/large%d.jpg", &n); err == nil {
			body = g.large[n]
		}
		says("max-age=600", body)(w, r)
	})
	maker := start(t, there.asTier("results")...)
	for n := range inBucket {
		a := maker.get(g.path(n, "kept"))
		if len(a.body) < 2000 || len(a.body) > memorySize/4/hits || a.status != http.StatusOK {
			t.Fatalf("picture %d: status %d, %d bytes; want more than is cut off, and no more than memory has room for",
				n, a.status, len(a.body))
		}
		g.small = append(g.small, a.body)
	}
	maker.writes(inBucket)
	return g
}

// path returns the URL of a small picture. Those that differ by name alone have the same bytes.
func (g *gallery) path(n int, name string) string {
	return fmt.Sprintf("/_/w:%d/cb:%s/plain/%s/small.jpg", 150+n%hits, name, g.source.URL)
}

// guest is a node and how many pictures it was asked for that it did not have.
type guest struct {
	*server
	cold int
}

// open starts a node above a bucket, with pictures in memory and others on disk.
func (g *gallery) open(t *testing.T, there storage, settings ...string) *guest {
	t.Helper()
	settings = append(append(there.asTier("results"), "CACHE_TYPE=hybrid", "CACHE_DISK_PATH="+t.TempDir(),
		"CACHE_MEMORY_SIZE="+fmt.Sprint(memorySize), "CACHE_OBJECT_TIMEOUT="+object.DefaultTimeout.String()), settings...)
	s := &guest{server: start(t, settings...)}
	s.ready()
	for kind, tier := range tiersHit() {
		for n := range hits {
			path, _ := g.hit(kind, n)
			eventually(t, "it is a hit in "+tier, func() bool {
				return strings.HasSuffix(s.get(path).header.Get("Cache-Status"), "detail="+tier)
			})
		}
	}
	return s
}

// tiersHit returns the tiers that hits are measured in.
func tiersHit() []string { return []string{"memory", "disk"} }

// hit returns a picture of those in a tier.
func (g *gallery) hit(tier, n int) (path string, want []byte) {
	n %= hits
	if tier == 0 {
		return g.path(n, "hot"), g.small[n]
	}
	return fmt.Sprintf("/_/raw:1/plain/%s/large%d.jpg", g.source.URL, n), g.large[n]
}

// askCold asks for a picture that the node does not have, and returns how long that took.
func (g *gallery) askCold(t *testing.T, s *guest) time.Duration {
	t.Helper()
	n := s.cold
	s.cold++
	name := "kept"
	if n >= inBucket {
		name = fmt.Sprint(g.fresh.Add(1))
	}
	return ask(t, s.server, g.path(n, name), g.small[n%hits], "")
}

// ask asks for a picture, which must come and be the right one, and returns how long that took.
func ask(t *testing.T, s *server, path string, want []byte, status string) time.Duration {
	t.Helper()
	began := time.Now()
	a, err := s.try(t.Context(), http.MethodGet, path)
	took := time.Since(began)
	switch got := a.header.Get("Cache-Status"); {
	case t.Context().Err() != nil: // the test has ended, and with it the request
	case err != nil || a.status != http.StatusOK:
		t.Errorf("%s: %v, %v", path, a, err)
	case !bytes.Equal(a.body, want):
		t.Errorf("%s: %d bytes that are not those %d that it is made of", path, len(a.body), len(want))
	case !strings.HasSuffix(got, status):
		t.Errorf("%s: Cache-Status %q, want %s", path, got, status)
	}
	return took
}

// times are how long answers took. Of hits, each round counts by its 99th percentile and the worst round counts: the bucket
// is waited for in some of them only.
type times struct {
	hits    [2]time.Duration // the worst 99th percentile, by tier
	slowest time.Duration    // of all hits
	cold    []time.Duration
}

// round asks a node for one cold picture after the other and meanwhile, over several connections, for what it has.
func (g *gallery) round(t *testing.T, s *guest, lasts time.Duration, into *times) {
	t.Helper()
	var (
		over atomic.Bool
		all  sync.WaitGroup
		mu   sync.Mutex
		took [2][]time.Duration
	)
	for i := range connections {
		all.Go(func() {
			tier := i % 2
			var mine []time.Duration
			for n := i; !over.Load() && !t.Failed(); n += 5 {
				path, want := g.hit(tier, n)
				mine = append(mine, ask(t, s.server, path, want, "detail="+tiersHit()[tier]))
				time.Sleep(2 * time.Millisecond) // what is looked for is waiting, which a machine that is full would hide
			}
			mu.Lock()
			defer mu.Unlock()
			took[tier] = append(took[tier], mine...)
		})
	}
	for end := time.Now().Add(lasts); time.Now().Before(end) && !t.Failed(); {
		into.cold = append(into.cold, g.askCold(t, s))
	}
	over.Store(true)
	all.Wait()
	for tier := range took {
		if slices.Sort(took[tier]); len(took[tier]) > 0 {
			into.hits[tier] = max(into.hits[tier], took[tier][len(took[tier])*99/100])
			into.slowest = max(into.slowest, took[tier][len(took[tier])-1])
		}
	}
}

// compare measures a node whose bucket is in trouble and one whose bucket is well by turns, until the first leaves its bucket
// alone. The error says what took too long, which may be somebody else's doing.
func (g *gallery) compare(t *testing.T, ill, well *guest) error {
	t.Helper()
	var harmed, usual times
	began := time.Now()
	for n := 0; n < 3 || n < 20 && ill.metric("stillroom_cache_reads_total", `outcome="suspended"`) == 0; n++ {
		g.round(t, ill, 2*object.DefaultTimeout, &harmed)
		g.round(t, well, object.DefaultTimeout, &usual)
	}
	if t.Failed() {
		return nil
	}
	probes := int(time.Since(began) / object.DefaultPause)
	waited := 0
	for _, took := range harmed.cold {
		if took >= object.DefaultTimeout {
			waited++
		}
	}
	t.Logf("p99 of hits in memory %v (else %v), on disk %v (else %v), slowest %v (else %v); "+
		"of %d cold ones %d waited, slowest %v (else %v)",
		harmed.hits[0], usual.hits[0], harmed.hits[1], usual.hits[1], harmed.slowest, usual.slowest,
		len(harmed.cold), waited, slices.Max(harmed.cold), slices.Max(usual.cold))

	var late []error
	within := func(what string, took, most time.Duration) {
		if took > most {
			late = append(late, fmt.Errorf("%s took %v, want %v at most", what, took, most))
		}
	}
	noise := func(usually time.Duration) time.Duration { return 3*usually + 5*time.Millisecond }
	for tier, name := range tiersHit() {
		within("99 of 100 hits in "+name, harmed.hits[tier], noise(usual.hits[tier]))
	}
	within("the slowest hit", harmed.slowest, max(object.DefaultTimeout*4/5, noise(usual.slowest)))
	within("the slowest of what is cold", slices.Max(harmed.cold), object.DefaultTimeout+noise(slices.Max(usual.cold)))
	if waited > object.DefaultFailures+probes {
		late = append(late, fmt.Errorf("%d answers waited for the bucket, want %d until it is left alone and %d after",
			waited, object.DefaultFailures, probes))
	}
	return errors.Join(late...)
}

// Whatever happens to the bucket, hits in memory and on disk do not notice it, and what is not there comes, a deadline later
// until the bucket is left alone. When the trouble is over, it is used again.
func TestObjectTierInTrouble(t *testing.T) {
	there := storageS3(t, "results")
	g := newGallery(t, there)
	well := g.open(t, there)
	for _, h := range harms() {
		t.Run(h.name, func(t *testing.T) {
			var s *guest
			// Others may have the machine for a second, but not each time.
			for attempt := 1; ; attempt++ {
				proxy := buckettest.NewProxy(t, there.endpoint(), true)
				s = g.open(t, there.at(proxy.URL), "CACHE_OBJECT_QUEUE_CAPACITY=4", "CACHE_OBJECT_WRITERS=2",
					"CACHE_OBJECT_WRITE_TIMEOUT=1s")
				late := g.suffer(t, h, proxy, s, well)
				if late == nil || t.Failed() {
					break
				}
				if attempt == 4 {
					t.Fatal(late)
				}
				t.Logf("attempt %d: %v", attempt, late)
			}
			t.Parallel() // from here on nothing is measured
			g.recovers(t, s, well)
		})
	}
}

// suffer has a node be asked while its bucket is in trouble, which is counted, and returns what took too long.
func (g *gallery) suffer(t *testing.T, h harm, proxy *buckettest.Proxy, s, well *guest) error {
	t.Helper()
	full := func() float64 {
		return s.metric("stillroom_cache_drops_total", `cache_type="object"`, `reason="queue-full"`)
	}
	dropped, began := full(), time.Now()
	proxy.Do(func(int) buckettest.Harm { return h.what })
	defer proxy.Do(nil)
	late := g.compare(t, s, well)
	// A probe cannot have gone well by now.
	if degraded := s.metric("stillroom_cache_degraded", `cache_type="object"`); degraded != 1 && time.Since(began) < object.DefaultPause {
		t.Errorf("stillroom_cache_degraded is %v, want 1", degraded)
	}
	if n := s.metric("stillroom_cache_breaker_transitions_total", `cache_type="object"`, `to="open"`); n == 0 {
		t.Error("it is not counted that the bucket is left alone")
	}
	reads := func(outcome string) float64 { return s.metric("stillroom_cache_reads_total", `outcome="`+outcome+`"`) }
	failed, left := reads("slow")+reads("failed"), reads("suspended")
	if failed < object.DefaultFailures || left == 0 {
		t.Errorf("%v reads failed and %v were left out, want %d and some", failed, left, object.DefaultFailures)
	}
	if h.writes {
		eventually(t, "what finds no room in the queue is counted", func() bool {
			g.askCold(t, s)
			return full() > dropped
		})
	}
	return late
}

// recovers waits until a node uses its bucket again, by itself, and looks there for what it makes from then on.
func (g *gallery) recovers(t *testing.T, s, well *guest) {
	t.Helper()
	eventually(t, "the bucket is used again", func() bool {
		g.askCold(t, s)
		until(time.Now().Add(50 * time.Millisecond)) // some traffic is enough
		return s.metric("stillroom_cache_degraded", `cache_type="object"`) == 0
	})
	opened := s.metric("stillroom_cache_breaker_transitions_total", `cache_type="object"`, `to="open"`)
	if closed := s.metric("stillroom_cache_breaker_transitions_total", `cache_type="object"`, `to="closed"`); closed != opened {
		t.Errorf("the bucket was left alone %v times and used again %v times", opened, closed)
	}
	written := func() bool { return s.metric("stillroom_cache_queue_entries", `cache_type="object"`) == 0 }
	eventually(t, "what waits is written", written)
	before := s.written()
	path := g.path(1, fmt.Sprint(g.fresh.Add(1)))
	ask(t, s.server, path, g.small[1], "fwd=uri-miss; stored")
	eventually(t, "what is made is written", func() bool { return s.written() > before && written() })
	ask(t, well.server, path, g.small[1], "detail=object")
}
