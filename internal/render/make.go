package render

import (
	"context"
	"time"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/format"
	"github.com/stillroom/stillroom/internal/plan"
	"github.com/stillroom/stillroom/internal/provider"
	"github.com/stillroom/stillroom/internal/source"
	"github.com/stillroom/stillroom/internal/transform"
)

// make is the work of a flight: steps 5 to 8. It publishes the result as soon as there is one and stores
// it then, so that no answer waits for a tier. Its context is cancelled when nobody waits any more: that ends
// waiting and fetching; the processor finishes what it has begun, and what it made is stored.
func (r *Renderer) make(ctx context.Context, p plan.Plan, stale *cache.Entry, publish func(Result)) error {
	// Between this caller's look-up and its flight another flight may have ended:
	//
	//	A looks up: miss        B looks up: miss
	//	A's flight fills, stores, ends
	//	                        B starts a flight for what is stored by now
	//
	// so look again inside.
	if result, ok := r.lookAgain(ctx, p, stale); ok {
		publish(result)
		return nil
	}
	if err := r.Processor.Admit(); err != nil {
		return err
	}
	fetched, err := r.Sources.Fetch(ctx, p.Source, p.SourceBytes)
	if err != nil {
		return err
	}

	status := Status{Fwd: Miss}
	var entry *cache.Entry
	if stale != nil && stale.SourceVersion == fetched.Version && stale.Body != nil {
		status = Status{Fwd: Stale, FwdStatus: statusNotModified}
		entry = r.renew(stale, fetched)
	} else {
		if stale != nil {
			status.Fwd = Stale
		}
		if entry, err = r.produce(ctx, p, fetched); err != nil {
			return err
		}
	}

	storable := !fetched.Freshness.NoStore && !fetched.Freshness.Private
	status.Stored = storable && r.keeps()
	publish(Result{Entry: entry, Status: status})
	if !storable {
		return nil
	}
	// What is made is kept even if everybody left while it was being made.
	if err := r.Store.Put(context.WithoutCancel(ctx), p.Key, entry); err != nil {
		r.Failed("store", p.Key, err)
	}
	return nil
}

const statusNotModified = 304 // as Cache-Status reports it; this floor speaks no HTTP otherwise

// keeps reports whether there is a store at all.
func (r *Renderer) keeps() bool {
	_, none := r.Again.(cache.None)
	return !none
}

func (r *Renderer) lookAgain(ctx context.Context, p plan.Plan, stale *cache.Entry) (Result, bool) {
	entry, err := r.Again.Get(ctx, p.Key)
	if err != nil || entry == stale {
		return Result{}, false
	}
	now := r.Now()
	if !now.Before(entry.Clocks.Fresh) || r.Sources.Changed(ctx, p.Source, entry.SourceVersion) {
		return Result{}, false
	}
	return hit(entry, now, entry.Tier), true
}

// renew gives a stale entry the clocks of a source that turned out to be unchanged. No pixel is touched.
func (r *Renderer) renew(stale *cache.Entry, f *source.Fetched) *cache.Entry {
	entry := &cache.Entry{Meta: stale.Meta, Body: stale.Body}
	r.date(&entry.Meta, f)
	return entry
}

// produce makes the result of a fetched source.
func (r *Renderer) produce(ctx context.Context, p plan.Plan, f *source.Fetched) (*cache.Entry, error) {
	meta := cache.Meta{
		ETag:          cache.ETag(f.Version, p.Key, r.engine),
		Source:        p.Source.String(),
		SourceVersion: f.Version,
		SourceLength:  f.Body.Len(),
		Private:       p.Private,
	}
	r.date(&meta, f)
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
func (r *Renderer) date(m *cache.Meta, f *source.Fetched) {
	m.Created = f.Began
	m.ETagAtSource, m.LastModified = f.Validators.ETag, f.Validators.LastModified
	m.SourceCacheControl = f.Freshness.CacheControl
	m.NoStore = f.Freshness.NoStore
	m.Private = m.Private || f.Freshness.Private
	m.Immutable = f.Freshness.Immutable
	m.Clocks = r.Policy.Clocks(f.Began, cache.Said{
		Lifetime: f.Freshness.Lifetime, Explicit: f.Freshness.Explicit,
		NoCache: f.Freshness.NoCache, MustRevalidate: f.Freshness.MustRevalidate,
	})
}
