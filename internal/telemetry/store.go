package telemetry

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/stillroom/stillroom/internal/cache"
)

// Store counts what another store answers.
type Store struct {
	cache.Store

	hits, misses, saved prometheus.Counter
}

var _ cache.Store = (*Store)(nil)

// Store returns s, observed under the name of its tier.
func (m *Metrics) Store(s cache.Store, tier string) *Store {
	if sized, ok := s.(cache.Sizer); ok {
		m.LabelledGauge("stillroom_cache_entries", "Entries in a cache.", "cache_type", tier,
			func() float64 { return float64(sized.Size().Entries) })
		m.LabelledGauge("stillroom_cache_bytes", "Bytes in a cache.", "cache_type", tier,
			func() float64 { return float64(sized.Size().Bytes) })
		m.LabelledGauge("stillroom_cache_max_bytes", "Bytes that a cache may hold.", "cache_type", tier,
			func() float64 { return float64(sized.Size().MaxBytes) })
	}
	return &Store{Store: s, hits: m.hits.WithLabelValues(tier), misses: m.misses.WithLabelValues(tier), saved: m.saved}
}

// Get implements cache.Store.
func (s *Store) Get(ctx context.Context, key cache.Key) (*cache.Entry, error) {
	e, err := s.Store.Get(ctx, key)
	if err != nil {
		s.misses.Inc()
		return nil, err
	}
	s.hits.Inc()
	s.saved.Add(e.Cost.Seconds())
	return e, nil
}
