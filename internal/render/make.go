package render

import (
	"context"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/plan"
)

// task is what a flight is to do.
type task struct {
	plan       plan.Plan
	flight     flight
	stale      *cache.Meta // what is made anew; nil = nothing is held
	background bool        // nobody waits for it
	publish    func(Result)
}

// make is the work of a flight: steps 5 to 8. It publishes the result as soon as there is one and stores
// it then, so that no answer waits for a tier. Its context is cancelled when nobody waits any more: that ends
// waiting and fetching; the processor finishes what it has begun, and what it made is stored.
func (r *Renderer) make(ctx context.Context, t task) error {
	if r.Fleet != nil {
		return r.makeForAll(ctx, t)
	}
	// A miss looked into what is shared a moment ago, and another round trip would seldom find more there. What is held
	// and stale kept the look-up from going that far.
	if r.look(ctx, &t, t.stale == nil) {
		return nil
	}
	_, err := r.makeHere(ctx, &t)
	return err
}

// look publishes what was stored since the caller looked. Between its look-up and its flight another one may have ended:
//
//	A looks up: miss        B looks up: miss
//	A's flight fills, stores, ends
//	                        B starts a flight for what is stored by now
//
// and another node may have stored what only a shared tier holds. local leaves that tier out.
func (r *Renderer) look(ctx context.Context, t *task, local bool) bool {
	wanted := cache.Wanted{Local: local}
	if t.stale != nil {
		wanted.After = t.stale.Created
	}
	entry, now, ok := r.kept(ctx, t.plan, wanted) // in memory, for many may share it
	switch {
	case !ok:
		return false
	case !now.Before(entry.Clocks.Fresh), r.Sources.Changed(ctx, t.plan.Source, entry.SourceVersion):
		t.stale = &entry.Meta // what is made anew is what is newest
		return false
	}
	t.publish(hit(entry, now, entry.Tier))
	return true
}

// makeHere makes the result, publishes it and stores it. stored = it can be found in the store.
func (r *Renderer) makeHere(ctx context.Context, t *task) (stored bool, err error) {
	p := t.plan
	began := r.Now()
	entry, status, err := r.obtain(ctx, p, t.flight.newer(t.stale), t.stale)
	if err != nil {
		if t.stale != nil && fault.Is(err, fault.SourceMissing) {
			r.forget(context.WithoutCancel(ctx), p.Key) // a source that is gone takes what was made of it along
		}
		return false, r.remember(p, began, err)
	}
	storable := !entry.NoStore && !entry.OneClient
	status.Stored = storable && r.keeps()
	// What is made is kept even if everybody left while it was being made.
	ctx = context.WithoutCancel(ctx)
	if storable && r.ReportErrors {
		if err := r.Store.Put(ctx, p.Key, entry); err != nil {
			return false, fault.Wrap(fault.Internal, "render.store", err)
		}
		t.publish(Result{Entry: entry, Status: status})
		return true, nil
	}
	if !storable {
		r.fills.Forget(t.flight) // it is for those who asked for it by now
	}
	t.publish(Result{Entry: entry, Status: status})
	if storable {
		if err := r.Store.Put(ctx, p.Key, entry); err != nil {
			r.Failed("store", p.Key, err)
			return false, nil
		}
	} else if t.stale != nil {
		r.forget(ctx, p.Key) // what was kept under other rules must not be served under these
	}
	return storable, nil
}

// keeps reports whether there is a store at all.
func (r *Renderer) keeps() bool {
	_, none := r.Again.(cache.None)
	return !none
}
