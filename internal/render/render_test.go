package render

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stillroom/stillroom/internal/blob"
	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/format"
	"github.com/stillroom/stillroom/internal/plan"
	"github.com/stillroom/stillroom/internal/provider"
	"github.com/stillroom/stillroom/internal/source"
	"github.com/stillroom/stillroom/internal/transform"
)

// bench is a renderer over parts that a test can slow down, break and count.
type bench struct {
	*Renderer

	store   *shelf
	sources *sources
	engine  *engine
}

func newBench(t *testing.T, change ...func(*Config)) *bench {
	t.Helper()
	b := &bench{store: &shelf{entries: map[cache.Key]*cache.Entry{}}, sources: &sources{version: "v1"}, engine: &engine{}}
	c := Config{
		Store: b.store, Sources: b.sources, Processor: b.engine,
		Policy: cache.Policy{
			TTL: time.Hour, MaxTTL: 24 * time.Hour,
			Revalidate: time.Hour, IfError: 3 * time.Hour, Keep: time.Hour,
		},
		Timeout: time.Minute,
		Failed:  func(what string, _ cache.Key, err error) { t.Logf("%s: %v", what, err) },
	}
	for _, f := range change {
		f(&c)
	}
	b.Renderer = New(c)
	return b
}

func (b *bench) get(t *testing.T, p plan.Plan) Result {
	t.Helper()
	result, err := b.Render(t.Context(), p, "")
	if err != nil {
		t.Fatalf("Render: %v", err)
	}
	return result
}

// want fails the test unless the status reads as the Cache-Status member says.
func want(t *testing.T, r Result, status string) {
	t.Helper()
	if got := string(r.Status.Append(nil)); got != status {
		t.Errorf("Cache-Status: %s\nwant:         %s", got, status)
	}
}

func picture(n int) plan.Plan {
	ref, err := source.ParseRef("https://example.com/photo.jpg")
	if err != nil {
		panic(err)
	}
	return plan.Plan{Key: cache.Key{byte(n)}, Source: ref}
}

func TestMissThenHitThenStaleThenGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		first := b.get(t, picture(1))
		want(t, first, "stillroom; fwd=uri-miss; stored")
		synctest.Wait()

		time.Sleep(59 * time.Minute)
		second := b.get(t, picture(1))
		want(t, second, "stillroom; hit; ttl=60; detail=shelf")
		if first.ETag != second.ETag || first.ETag == "" {
			t.Errorf("ETag on the miss %s, on the hit %s", first.ETag, second.ETag)
		}
		if n := b.sources.fetches.Load(); n != 1 {
			t.Errorf("%d fetches, want 1", n)
		}

		// Past its freshness the entry is served at once, and one fill renews it: the source is unchanged, so
		// no pixel is touched.
		time.Sleep(2 * time.Minute)
		want(t, b.get(t, picture(1)), "stillroom; hit; ttl=-60; detail=stale-while-revalidate")
		synctest.Wait()
		want(t, b.get(t, picture(1)), "stillroom; hit; ttl=3600; detail=shelf")
		if fetches, made := b.sources.fetches.Load(), b.engine.made.Load(); fetches != 2 || made != 1 {
			t.Errorf("%d fetches and %d images made, want 2 and 1", fetches, made)
		}

		// Past what may be served stale, the request waits for the source.
		time.Sleep(2*time.Hour + time.Second)
		b.sources.set("v2")
		want(t, b.get(t, picture(1)), "stillroom; fwd=stale; stored")
		if made := b.engine.made.Load(); made != 2 {
			t.Errorf("%d images made of two versions", made)
		}
	})
}

func TestRevalidatedWhenTooStaleToServe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		first := b.get(t, picture(1))
		synctest.Wait()
		time.Sleep(2*time.Hour + time.Second)
		again := b.get(t, picture(1))
		want(t, again, "stillroom; fwd=stale; fwd-status=304; stored")
		if again.ETag != first.ETag {
			t.Error("the ETag changed although the source did not")
		}
	})
}

func TestStaleIfErrorThenError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.get(t, picture(1))
		synctest.Wait()
		b.sources.fail(fault.New(fault.SourceFailed, "test", "status 500"))

		time.Sleep(2*time.Hour + time.Second)
		want(t, b.get(t, picture(1)), "stillroom; hit; ttl=-3601; detail=stale-if-error")

		time.Sleep(2 * time.Hour)
		if _, err := b.Render(t.Context(), picture(1), ""); !fault.Is(err, fault.SourceFailed) {
			t.Errorf("past stale-if-error: %v, want the source's failure", err)
		}
	})
}

func TestGoneSourceIsNotServedStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.get(t, picture(1))
		synctest.Wait()
		b.sources.fail(fault.New(fault.SourceMissing, "test", "status 404"))
		time.Sleep(2*time.Hour + time.Second)
		if _, err := b.Render(t.Context(), picture(1), ""); !fault.Is(err, fault.SourceMissing) {
			t.Errorf("got %v, want kind SourceMissing", err)
		}
	})
}

func TestFiveHundredForOneColdPicture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.sources.delay = 5 * time.Second
		first, leave := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := b.Render(first, picture(1), ""); !errors.Is(err, context.Canceled) {
				t.Errorf("the client that left got %v", err)
			}
		})
		synctest.Wait()
		var same sync.Map
		for range 499 {
			wg.Go(func() {
				r, err := b.Render(t.Context(), picture(1), "")
				if err != nil {
					t.Error(err)
					return
				}
				same.Store(string(r.Body.Bytes()), true)
			})
		}
		synctest.Wait()
		leave()
		wg.Wait()

		bodies := 0
		same.Range(func(any, any) bool { bodies++; return true })
		if f, m := b.sources.fetches.Load(), b.engine.made.Load(); f != 1 || m != 1 || bodies != 1 {
			t.Errorf("%d fetches, %d fills, %d different answers; want 1 of each", f, m, bodies)
		}
	})
}

func TestOneRefreshForThousandAtExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.get(t, picture(1))
		synctest.Wait()
		b.sources.set("v2")
		b.sources.delay = 10 * time.Second
		time.Sleep(time.Hour + time.Second)
		began := time.Now()
		var wg sync.WaitGroup
		for range 1000 {
			wg.Go(func() { want(t, b.get(t, picture(1)), "stillroom; hit; ttl=-1; detail=stale-while-revalidate") })
		}
		wg.Wait()
		if waited := time.Since(began); waited != 0 {
			t.Errorf("requests waited %v", waited)
		}
		time.Sleep(11 * time.Second)
		if f := b.sources.fetches.Load(); f != 2 {
			t.Errorf("%d fetches, want 2", f)
		}
	})
}

func TestRefreshesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(c *Config) { c.Background = 2 })
		for n := range 10 {
			b.get(t, picture(n))
		}
		synctest.Wait()
		b.sources.delay = time.Minute
		time.Sleep(time.Hour + time.Second)
		before := b.sources.fetches.Load()
		for n := range 10 {
			b.get(t, picture(n))
		}
		synctest.Wait()
		if n := b.sources.fetches.Load() - before; n != 2 {
			t.Errorf("%d refreshes at once, the bound is 2", n)
		}
		time.Sleep(2 * time.Minute)
	})
}

func TestReplacedSourceIsSeenAtOnceWhereAskingIsCheap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.sources.cheap = true
		one := b.get(t, picture(1))
		synctest.Wait()
		b.sources.set("v2")
		two := b.get(t, picture(1))
		want(t, two, "stillroom; fwd=stale; stored")
		if one.ETag == two.ETag {
			t.Error("two versions of a source share an ETag")
		}
	})
}

func TestKnownETagNeedsNoFill(t *testing.T) {
	b := newBench(t)
	b.sources.cheap = true
	etag := b.get(t, picture(1)).ETag
	b.store.clear()
	r, err := b.Render(t.Context(), picture(1), `"other", `+etag)
	if err != nil {
		t.Fatal(err)
	}
	if r.Body != nil || r.ETag != etag {
		t.Errorf("body %v, ETag %s; want none and %s", r.Body, r.ETag, etag)
	}
	if made := b.engine.made.Load(); made != 1 {
		t.Errorf("%d images made, want 1", made)
	}
}

func TestSlowStoreDelaysNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.store.putDelay = time.Minute
		began := time.Now()
		b.get(t, picture(1))
		want(t, b.get(t, picture(1)), "stillroom; hit; ttl=3600; detail=pending") // from the flight that is storing
		if waited := time.Since(began); waited != 0 {
			t.Errorf("answers waited %v for the store", waited)
		}
		time.Sleep(2 * time.Minute)
		want(t, b.get(t, picture(1)), "stillroom; hit; ttl=3480; detail=shelf")
		if f := b.sources.fetches.Load(); f != 1 {
			t.Errorf("%d fetches, want 1", f)
		}
	})
}

func TestBrokenStoreFailsOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.store.broken = errors.New("input/output error")
		for range 2 {
			want(t, b.get(t, picture(1)), "stillroom; fwd=uri-miss; stored")
			synctest.Wait()
		}
	})
}

func TestNoStoreAndPrivateAreNotKept(t *testing.T) {
	for _, f := range []source.Freshness{{NoStore: true}, {Private: true}} {
		t.Run(fmt.Sprintf("%+v", f), func(t *testing.T) {
			b := newBench(t)
			b.sources.freshness = f
			for range 2 {
				want(t, b.get(t, picture(1)), "stillroom; fwd=uri-miss")
			}
		})
	}
}

func TestSourceSaysHowLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.sources.freshness = source.Freshness{Explicit: true, Lifetime: 10 * time.Minute}
		b.get(t, picture(1))
		synctest.Wait()
		want(t, b.get(t, picture(1)), "stillroom; hit; ttl=600; detail=shelf")
	})
}

func TestTimeoutLeavesTheFillToOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(c *Config) { c.Timeout = time.Second })
		b.engine.delay = 10 * time.Second // pixels: finished whether anybody waits or not
		if _, err := b.Render(t.Context(), picture(1), ""); !fault.Is(err, fault.Timeout) {
			t.Errorf("got %v, want kind Timeout", err)
		}
		time.Sleep(10 * time.Second)
		want(t, b.get(t, picture(1)), "stillroom; hit; ttl=3589; detail=shelf")
	})
}

func TestFetchThatNobodyWaitsForStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(c *Config) { c.Timeout = time.Second })
		b.sources.delay = time.Hour
		if _, err := b.Render(t.Context(), picture(1), ""); !fault.Is(err, fault.Timeout) {
			t.Errorf("got %v, want kind Timeout", err)
		}
		synctest.Wait()
		if n := b.fills.Running(); n != 0 {
			t.Errorf("%d flights still run", n)
		}
	})
}

func TestOverloadedFetchesNothing(t *testing.T) {
	b := newBench(t)
	b.engine.full = fault.New(fault.Overloaded, "test", "the queue is full")
	if _, err := b.Render(t.Context(), picture(1), ""); !fault.Is(err, fault.Overloaded) {
		t.Errorf("got %v, want kind Overloaded", err)
	}
	if f := b.sources.fetches.Load(); f != 0 {
		t.Errorf("%d fetches for a refused fill", f)
	}
}

func TestOriginalIsTheSource(t *testing.T) {
	b := newBench(t)
	p := picture(1)
	p.Want = provider.Original
	r := b.get(t, p)
	if got := string(r.Body.Bytes()); got != "pixels v1" || r.Type() != "image/jpeg" {
		t.Errorf("got %q of type %s", got, r.Type())
	}
	if made := b.engine.made.Load(); made != 0 {
		t.Error("the engine was asked for an original")
	}
}

// shelf is a store that can be slow and broken.
type shelf struct {
	name     string // of the tier; empty = shelf
	mu       sync.Mutex
	entries  map[cache.Key]*cache.Entry
	putDelay time.Duration

	broken, brokenPut error
	inFiles           string // folder in which bodies are handed out; empty = in memory
	files             []*os.File
}

func (s *shelf) Get(_ context.Context, key cache.Key) (*cache.Entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return nil, s.broken
	}
	e, ok := s.entries[key]
	switch {
	case !ok:
		return nil, cache.NotFound("not on the shelf")
	case s.inFiles != "":
		return s.asFile(e)
	}
	return e, nil
}

func (s *shelf) Put(_ context.Context, key cache.Key, e *cache.Entry) error {
	time.Sleep(s.putDelay)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := errors.Join(s.broken, s.brokenPut); err != nil {
		return err
	}
	kept := *e
	kept.Tier = cmp.Or(s.name, "shelf")
	s.entries[key] = &kept
	return nil
}

func (s *shelf) Delete(_ context.Context, key cache.Key) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.entries, key)
	return nil
}

func (s *shelf) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.entries)
}

// sources is one source in versions.
type sources struct {
	mu        sync.Mutex
	version   string
	err       error
	delay     time.Duration
	cheap     bool
	freshness source.Freshness
	fetches   atomic.Int64
}

func (s *sources) set(version string) { s.mu.Lock(); s.version = version; s.mu.Unlock() }
func (s *sources) fail(err error)     { s.mu.Lock(); s.err = err; s.mu.Unlock() }

func (s *sources) Fetch(ctx context.Context, _ source.Ref, _ int64, _ time.Time) (*source.Fetched, error) {
	s.fetches.Add(1)
	began := time.Now()
	// Not with a timer that has run out already: under the race detector many of those at once in one bubble bring the
	// runtime down, for they share a context of the detector without a lock (Go 1.26.8, runtime.(*timer).unlockAndRun).
	if s.delay > 0 {
		select {
		case <-time.After(s.delay):
		case <-ctx.Done():
			return nil, fault.Wrap(fault.Canceled, "test", ctx.Err())
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return nil, s.err
	}
	return &source.Fetched{
		Body: blob.New([]byte("pixels " + s.version)), ContentType: "image/jpeg",
		Version: s.version, Freshness: s.freshness, Began: began,
	}, nil
}

func (s *sources) Version(context.Context, source.Ref) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.version, s.cheap
}

func (s *sources) Changed(_ context.Context, _ source.Ref, version string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cheap && s.version != version
}

// engine "makes" an image out of the source's bytes; once begun it does not stop.
type engine struct {
	made   atomic.Int64
	delay  time.Duration
	full   error
	fails  error
	honest bool // the same source makes the same image
}

func (e *engine) Admit() error { return e.full }

func (e *engine) Process(_ context.Context, in transform.Inputs, _ transform.Canonical) (transform.Image, error) {
	n := e.made.Add(1)
	time.Sleep(e.delay)
	if e.fails != nil {
		return transform.Image{}, e.fails
	}
	if e.honest {
		n = 1
	}
	body := fmt.Appendf(nil, "image %d of %s", n, in.Source.Bytes())
	return transform.Image{Body: blob.New(body), Format: format.WebP, Width: 4, Height: 3, Frames: 1}, nil
}
