package purge

import (
	"context"
	"sync"

	"github.com/stillroom/stillroom/internal/cache"
)

// Guard returns a Store that shows of another one what no rule of a ledger covers.
//
// Get answers NotFound for an entry that a hard rule covers, and deletes it. One that a soft rule covers it returns as a
// copy that has been stale since the rule; for how long it may still be served stale is as it was. Put declines what a hard
// rule covers: it began to be made before the purge. What a soft rule covers is stored as it is, clocks included,
// because Get shows it as stale anyway; but not over an entry that began to be made later.
// Delete and Accepts go through. A Guard is a cache.Sizer where the store below is one.
func Guard(below cache.Store, ledger *Ledger) cache.Store {
	return withSize(&guard{below: below, ledger: ledger})
}

// GuardShared is Guard for a store that other machines put into as well: it hides what a hard rule covers and leaves it
// where it is. Locks do not reach another machine, so a deletion could hit what was put there since:
//
//	here: Get finds the covered entry
//	                                   there: the same, and Put of a new one
//	here: Get deletes the new one
//
// Whoever makes the result anew puts it in the place of the covered one.
func GuardShared(below cache.Store, ledger *Ledger) cache.Store {
	return withSize(&guard{below: below, ledger: ledger, shared: true})
}

// withSize returns a guard as a cache.Sizer if the store below it is one.
func withSize(g *guard) cache.Store {
	if sizer, ok := g.below.(cache.Sizer); ok {
		return struct {
			*guard
			cache.Sizer
		}{g, sizer}
	}
	return g
}

type guard struct {
	below  cache.Store
	ledger *Ledger
	shared bool // nothing is deleted
	// changing keeps the deletion of a covered entry from hitting the one that is put in its place meanwhile:
	//
	//	Get finds the covered entry
	//	                             Put stores a new one
	//	Get deletes the new one
	//
	// Puts hold the lock of their key shared, deletions alone. Keys share locks by their first byte.
	changing [256]sync.RWMutex
}

// Prepared, because right after a purge it is the normal answer.
var errPurged = cache.NotFound("purged")

// Get implements cache.Store.
func (g *guard) Get(ctx context.Context, key cache.Key) (*cache.Entry, error) {
	e, err := g.below.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	shown, hidden := g.show(e)
	switch {
	case !hidden:
		return shown, nil
	case g.shared:
		return nil, errPurged
	}
	lock := &g.changing[key[0]]
	if !lock.TryLock() {
		// Somebody stores or deletes around here. Nobody waits for that: the entry is hidden, and whoever meets it
		// next deletes it.
		return nil, errPurged
	}
	defer lock.Unlock()
	if e, err = g.below.Get(ctx, key); err != nil {
		return nil, err
	}
	if shown, hidden = g.show(e); !hidden {
		return shown, nil
	}
	if err := g.below.Delete(ctx, key); err != nil {
		return nil, err
	}
	return nil, errPurged
}

// show returns an entry as the rules leave it, or closes it and reports that they hide it.
func (g *guard) show(e *cache.Entry) (shown *cache.Entry, hidden bool) {
	rule, covered := g.ledger.Covers(&e.Meta)
	switch {
	case !covered:
		return e, false
	case !rule.Soft:
		_ = e.Body.Close() // nothing was read from it
		return nil, true
	}
	if !e.Clocks.Fresh.After(rule.At) {
		return e, false // it was stale before
	}
	stale := *e
	stale.Clocks.Fresh = rule.At
	return &stale, false
}

// Put implements cache.Store.
func (g *guard) Put(ctx context.Context, key cache.Key, e *cache.Entry) error {
	lock := &g.changing[key[0]]
	lock.RLock()
	defer lock.RUnlock()
	// A rule that comes from here on finds the entry when it is got.
	if rule, covered := g.ledger.Covers(&e.Meta); covered && (!rule.Soft || g.hasNewer(ctx, key, e)) {
		return nil
	}
	return g.below.Put(ctx, key, e)
}

// hasNewer reports whether what is stored began to be made after an entry.
func (g *guard) hasNewer(ctx context.Context, key cache.Key, e *cache.Entry) bool {
	held, err := g.below.Get(ctx, key)
	if err != nil {
		return false
	}
	_ = held.Body.Close() // nothing was read from it
	return held.Created.After(e.Created)
}

// Accepts implements cache.Accepter.
func (g *guard) Accepts(size int64) bool { return cache.Accepts(g.below, size) }

// Delete implements cache.Store.
func (g *guard) Delete(ctx context.Context, key cache.Key) error { return g.below.Delete(ctx, key) }
