package telemetry

import (
	"math"
	"testing"
	"time"
)

func TestSnapshot(t *testing.T) {
	m := NewMetrics("test")
	for n := range 100 {
		m.Request("hit", 200, 10, time.Duration(n+1)*time.Millisecond)
	}
	m.Request("miss", 200, 10, time.Second)
	m.Evicted("disk", "expired", 7)
	m.Evicted("disk", "evicted", 7)
	m.Evicted("source", "expired", 7)
	s, err := m.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	if by := s.By("stillroom_requests_total", "outcome"); by["hit"] != 100 || by["miss"] != 1 || len(by) != 2 {
		t.Errorf("requests %v", by)
	}
	if by := s.By("stillroom_cache_evictions_total", "reason", "cache_type", "disk"); by["expired"] != 1 || by["evicted"] != 1 {
		t.Errorf("evictions %v", by)
	}
	if sum := s.Sum("stillroom_cache_evicted_bytes_total"); sum != 21 {
		t.Errorf("evicted bytes %v", sum)
	}
	q := s.Quantiles("stillroom_request_duration_seconds", []float64{0.1, 0.5, 0.9, 1}, "outcome", "hit")
	for i, want := range []float64{0.01, 0.05, 0.09, 0.1} {
		// Buckets grow by two and a half, so that is how exact a quantile is.
		if q[i] > want*2.5 || q[i] < want/2.5 {
			t.Errorf("quantile %d is %v, want about %v", i, q[i], want)
		}
	}
	if q := s.Quantiles("stillroom_request_duration_seconds", []float64{0.5}, "outcome", "stale"); q != nil {
		t.Errorf("quantiles %v of nothing", q)
	}
	if v := quantile([]float64{1, 2, math.Inf(1)}, []uint64{0, 10, 10}, 5); v != 1.5 {
		t.Errorf("in the middle of a bucket: %v", v)
	}
}
