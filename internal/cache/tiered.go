package cache

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/stillroom/stillroom/internal/fault"
)

// Accepter is a Store that knows which bodies it declines.
type Accepter interface {
	// Accepts reports whether an entry with a body of size bytes would be kept.
	Accepts(size int64) bool
}

// Accepts reports whether a store would keep an entry with a body of size bytes: yes, unless it says otherwise.
func Accepts(s Store, size int64) bool {
	a, ok := s.(Accepter)
	return !ok || a.Accepts(size)
}

// Tier is one of several stores, by the name under which it is reported.
type Tier struct {
	Name  string
	Store Store
	// Shared says that other machines put into it, too, so that it may hold a newer entry than the tiers above it.
	// Asking it costs a round trip. Shared tiers come last.
	Shared bool
}

// TieredConfig is what a Tiered stands on.
type TieredConfig struct {
	// Tiers are the stores, fastest first. They stay their owner's, who closes them.
	Tiers []Tier
	// Failed is told of every error of a tier but NotFound; nil = nobody. what is "get", "promote", "put" or
	// "delete".
	Failed func(tier, what string, key Key, err error)
	// Strict makes Get return the error of a tier instead of asking the next one.
	Strict bool
}

// Tiered is a Store made of several. What is found in a lower tier is promoted to those above it that accept it, its
// clocks unchanged. A tier in trouble is passed over: the others go on keeping and finding.
//
// Where one is Shared, purges are guarded against tier by tier: a guard round the whole would hide what the upper tiers
// hold from before a purge, and with it what another machine has put into the shared one since.
type Tiered struct {
	config TieredConfig
	// changes keep a promotion from undoing what is put or deleted while it reads:
	//
	//	Get misses in memory, finds the old entry on disk
	//	                                                    Put stores a new one in memory and on disk
	//	Get puts the old one into memory
	//
	// Keys share them by their first byte.
	changes [256]changes
}

type changes struct {
	sync.RWMutex // Puts and Deletes hold it shared, promotions alone
	ended        atomic.Uint64
}

var (
	_ Store  = (*Tiered)(nil)
	_ Finder = (*Tiered)(nil)
)

// NewTiered returns the tiers as one store.
func NewTiered(c TieredConfig) *Tiered {
	if c.Failed == nil {
		c.Failed = func(string, string, Key, error) {}
	}
	return &Tiered{config: c}
}

// Tiers returns the tiers, fastest first, for whoever wants to know what each holds.
func (t *Tiered) Tiers() []Tier { return t.config.Tiers }

// Get implements Store. A key that no tier holds is NotFound even if a tier could not be asked; then the error wraps
// that tier's. If none could be asked, the error is theirs.
func (t *Tiered) Get(ctx context.Context, key Key) (*Entry, error) { return t.Find(ctx, key, Wanted{}) }

// Find implements Finder. What is found takes the place of the older ones that were passed over.
func (t *Tiered) Find(ctx context.Context, key Key, w Wanted) (*Entry, error) {
	var missing, broken error
	var ended uint64
	for i, tier := range t.config.Tiers {
		if i == 1 {
			ended = t.changes[key[0]].ended.Load()
		}
		if w.Local && tier.Shared {
			missing = errShared
			continue
		}
		e, err := tier.Store.Get(ctx, key)
		if err == nil {
			e, err = w.only(e)
		}
		if err == nil && i > 0 {
			e, err = t.promote(ctx, key, i, e, ended)
		}
		switch {
		case err == nil:
			return e, nil
		case fault.Is(err, fault.NotFound):
			missing = err
		case ctx.Err() != nil:
			return nil, err // says nothing about the tier
		default:
			t.config.Failed(tier.Name, "get", key, err)
			if t.config.Strict {
				return nil, err
			}
			broken = errors.Join(broken, err)
		}
	}
	switch {
	case broken == nil && missing == nil:
		return nil, errNone
	case broken == nil:
		return nil, missing
	case missing == nil:
		return nil, broken
	}
	return nil, fault.Wrap(fault.NotFound, "cache.get", errors.Join(missing, broken))
}

// promote copies what was found in tier from to the tiers above that accept it, and returns it: in memory if it was
// promoted, unread otherwise. ended is how many changes had ended before it was found. An entry whose
// body is not whole is deleted and an error.
func (t *Tiered) promote(ctx context.Context, key Key, from int, e *Entry, ended uint64) (*Entry, error) {
	if e.Body.Len() != e.Length {
		_ = e.Body.Close() // it is of no use
		return nil, t.damaged(ctx, key, from, fault.New(fault.Internal, "cache.promote",
			"the body has %d bytes, want %d", e.Body.Len(), e.Length))
	}
	var above []Tier
	for _, tier := range t.config.Tiers[:from] {
		if Accepts(tier.Store, e.Length) {
			above = append(above, tier)
		}
	}
	if len(above) == 0 {
		return e, nil
	}
	// Of many who found the entry at once one promotes it; the others need not read it into memory too. Nor does
	// a Get wait here for a slow Put.
	c := &t.changes[key[0]]
	if !c.TryLock() {
		return e, nil
	}
	defer c.Unlock()
	if c.ended.Load() != ended {
		return e, nil
	}
	body, err := e.Body.Load()
	if err != nil {
		return nil, t.damaged(ctx, key, from, fault.Wrap(fault.Internal, "cache.promote", err))
	}
	if body != e.Body {
		loaded := *e
		loaded.Body = body
		e = &loaded
	}
	ctx = context.WithoutCancel(ctx) // it serves the next request, whatever becomes of this one
	for _, tier := range above {
		if err := tier.Store.Put(ctx, key, e); err != nil {
			t.config.Failed(tier.Name, "promote", key, err)
		}
	}
	return e, nil
}

// damaged deletes an entry that proved to be damaged from a tier and returns why.
func (t *Tiered) damaged(ctx context.Context, key Key, from int, why error) error {
	tier := t.config.Tiers[from]
	if err := tier.Store.Delete(context.WithoutCancel(ctx), key); err != nil {
		t.config.Failed(tier.Name, "delete", key, err)
	}
	return why
}

// Put implements Store: it puts into every tier and returns all their errors. A tier that fails does not keep the others
// from storing; what it held under the key is deleted, for it is out of date.
func (t *Tiered) Put(ctx context.Context, key Key, e *Entry) error {
	return t.change(key, "put", func(tier Tier) error {
		err := tier.Store.Put(ctx, key, e)
		if err != nil {
			err = errors.Join(err, tier.Store.Delete(context.WithoutCancel(ctx), key))
		}
		return err
	})
}

// Delete implements Store: it deletes from every tier and returns all their errors.
func (t *Tiered) Delete(ctx context.Context, key Key) error {
	return t.change(key, "delete", func(tier Tier) error { return tier.Store.Delete(ctx, key) })
}

func (t *Tiered) change(key Key, what string, apply func(Tier) error) error {
	c := &t.changes[key[0]]
	c.RLock()
	defer c.RUnlock()
	defer c.ended.Add(1) // before the lock is released: a promotion that gets it sees that it is late
	var all error
	for _, tier := range t.config.Tiers {
		if err := apply(tier); err != nil {
			t.config.Failed(tier.Name, what, key, err)
			all = errors.Join(all, err)
		}
	}
	return all
}
