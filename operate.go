package stillroom

import (
	"time"

	"github.com/stillroom/stillroom/internal/admin"
	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/plan"
	"github.com/stillroom/stillroom/internal/source/cached"
	"github.com/stillroom/stillroom/internal/telemetry"
	"github.com/stillroom/stillroom/internal/transform"
)

// operate builds the admin API over what is kept.
func (b *builder) operate(k *keeping, d door, sources *cached.Source, limiter *transform.Limiter, version string) admin.Config {
	offline := &Offline{door: d, prefix: b.c.Server.PathPrefix, planner: newPlanner(b.c)}
	started := time.Now()
	return admin.Config{
		Token:   b.c.Admin.Token,
		Ready:   b.ready,
		Metrics: b.metrics.Handler(),
		Purges:  k.ledger,
		Group:   offline.Group,
		Tiers:   k.tiers,
		Stats: func() admin.Stats {
			s := b.stats(k, limiter)
			s.Version, s.Started = version, started
			return s
		},
		Ask: func(target string, client plan.Client) (admin.Question, error) {
			return offline.Question(target, client, time.Now())
		},
		Peek:    admin.Look(k.tiers, k.ledger.Covers),
		Failure: func(key cache.Key) error { return k.negatives.Get(key, time.Time{}) },
		Changed: sources.Changed,
		Log:     b.log,
	}
}

// stats reads the numbers of the admin API out of the metrics, so that the two cannot disagree.
func (b *builder) stats(k *keeping, limiter *transform.Limiter) admin.Stats {
	snapshot, err := b.metrics.Snapshot()
	if err != nil {
		b.log.Error("stats", "error", err)
	}
	load := limiter.Load()
	s := admin.Stats{
		Requests:      snapshot.By("stillroom_requests_total", "outcome"),
		Collapsed:     int64(snapshot.Sum("stillroom_requests_total", "outcome", "collapsed")),
		Fills:         snapshot.By("stillroom_fills_total", "result"),
		SourceFetches: snapshot.By("stillroom_source_fetches_total", "result"),
		SavedCPU:      snapshot.Sum("stillroom_cpu_seconds_saved_total"),
		Queue:         admin.Queue{Running: load.Running, Queued: load.Queued, Workers: load.Workers, Size: load.Queue},
		Latency:       map[string]admin.Latency{},
		PurgeRules:    k.ledger.Len(),
		Negatives:     k.negatives.Len() + k.missing.Len(),
	}
	for name, outcome := range map[string]string{"hit": "hit", "fill": "miss"} {
		if q := snapshot.Quantiles("stillroom_request_duration_seconds", []float64{0.5, 0.9, 0.99}, "outcome", outcome); q != nil {
			s.Latency[name] = admin.Latency{P50: q[0], P90: q[1], P99: q[2]}
		}
	}
	for _, tier := range append(k.names(), "source") {
		s.Tiers = append(s.Tiers, tierStats(snapshot, tier))
	}
	if k.shared.objects != nil {
		s.Tiers[len(k.tiers)-1].Pending = pending(snapshot)
	}
	return s
}

// pending tells what waits to be written to the object tier, which is the last one of results.
func pending(s telemetry.Snapshot) *admin.Pending {
	of := func(name string) int64 { return int64(s.Sum(name, "cache_type", objectTier)) }
	return &admin.Pending{
		Entries: of("stillroom_cache_queue_entries"), MaxEntries: of("stillroom_cache_queue_max_entries"),
		Bytes: of("stillroom_cache_queue_bytes"), MaxBytes: of("stillroom_cache_queue_max_bytes"),
	}
}

func tierStats(s telemetry.Snapshot, tier string) admin.TierStats {
	of := func(name string) int64 { return int64(s.Sum(name, "cache_type", tier)) }
	return admin.TierStats{
		Name:       tier,
		Entries:    of("stillroom_cache_entries"),
		MaxEntries: of("stillroom_cache_max_entries"),
		Bytes:      of("stillroom_cache_bytes"),
		MaxBytes:   of("stillroom_cache_max_bytes"),
		Hits:       of("cache_hits_total"),
		Misses:     of("cache_misses_total"),
		Evictions:  s.By("stillroom_cache_evictions_total", "reason", "cache_type", tier),
		Drops:      s.By("stillroom_cache_drops_total", "reason", "cache_type", tier),
		Damaged:    s.By("stillroom_cache_damaged_total", "kind", "cache_type", tier),
		Degraded:   of("stillroom_cache_degraded") > 0,
	}
}
