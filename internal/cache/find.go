package cache

import (
	"context"
	"time"
)

// Wanted narrows what a look-up may find. The zero value is what Get does.
type Wanted struct {
	// After passes over entries whose source fetch did not begin after it; zero = over none.
	After time.Time
	// Local leaves out what is shared with other machines.
	Local bool
}

// Finder is a Store that may hold several entries under one key, in tiers, and can be asked for one in particular. Find is
// Get but for what it passes over.
type Finder interface {
	Find(ctx context.Context, key Key, w Wanted) (*Entry, error)
}

// Prepared, because each is a normal answer.
var (
	errOlder  = NotFound("what is held is not newer")
	errShared = NotFound("only what is shared could hold it")
)

// Find looks a key up in a store. One that is no Finder holds one entry under each key, on this machine, and is asked for
// that.
func Find(ctx context.Context, s Store, key Key, w Wanted) (*Entry, error) {
	if f, ok := s.(Finder); ok {
		return f.Find(ctx, key, w)
	}
	e, err := s.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	return w.only(e)
}

// only returns an entry if it is wanted, and closes it otherwise.
func (w Wanted) only(e *Entry) (*Entry, error) {
	if !w.After.IsZero() && !e.Created.After(w.After) {
		_ = e.Body.Close() // nothing was read from it
		return nil, errOlder
	}
	return e, nil
}
