package stillroom

import (
	"log/slog"
	"path/filepath"
	"time"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/cache/disk"
	"github.com/stillroom/stillroom/internal/cache/memory"
	"github.com/stillroom/stillroom/internal/purge"
	"github.com/stillroom/stillroom/internal/source"
	"github.com/stillroom/stillroom/internal/telemetry"
)

// keeping is all that is kept between requests, and the ledger of what was purged from it.
type keeping struct {
	results   cache.Store // guarded
	tiers     []cache.Tier
	copies    cache.Store // of sources; guarded
	negatives *cache.Negatives
	missing   *cache.Negatives // sources
	ledger    *purge.Ledger
	shared    *sharing
}

// builder opens stores and remembers what has to be closed.
type builder struct {
	*Server

	c       *Config
	metrics *telemetry.Metrics
	log     *slog.Logger
}

// keep opens the tiers that the configuration names.
func (b *builder) keep() (*keeping, error) {
	k := &keeping{}
	var err error
	if k.tiers, err = b.tiers(); err != nil {
		return nil, err
	}
	life := longest(b.c)
	// After the disk tier, whose lock says best that the folder is another's.
	if k.ledger, err = b.ledger(life); err != nil {
		return nil, err
	}
	if k.shared, err = b.share(k.ledger, life); err != nil {
		return nil, err
	}
	switch {
	case k.shared.objects != nil:
		k.results = b.below(k, k.shared)
	case len(k.tiers) == 0:
		k.results = cache.None{}
	case len(k.tiers) == 1:
		k.results = purge.Guard(k.tiers[0].Store, k.ledger)
	default:
		k.results = purge.Guard(b.stack(k.tiers), k.ledger)
	}
	if k.copies, err = b.copies(k.ledger); err != nil {
		return nil, err
	}
	negatives := cache.NegativesConfig{
		TTL:    b.c.Freshness.NegativeTTL,
		Purged: func(m *cache.Meta) bool { _, covered := k.ledger.Covers(m); return covered },
	}
	k.negatives, k.missing = cache.NewNegatives(negatives), cache.NewNegatives(negatives)
	b.metrics.Gauge("stillroom_negative_entries", "Failures that are remembered.",
		func() float64 { return float64(k.negatives.Len() + k.missing.Len()) })
	return k, nil
}

// stack makes one store of tiers.
func (b *builder) stack(tiers []cache.Tier) *cache.Tiered {
	return cache.NewTiered(cache.TieredConfig{
		Tiers: tiers, Strict: b.c.Cache.ReportErrors,
		Failed: func(tier, what string, key cache.Key, err error) {
			b.metrics.Failed(what)
			b.log.Warn("cache", "tier", tier, "what", what, "key", key.String()[:12], "error", err)
		},
	})
}

// purged returns when a source was purged last.
func (k *keeping) purged(ref source.Ref) int64 { return k.ledger.Last(ref.String(), cache.Key{}, nil) }

// names returns the tiers' names, fastest first.
func (k *keeping) names() []string {
	names := make([]string, len(k.tiers))
	for i, t := range k.tiers {
		names[i] = t.Name
	}
	if len(names) == 0 {
		return []string{"none"}
	}
	return names
}

// tiers opens the tiers of results, fastest first.
func (b *builder) tiers() ([]cache.Tier, error) {
	var tiers []cache.Tier
	if kind := b.c.Cache.Type; kind == "memory" || kind == "hybrid" {
		store, err := b.memory(memory.Config{
			Size: int64(b.c.Cache.MemorySize), Capacity: b.c.Cache.MemoryCapacity, TTL: b.c.Cache.MemoryTTL,
		})
		if err != nil {
			return nil, err
		}
		b.metrics.Tier("memory", store)
		tiers = append(tiers, cache.Tier{Name: "memory", Store: store})
	}
	if b.onDisk() {
		store, err := b.disk("disk", b.c.Cache.DiskPath, int64(b.c.Cache.DiskSize)-b.diskCopies())
		if err != nil {
			return nil, err
		}
		tiers = append(tiers, cache.Tier{Name: "disk", Store: store})
	}
	return tiers, nil
}

// copies opens the tier of sources: beside the disk tier where there is one and a share of its size is enough to be
// of use, else in memory.
func (b *builder) copies(ledger *purge.Ledger) (cache.Store, error) {
	size := int64(b.c.Sources.CacheSize)
	if size == 0 || b.c.Cache.Type == "none" {
		return cache.None{}, nil
	}
	if b.diskCopies() > 0 {
		_, copies := DiskFolders(b.c.Cache.DiskPath)
		store, err := b.disk("source", copies, b.diskCopies())
		if err != nil {
			return nil, err
		}
		return purge.Guard(store, ledger), nil
	}
	store, err := b.memory(memory.Config{Size: size})
	if err != nil {
		return nil, err
	}
	b.metrics.Tier("source", store)
	return purge.Guard(store, ledger), nil
}

func (b *builder) onDisk() bool { return b.c.Cache.Type == "disk" || b.c.Cache.Type == "hybrid" }

// diskCopies is how many bytes of the disk tier's size are for copies of sources: the two together stay within it.
// 0 = copies are not kept on disk.
func (b *builder) diskCopies() int64 {
	share := min(int64(b.c.Sources.CacheSize), int64(b.c.Cache.DiskSize)/2)
	if !b.onDisk() || share < disk.MinBytes {
		return 0
	}
	return share
}

func (b *builder) memory(c memory.Config) (*memory.Store, error) {
	store, err := memory.New(c)
	if err != nil {
		return nil, err
	}
	b.closers = append(b.closers, store)
	return store, nil
}

func (b *builder) disk(name, path string, size int64) (*disk.Store, error) {
	store, err := disk.Open(disk.Config{
		Path: path, MaxBytes: size, MaxEntries: b.c.Cache.DiskCapacity, TTL: b.c.Cache.DiskTTL,
		CleanupInterval: b.c.Cache.CleanupInterval, Log: b.log, Observer: diskEvents{b.metrics, name},
	})
	if err != nil {
		return nil, err
	}
	b.closers = append(b.closers, store)
	b.metrics.Tier(name, store)
	b.metrics.Degraded(name, func() bool { return store.Stats().Degraded })
	return store, nil
}

// longest is how long an entry can be kept, and so how long a purge has to be known.
func longest(c *Config) time.Duration {
	f, p := c.Freshness, policy(c)
	return max(f.TTL, f.MinTTL, f.MaxTTL) + max(p.Revalidate, p.IfError) + p.Keep
}

// ledger opens the ledger of purges: beside the disk tier where there is one, because a purge must outlive the
// process just as what it hides does.
func (b *builder) ledger(longest time.Duration) (*purge.Ledger, error) {
	ledger := purge.NewMemory(longest)
	if b.onDisk() {
		var err error
		ledger, err = purge.Open(filepath.Join(b.c.Cache.DiskPath, "purges"), longest)
		if err != nil {
			return nil, failedToInitialize(err)
		}
		b.closers = append(b.closers, ledger)
		if n := ledger.Lost(); n > 0 {
			b.log.Warn("purge rules could not be read, so everything is purged", "rules", n)
		}
	}
	b.metrics.Gauge("stillroom_purge_rules", "Purge rules in force.", func() float64 { return float64(ledger.Len()) })
	return ledger, nil
}

// policy is the operator's word on lifetimes. An entry that is no longer served is kept for as long again as the longest
// stale time, for a conditional fetch.
func policy(c *Config) cache.Policy {
	f := c.Freshness
	return cache.Policy{
		TTL: f.TTL, MinTTL: f.MinTTL, MaxTTL: f.MaxTTL,
		Revalidate: f.StaleWhileRevalidate, IfError: f.StaleIfError,
		Keep: max(f.StaleWhileRevalidate, f.StaleIfError, time.Minute),
	}
}
