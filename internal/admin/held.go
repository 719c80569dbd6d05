package admin

import (
	"context"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/purge"
)

// Held is what a tier holds under a key.
type Held struct {
	Tier string
	Meta *cache.Meta // nil = nothing
	// Absent says why there is nothing, with a nil Meta.
	Absent string
	// Unknown says that there may be something all the same: the tier cannot be asked.
	Unknown bool
	// Purged is the rule that covers the entry; nil = none does.
	Purged *purge.Rule
}

// Peeker is a tier that can be asked without an effect: a Get counts as a use, and removes what has expired.
type Peeker interface {
	// Peek returns the meta of an entry. Its errors are those of a Get.
	Peek(ctx context.Context, key cache.Key) (cache.Meta, error)
}

// Look returns a Config.Peek over tiers, fastest first. They are the tiers themselves: neither guarded, which would
// delete what is purged, nor counted. covers finds the rule that covers an entry; nil = none ever does.
func Look(tiers []cache.Tier, covers func(m *cache.Meta) (purge.Rule, bool)) func(context.Context, cache.Key) []Held {
	return func(ctx context.Context, key cache.Key) []Held {
		all := make([]Held, len(tiers))
		for i, tier := range tiers {
			all[i] = look(ctx, tier, key)
			if all[i].Meta == nil || covers == nil {
				continue
			}
			if rule, ok := covers(all[i].Meta); ok {
				all[i].Purged = &rule
			}
		}
		return all
	}
}

func look(ctx context.Context, tier cache.Tier, key cache.Key) Held {
	held := Held{Tier: tier.Name}
	peeker, ok := tier.Store.(Peeker)
	if !ok {
		held.Absent, held.Unknown = "unknown: this tier cannot be looked into without an effect", true
		return held
	}
	m, err := peeker.Peek(ctx, key)
	switch {
	case err == nil:
		held.Meta = &m
	case fault.Is(err, fault.NotFound):
		held.Absent = cause(err)
	default:
		held.Absent = "in trouble: " + cause(err)
	}
	return held
}

// clocks are those that requests go by: a soft purge ends the freshness.
func (h *Held) clocks() cache.Clocks {
	c := h.Meta.Clocks
	if h.Purged != nil && h.Purged.Soft && h.Purged.At.Before(c.Fresh) {
		c.Fresh = h.Purged.At
	}
	return c
}
