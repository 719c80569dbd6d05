package admin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/source"
)

// view looks into the cache and foretells what a request would meet there.
func (a *api) view(ctx context.Context, q Question) (*CacheView, error) {
	key, err := cache.ParseKey(q.Key)
	if err != nil {
		return nil, err
	}
	now := a.Now().Round(0).UTC()
	all := a.Peek(ctx, key)
	v := &CacheView{At: now, Tiers: make([]TierView, len(all))}
	for i, h := range all {
		v.Tiers[i] = TierView{Tier: h.Tier, Absent: h.Absent}
		if h.Meta != nil {
			v.Tiers[i].Entry = entryView(h, now)
		}
	}
	v.Outcome, v.Why = a.foretell(ctx, q, key, all, now)
	return v, nil
}

// foretell follows the way of a request through the cache, as render goes it.
func (a *api) foretell(ctx context.Context, q Question, key cache.Key, all []Held, now time.Time) (outcome, why string) {
	if q.Refusal != "" {
		return "refused", q.Refusal
	}
	missed, stale := "no tier holds it", (*cache.Clocks)(nil)
	for i := range all {
		h := &all[i]
		if h.Unknown {
			return "unknown", fmt.Sprintf("%s may hold it, and cannot be looked into without an effect", h.Tier)
		}
		if h.Meta == nil {
			continue
		}
		c := h.clocks()
		if !now.Before(c.Keep) { // as good as absent, so the next tier is asked
			missed = fmt.Sprintf("what %s holds was to be kept until %s", h.Tier, relative(c.Keep.Sub(now)))
			continue
		}
		switch {
		case h.Purged != nil && !h.Purged.Soft:
			missed = fmt.Sprintf("what %s holds was purged by rule %s (%s)", h.Tier, h.Purged.ID, h.Purged.Selector)
		case a.changed(ctx, h.Meta):
			missed, stale = fmt.Sprintf("what %s holds was made of another version of the source", h.Tier), &c
		case now.Before(c.Fresh):
			return "hit", fmt.Sprintf("%s holds it, fresh for another %s", h.Tier, Span(c.Fresh.Sub(now)))
		case now.Before(c.Revalidate):
			return "stale-while-revalidate", fmt.Sprintf("%s holds it, stale for %s%s; it is served for another %s while one fill runs",
				h.Tier, Span(now.Sub(c.Fresh)), softly(h), Span(c.Revalidate.Sub(now)))
		default:
			missed, stale = fmt.Sprintf("what %s holds has been stale for %s%s", h.Tier, Span(now.Sub(c.Fresh)), softly(h)), &c
		}
		break // whatever it is: a lower tier is not asked any more
	}
	if a.Failure != nil {
		if err := a.Failure(key); err != nil {
			return "failure", missed + "; a failure is remembered: " + cause(err) + until(err, now)
		}
	}
	switch {
	case stale == nil:
		return "miss", missed
	case now.Before(stale.IfError):
		return "stale", fmt.Sprintf("%s; the source is asked, and if it fails this is served for another %s", missed, Span(stale.IfError.Sub(now)))
	}
	return "stale", missed + "; the source is asked whether it changed"
}

// changed reports whether the source of an entry is known to be another version by now.
func (a *api) changed(ctx context.Context, m *cache.Meta) bool {
	if a.Changed == nil {
		return false
	}
	ref, err := source.ParseRef(m.Source)
	return err == nil && a.Changed(ctx, ref, m.SourceVersion)
}

// until says how long a failure is remembered, where that is known.
func until(err error, now time.Time) string {
	var e *fault.Error
	if !errors.As(err, &e) || e.Until.IsZero() {
		return ""
	}
	return ", for another " + Span(e.Until.Sub(now))
}

func softly(h *Held) string {
	if h.Purged == nil {
		return ""
	}
	return fmt.Sprintf(" (soft purge %s)", h.Purged.ID)
}
