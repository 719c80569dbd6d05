package telemetry

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/blob"
	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/cache/cachetest"
	"github.com/stillroom/stillroom/internal/cache/memory"
	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/format"
	"github.com/stillroom/stillroom/internal/source"
	"github.com/stillroom/stillroom/internal/transform"
)

// scrape returns what Prometheus reads.
func scrape(t *testing.T, m *Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return w.Body.String()
}

func wantLines(t *testing.T, text string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("no line %q", line)
		}
	}
}

func observed(t *testing.T, m *Metrics) *Store {
	t.Helper()
	s, err := memory.New(memory.Config{Size: 8 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	m.Tier("memory", s)
	return m.Store(s, "memory")
}

func TestObservedStoreIsAStore(t *testing.T) {
	cachetest.Run(t, func(t *testing.T) cache.Store { return observed(t, NewMetrics("test")) })
}

func TestStoreCounts(t *testing.T) {
	m := NewMetrics("test")
	s := observed(t, m)
	ctx := context.Background()
	_, _ = s.Get(ctx, cachetest.Key(1)) // a miss, to be counted
	if err := s.Put(ctx, cachetest.Key(1), cachetest.Entry(1, 10)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := s.Get(ctx, cachetest.Key(1)); err != nil {
			t.Fatal(err)
		}
	}
	wantLines(t, scrape(t, m),
		`cache_hits_total{cache_type="memory"} 2`,
		`cache_misses_total{cache_type="memory"} 1`,
		`stillroom_cache_entries{cache_type="memory"} 1`,
		`stillroom_cpu_seconds_saved_total 0.024`,
	)
}

// What the second tier has, the first did not have; what none has, all missed.
func TestTiersAreToldApart(t *testing.T) {
	m := NewMetrics("test")
	below := fixed{cachetest.Key(1): "disk", cachetest.Key(2): "memory"}
	s := m.Store(below, "memory", "disk")
	for n := range 4 {
		_, _ = s.Get(context.Background(), cachetest.Key(n)) // hits and misses, to be counted
	}
	wantLines(t, scrape(t, m),
		`cache_hits_total{cache_type="memory"} 1`,
		`cache_hits_total{cache_type="disk"} 1`,
		`cache_misses_total{cache_type="memory"} 3`,
		`cache_misses_total{cache_type="disk"} 2`,
		`stillroom_cache_hit_duration_seconds_count{cache_type="disk"} 1`,
	)
}

// fixed is a store that says which tier has a key.
type fixed map[cache.Key]string

func (f fixed) Get(_ context.Context, key cache.Key) (*cache.Entry, error) {
	if tier, ok := f[key]; ok {
		return &cache.Entry{Tier: tier}, nil
	}
	return nil, cache.NotFound("not there")
}

func (fixed) Put(context.Context, cache.Key, *cache.Entry) error { return nil }
func (fixed) Delete(context.Context, cache.Key) error            { return nil }

func TestEvents(t *testing.T) {
	m := NewMetrics("test")
	m.Evicted("disk", "expired", 100)
	m.Dropped("disk", "busy")
	m.Damaged("disk", "flipped")
	m.Failed("store")
	m.Verified(true)
	m.Verified(false)
	m.Purged("source")
	wantLines(t, scrape(t, m),
		`stillroom_cache_evictions_total{cache_type="disk",reason="expired"} 1`,
		`stillroom_cache_evicted_bytes_total{cache_type="disk",reason="expired"} 100`,
		`stillroom_cache_drops_total{cache_type="disk",reason="busy"} 1`,
		`stillroom_cache_damaged_total{cache_type="disk",kind="flipped"} 1`,
		`stillroom_cache_failures_total{what="store"} 1`,
		`stillroom_verified_total{result="different"} 1`,
		`stillroom_purges_total{selector="source"} 1`,
	)
}

func TestNoCacheCountsEveryRequestAsAMiss(t *testing.T) {
	m := NewMetrics("test")
	s := m.Store(cache.None{}, "none")
	for n := range 3 {
		_, _ = s.Get(context.Background(), cachetest.Key(n)) // misses, to be counted
	}
	wantLines(t, scrape(t, m), `cache_misses_total{cache_type="none"} 3`)
}

func TestRequestsAreCountedByOutcomeWithoutAllocating(t *testing.T) {
	m := NewMetrics("test")
	m.Request("hit", 200, 1000, time.Millisecond)
	if n := testing.AllocsPerRun(100, func() { m.Request("hit", 200, 1000, time.Millisecond) }); n != 0 {
		t.Errorf("%v allocations a request", n)
	}
	m.Request("something new", 999, 0, 0)
	wantLines(t, scrape(t, m),
		`stillroom_requests_total{outcome="hit"} 102`,
		`stillroom_requests_total{outcome="error"} 1`,
		`stillroom_responses_total{status="200"} 102`,
		`stillroom_responses_total{status="0"} 1`,
		`stillroom_response_bytes_total 102000`,
	)
}

type maker struct{ err error }

func (p maker) Process(context.Context, transform.Inputs, transform.Canonical) (transform.Image, error) {
	return transform.Image{Format: format.WebP}, p.err
}

func TestFillsAreCounted(t *testing.T) {
	m := NewMetrics("test")
	_, _ = m.Processor(maker{}).Process(context.Background(), transform.Inputs{}, transform.Canonical{})
	_, _ = m.Processor(maker{fault.New(fault.Broken, "x", "y")}).Process(context.Background(), transform.Inputs{}, transform.Canonical{})
	wantLines(t, scrape(t, m), `stillroom_fills_total{result="webp"} 1`, `stillroom_fills_total{result="broken image"} 1`)
}

type opener struct{ err error }

func (o opener) Open(context.Context, source.Ref, source.Validators) (*source.Object, error) {
	if o.err != nil {
		return nil, o.err
	}
	return &source.Object{Body: io.NopCloser(blob.New([]byte("12345")).Reader()), Size: 5}, nil
}

func TestFetchesAreCounted(t *testing.T) {
	m := NewMetrics("test")
	object, err := m.Source(opener{}).Open(context.Background(), source.Ref{}, source.Validators{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(object.Body); err != nil {
		t.Fatal(err)
	}
	_, _ = m.Source(opener{fault.New(fault.SourceTimeout, "x", "y")}).Open(context.Background(), source.Ref{}, source.Validators{})
	wantLines(t, scrape(t, m),
		`stillroom_source_fetches_total{result="ok"} 1`,
		`stillroom_source_fetches_total{result="source timeout"} 1`,
		`stillroom_source_bytes_total 5`,
	)
	if _, err := m.Source(opener{}).Stat(context.Background(), source.Ref{}); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("Stat of a source that has none: %v", err)
	}
}

func TestLogger(t *testing.T) {
	var b bytes.Buffer
	for _, c := range []struct{ format, level, want string }{
		{"json", "info", `"msg":"hello"`}, {"text", "info", `msg=hello`}, {"", "info", `"msg":"hello"`}, {"json", "error", ""},
	} {
		b.Reset()
		log, err := NewLogger(&b, c.format, c.level)
		if err != nil {
			t.Fatal(err)
		}
		log.Log(context.Background(), slog.LevelInfo, "hello")
		if !strings.Contains(b.String(), c.want) || c.want == "" && b.Len() > 0 {
			t.Errorf("format %q, level %q: %q", c.format, c.level, &b)
		}
	}
	if _, err := NewLogger(&b, "json", "loud"); err == nil || !strings.Contains(err.Error(), `"loud"`) {
		t.Errorf("a level that does not exist: %v", err)
	}
}
