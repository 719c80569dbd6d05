package stillroom

import (
	"fmt"
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
	// After the disk tier, whose lock says best that the folder is another's.
	if k.ledger, err = b.ledger(); err != nil {
		return nil, err
	}
	k.results = cache.None{}
	switch len(k.tiers) {
	case 0:
	case 1:
		k.results = purge.Guard(k.tiers[0].Store, k.ledger)
	default:
		k.results = purge.Guard(cache.NewTiered(cache.TieredConfig{
			Tiers: k.tiers, Strict: b.c.Cache.ReportErrors,
			Failed: func(tier, what string, key cache.Key, err error) {
				b.metrics.Failed(what)
				b.log.Warn("cache", "tier", tier, "what", what, "key", key.String()[:12], "error", err)
			},
		}), k.ledger)
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
	b.metrics.LabelledGauge("stillroom_cache_degraded", "1 while storing is suspended because the disk failed.", "cache_type", name,
		func() float64 {
			if store.Stats().Degraded {
				return 1
			}
			return 0
		})
	return store, nil
}

// ledger opens the ledger of purges: beside the disk tier where there is one, because a purge must outlive the
// process just as what it hides does.
func (b *builder) ledger() (*purge.Ledger, error) {
	f, p := b.c.Freshness, policy(b.c)
	longest := max(f.TTL, f.MinTTL, f.MaxTTL) + max(p.Revalidate, p.IfError) + p.Keep
	ledger := purge.NewMemory(longest)
	if b.onDisk() {
		var err error
		ledger, err = purge.Open(filepath.Join(b.c.Cache.DiskPath, "purges"), longest)
		if err != nil {
			return nil, fmt.Errorf("Failed to initialize cache: %w", err) //nolint:staticcheck // the text is a promise to scripts
		}
		b.closers = append(b.closers, ledger)
		if n := ledger.Lost(); n > 0 {
			b.log.Warn("purge rules could not be read, so everything is purged", "rules", n)
		}
	}
	ledger.Observer = func(rule purge.Rule, _ bool) { b.metrics.Purged(string(rule.Selector)) }
	b.metrics.Gauge("stillroom_purge_rules", "Purge rules in force.", func() float64 { return float64(ledger.Len()) })
	return ledger, nil
}

// diskEvents counts what a disk tier does beside answering.
type diskEvents struct {
	m    *telemetry.Metrics
	tier string
}

func (e diskEvents) Removed(reason disk.Removal, bytes int64) {
	e.m.Evicted(e.tier, reason.String(), bytes)
}
func (e diskEvents) Declined(reason disk.Decline) { e.m.Dropped(e.tier, reason.String()) }
func (e diskEvents) Damaged(kind disk.Damage)     { e.m.Damaged(e.tier, kind.String()) }

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
