package render

import (
	"context"
	"time"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/format"
	"github.com/stillroom/stillroom/internal/plan"
	"github.com/stillroom/stillroom/internal/provider"
	"github.com/stillroom/stillroom/internal/source"
	"github.com/stillroom/stillroom/internal/transform"
)

// obtain fetches the source and makes the result of it, or renews the one that is kept where the source is
// unchanged. A copy of the source counts only if its fetch began after newer.
func (r *Renderer) obtain(ctx context.Context, p plan.Plan, newer time.Time, stale *cache.Meta) (*cache.Entry, Status, error) {
	if err := r.Processor.Admit(); err != nil {
		return nil, Status{}, err
	}
	status := Status{Fwd: Miss}
	if stale != nil {
		status.Fwd = Stale
	}
	fetched, err := r.Sources.Fetch(ctx, p.Source, p.SourceBytes, newer)
	if err != nil {
		return nil, Status{}, err
	}
	if stale != nil && stale.SourceVersion == fetched.Version {
		if entry := r.renew(ctx, p, fetched); entry != nil {
			status.FwdStatus = statusNotModified
			return entry, status, nil
		}
	}
	entry, err := r.produce(ctx, p, fetched)
	return entry, status, err
}

// remember notes a failure that lasts.
func (r *Renderer) remember(p plan.Plan, began time.Time, err error) error {
	if fault.Is(err, fault.SourceMissing) {
		return err // the source tier remembers that, for all renditions
	}
	return r.Negatives.Remember(p.Key, err, cache.Meta{
		Source: p.Source.String(), Group: p.Group, Tags: p.Tags, Created: began,
	})
}

func (r *Renderer) forget(ctx context.Context, key cache.Key) {
	if err := r.Store.Delete(ctx, key); err != nil {
		r.Failed("delete", key, err)
	}
}

const statusNotModified = 304 // as Cache-Status reports it; this floor speaks no HTTP otherwise

// kept returns the entry of a plan's key with its body in memory.
func (r *Renderer) kept(ctx context.Context, p plan.Plan, w cache.Wanted) (*cache.Entry, time.Time, bool) {
	now := r.Now()
	entry, err := cache.Find(ctx, r.Again, p.Key, w)
	if err != nil {
		return nil, now, false
	}
	body, err := entry.Body.Load()
	if err != nil {
		r.Failed("read", p.Key, err)
		return nil, now, false
	}
	if body != entry.Body {
		entry = &cache.Entry{Meta: entry.Meta, Body: body, Tier: entry.Tier}
	}
	return entry, now, true
}

// renew returns the entry that is kept with the clocks of a source that turned out to be unchanged; nil if it is not
// kept any more. No pixel is touched.
func (r *Renderer) renew(ctx context.Context, p plan.Plan, f *source.Fetched) *cache.Entry {
	old, _, ok := r.kept(ctx, p, cache.Wanted{})
	if !ok || old.SourceVersion != f.Version {
		return nil
	}
	entry := &cache.Entry{Meta: old.Meta, Body: old.Body}
	r.date(&entry.Meta, p, f)
	return entry
}

// produce makes the result of a fetched source.
func (r *Renderer) produce(ctx context.Context, p plan.Plan, f *source.Fetched) (*cache.Entry, error) {
	meta := cache.Meta{
		ETag:          cache.ETag(f.Version, p.Key, r.engine),
		Source:        p.Source.String(),
		SourceVersion: f.Version,
		SourceLength:  f.Body.Len(),
		Group:         p.Group,
		Tags:          p.Tags,
	}
	r.date(&meta, p, f)
	if p.Want == provider.Original {
		meta.ContentType = f.ContentType
		if meta.ContentType == "" {
			meta.ContentType = format.Sniff(f.Body.Bytes()).MIME()
		}
		meta.Length, meta.Untouched = f.Body.Len(), true
		return &cache.Entry{Meta: meta, Body: f.Body}, nil
	}

	began := time.Now()
	image, err := r.Processor.Process(ctx, transform.Inputs{Source: f.Body, Limits: p.Limits}, p.Canonical)
	if err != nil {
		return nil, err
	}
	meta.Cost = time.Since(began)
	meta.Format, meta.Width, meta.Height, meta.Frames = image.Format, image.Width, image.Height, image.Frames
	meta.Length = image.Body.Len()
	meta.SourceWidth, meta.SourceHeight = image.Source.Width, image.Source.Height
	meta.Untouched, meta.Fallback = image.Untouched, image.Fallback
	return &cache.Entry{Meta: meta, Body: image.Body}, nil
}

// date sets what a fetch says of time: when it began, how long the result lives, the validators.
func (r *Renderer) date(m *cache.Meta, p plan.Plan, f *source.Fetched) {
	m.Created = f.Began
	m.ETagAtSource, m.LastModified = f.Validators.ETag, f.Validators.LastModified
	m.SourceCacheControl = f.Freshness.CacheControl
	m.NoStore, m.OneClient = f.Freshness.NoStore, f.Freshness.Private
	m.Private = p.Private || f.Freshness.Private
	m.Immutable = f.Freshness.Immutable
	m.Clocks = r.Policy.Clocks(f.Began, cache.Said{
		Lifetime: f.Freshness.Lifetime, Explicit: f.Freshness.Explicit,
		NoCache: f.Freshness.NoCache, MustRevalidate: f.Freshness.MustRevalidate,
	})
}
