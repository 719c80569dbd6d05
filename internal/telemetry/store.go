package telemetry

import (
	"context"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/stillroom/stillroom/internal/cache"
)

// Store counts and times what another store answers. It is put round the whole of a composition and told the names of its
// tiers, fastest first: what the third has, the first two did not have. Whoever looks a second time within one
// request asks the store inside, so that nothing counts twice.
type Store struct {
	cache.Store

	now   func() time.Time
	names []string
	tiers []tierMetrics
	saved prometheus.Counter
}

// tierMetrics are bound once: looking labels up by name would cost each hit an allocation.
type tierMetrics struct {
	hits, misses prometheus.Counter
	duration     prometheus.Observer
	age          prometheus.Observer
}

var _ cache.Store = (*Store)(nil)

// Store returns s, observed. An entry that comes out of a tier with another name counts for the first.
func (m *Metrics) Store(s cache.Store, tiers ...string) *Store {
	o := &Store{Store: s, now: time.Now, names: tiers, saved: m.saved}
	for _, name := range tiers {
		o.tiers = append(o.tiers, tierMetrics{
			hits: m.hits.WithLabelValues(name), misses: m.misses.WithLabelValues(name),
			duration: m.lookups.WithLabelValues(name), age: m.ages.WithLabelValues(name),
		})
	}
	return o
}

// Get implements cache.Store.
func (s *Store) Get(ctx context.Context, key cache.Key) (*cache.Entry, error) {
	began := s.now()
	e, err := s.Store.Get(ctx, key)
	if err != nil {
		for i := range s.tiers {
			s.tiers[i].misses.Inc()
		}
		return nil, err
	}
	at := max(slices.Index(s.names, e.Tier), 0)
	for i := range at {
		s.tiers[i].misses.Inc()
	}
	t, now := &s.tiers[at], s.now()
	t.hits.Inc()
	t.duration.Observe(now.Sub(began).Seconds())
	t.age.Observe(now.Sub(e.Created).Seconds())
	s.saved.Add(e.Cost.Seconds())
	return e, nil
}

// Tier registers gauges for what a tier holds.
func (m *Metrics) Tier(name string, s cache.Sizer) {
	gauge := func(metric, help string, read func(cache.Size) int64) {
		m.LabelledGauge(metric, help, "cache_type", name, func() float64 { return float64(read(s.Size())) })
	}
	gauge("stillroom_cache_entries", "Entries in a cache.", func(s cache.Size) int64 { return s.Entries })
	gauge("stillroom_cache_bytes", "Bytes in a cache.", func(s cache.Size) int64 { return s.Bytes })
	gauge("stillroom_cache_max_bytes", "Bytes that a cache may hold.", func(s cache.Size) int64 { return s.MaxBytes })
	gauge("stillroom_cache_max_entries", "Entries that a cache may hold; 0 = no bound.", func(s cache.Size) int64 { return s.MaxEntries })
}
