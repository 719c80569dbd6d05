// Package render finds a result or makes it: look up, collapse, fetch, process, populate. It is the only
// package that has effects between the request and the answer.
package render

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stillroom/stillroom/internal/blob"
	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/collapse"
	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/plan"
)

// Renderer finds or makes results. It is safe for concurrent use.
type Renderer struct {
	Config

	engine     string
	fills      collapse.Group[flight, Result]
	background chan struct{}
	hits       atomic.Uint64 // counted only where some are verified
	elsewhere  sync.Map      // flights that another node had in hand a moment ago
}

// flight names a fill: requests share one when they want the same result and the same purges are behind them. One that
// comes after a purge must not be answered by a fill that began before it.
type flight struct {
	key    cache.Key
	purged int64
}

// New returns a Renderer.
func New(c Config) *Renderer {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Background == 0 {
		c.Background = 4
	}
	if c.Again == nil {
		c.Again = c.Store
	}
	if c.SettleTimeout == 0 {
		c.SettleTimeout = 2 * time.Second
	}
	if c.Negatives == nil {
		c.Negatives = cache.NewNegatives(cache.NegativesConfig{})
	}
	if c.Failed == nil {
		c.Failed = func(string, cache.Key, error) {}
	}
	if c.Verified == nil {
		c.Verified = func(cache.Key, bool) {}
	}
	return &Renderer{Config: c, engine: plan.Engine + c.Salt, background: make(chan struct{}, c.Background)}
}

// Result is an entry and how it came about. Whoever is given one closes its body.
type Result struct {
	// Entry is shared: not to be changed. Its Body is nil when the client's copy was found to be current
	// without making or finding the body.
	*cache.Entry
	Status Status
}

// Render returns the result of a plan: from the store, or by making it. known is the client's If-None-Match
// field: if it names the result and the version of the source is known, no body is made. When ctx ends,
// Render returns at once with kind Timeout or Canceled, and what others wait for goes on.
func (r *Renderer) Render(ctx context.Context, p plan.Plan, known string) (Result, error) {
	now := r.Now()
	entry, err := r.Store.Get(ctx, p.Key)
	switch {
	case err != nil && !fault.Is(err, fault.NotFound):
		r.Failed("look up", p.Key, err)
		if r.ReportErrors {
			return Result{}, fault.Wrap(fault.Internal, "render.look up", err)
		}
	case err != nil:
	case r.Sources.Changed(ctx, p.Source, entry.SourceVersion):
		// The source is another than the one that this was made of: it is as good as not there.
	case now.Before(entry.Clocks.Fresh):
		r.lookAhead(ctx, p, entry, now)
		return hit(entry, now, entry.Tier), nil
	case now.Before(entry.Clocks.Revalidate):
		r.refresh(ctx, p, &entry.Meta)
		return hit(entry, now, "stale-while-revalidate"), nil
	}

	var stale *cache.Meta
	if entry != nil {
		// Nobody knows how long the fill takes, and an open file is not held for that.
		stale = &entry.Meta
		r.close(p.Key, entry.Body)
	} else if known != "" {
		if result, ok := r.unchanged(ctx, p, known); ok {
			return result, nil
		}
	}
	if err := r.Negatives.Get(p.Key, time.Time{}); err != nil {
		return Result{}, err
	}
	result, err := r.fill(ctx, p, stale)
	if err != nil && stale != nil && now.Before(stale.Clocks.IfError) && sourceIsSick(err) {
		if entry, again := r.Again.Get(ctx, p.Key); again == nil {
			return hit(entry, now, "stale-if-error"), nil
		}
	}
	return result, err
}

func hit(e *cache.Entry, now time.Time, detail string) Result {
	return Result{Entry: e, Status: Status{Hit: true, TTL: e.Clocks.Fresh.Sub(now), Detail: detail}}
}

// unchanged answers a client whose copy is current although the entry was evicted: the version of the
// source and the key decide the ETag, so no pixel is needed to compare it.
func (r *Renderer) unchanged(ctx context.Context, p plan.Plan, known string) (Result, bool) {
	version, ok := r.Sources.Version(ctx, p.Source)
	if !ok {
		return Result{}, false
	}
	etag := cache.ETag(version, p.Key, r.engine)
	if !cache.Listed(known, etag) {
		return Result{}, false
	}
	now := r.Now()
	meta := cache.Meta{
		ETag: etag, Source: p.Source.String(), SourceVersion: version, Created: now, Private: p.Private,
		Group: p.Group, Tags: p.Tags,
	}
	meta.Clocks = r.Policy.Clocks(now, cache.Said{})
	return hit(&cache.Entry{Meta: meta}, now, "unchanged"), true
}

var errTimeout = fault.New(fault.Timeout, "render.fill", "the result was not ready in time")

// fill makes the result, or waits for whoever is making it.
func (r *Renderer) fill(ctx context.Context, p plan.Plan, stale *cache.Meta) (Result, error) {
	if r.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, r.Timeout, errTimeout)
		defer cancel()
	}
	f := r.flight(p)
	work := func(ctx context.Context, publish func(Result)) error {
		return r.make(ctx, task{plan: p, flight: f, stale: stale, publish: publish})
	}
	result, part, err := r.fills.Do(ctx, f, work)
	for errors.Is(err, errElsewhere) {
		// It was a refresh in the background, which left the work to another node. Who waits for a result does not.
		result, part, err = r.fills.Do(ctx, f, work)
	}
	if err != nil {
		return Result{}, err
	}
	switch part {
	case collapse.Joined:
		result.Status.Collapsed, result.Status.Stored = true, false
	case collapse.Late:
		return hit(result.Entry, r.Now(), "pending"), nil
	}
	return result, nil
}

func (r *Renderer) flight(p plan.Plan) flight {
	if r.Purges == nil {
		return flight{key: p.Key}
	}
	return flight{p.Key, r.Purges.Last(p.Source.String(), p.Group, p.Tags)}
}

// newer returns when the fetch of a source must have begun at the earliest, for a copy of it to do: after the entry that is
// made anew, and after what was purged. A purge of results is a wish for new ones, not for the old ones of the copy that
// they were made of.
func (f flight) newer(stale *cache.Meta) time.Time {
	var newer time.Time
	if f.purged != 0 {
		newer = time.Unix(0, f.purged)
	}
	if stale != nil && stale.Created.After(newer) {
		newer = stale.Created
	}
	return newer
}

// close closes a body that nobody was given.
func (r *Renderer) close(key cache.Key, body *blob.Blob) {
	if err := body.Close(); err != nil {
		r.Failed("close", key, err)
	}
}

// sourceIsSick reports whether an error says that the source is in trouble rather than that the image is
// gone or bad: RFC 5861, section 4, counts 500, 502, 503, 504 and being unreachable.
func sourceIsSick(err error) bool {
	switch fault.KindOf(err) {
	case fault.Unreachable, fault.SourceFailed, fault.SourceTimeout, fault.Incomplete, fault.Overloaded:
		return !errors.Is(err, context.Canceled)
	}
	return false
}
