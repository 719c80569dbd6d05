package render

import (
	"bytes"
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/plan"
)

// Refreshing ahead of expiry begins within the last twentieth of an entry's life, at a moment that its key decides, and
// at most an hour before its end; entries that live less than a minute are left alone. What was made in one go would
// otherwise expire in one go, and its source would be asked for everything at once.
const (
	aheadShare = 20
	aheadMost  = time.Hour
	aheadFrom  = time.Minute
)

// lookAhead does what a fresh hit may set off: a refresh ahead of time, a verification.
func (r *Renderer) lookAhead(ctx context.Context, p plan.Plan, e *cache.Entry, now time.Time) {
	life := e.Clocks.Fresh.Sub(e.Created)
	if life >= aheadFrom {
		ahead := time.Duration(float64(min(life/aheadShare, aheadMost)) * float64(p.Key[0]) / math.MaxUint8)
		if !now.Before(e.Clocks.Fresh.Add(-ahead)) {
			r.refresh(ctx, p, &e.Meta)
		}
	}
	if r.Verify > 0 && r.hits.Add(1)%uint64(math.Max(1, math.Round(1/r.Verify))) == 0 {
		r.verify(ctx, p, &e.Meta)
	}
}

// refresh makes an entry anew in the background, once however many ask, unless too many others are being
// made anew or another node has it in hand.
func (r *Renderer) refresh(ctx context.Context, p plan.Plan, stale *cache.Meta) {
	f := r.flight(p)
	if r.isElsewhere(f) || !r.beginBackground() {
		return
	}
	// The place is for fetching and making. Storing has bounds of its own, and so has what comes after it in a fleet.
	end := sync.OnceFunc(r.endBackground)
	started := r.fills.Go(ctx, f, func(ctx context.Context, publish func(Result)) error {
		defer end()
		err := r.make(ctx, task{plan: p, flight: f, stale: stale, background: true, publish: func(result Result) {
			end()
			publish(result)
		}})
		if err != nil && !errors.Is(err, errElsewhere) {
			r.Failed("refresh", p.Key, err)
		}
		return err
	})
	if !started {
		end()
	}
}

// verify makes a result again beside the one that is kept and compares them, byte by byte. A difference says that
// the key lacks an ingredient or that the engine is not deterministic: both are bugs, and Failed is told.
// What was made last is kept then.
func (r *Renderer) verify(ctx context.Context, p plan.Plan, m *cache.Meta) {
	if !r.beginBackground() {
		return
	}
	ctx = context.WithoutCancel(ctx)
	go func() {
		defer r.endBackground()
		if err := r.compare(ctx, p, m); err != nil {
			r.Failed("verify", p.Key, err)
		}
	}()
}

func (r *Renderer) compare(ctx context.Context, p plan.Plan, m *cache.Meta) error {
	fetched, err := r.Sources.Fetch(ctx, p.Source, p.SourceBytes, time.Time{})
	if err != nil || fetched.Version != m.SourceVersion {
		return err // another version makes other bytes, and says nothing
	}
	made, err := r.produce(ctx, p, fetched)
	if err != nil {
		return err
	}
	kept, _, ok := r.kept(ctx, p, cache.Wanted{})
	if !ok || kept.ETag != made.ETag {
		return nil // evicted or replaced meanwhile
	}
	same := bytes.Equal(kept.Body.Bytes(), made.Body.Bytes())
	r.Verified(p.Key, same)
	if same {
		return nil
	}
	return r.Store.Put(ctx, p.Key, made)
}

// beginBackground takes a place for background work; false = there is none.
func (r *Renderer) beginBackground() bool {
	select {
	case r.background <- struct{}{}:
		return true
	default:
		return false
	}
}

func (r *Renderer) endBackground() { <-r.background }
