package disk

import (
	"context"

	"github.com/stillroom/stillroom/internal/cache"
)

// Walk calls do with the key and meta of each entry, in no order, until it returns false. It reads the
// head of every file. Entries that come or go meanwhile may be met or not; damaged ones are passed over, as
// are those that were not found in the folder yet (see Stats.Settling). Do may call the tier.
func (s *Store) Walk(ctx context.Context, do func(cache.Key, cache.Meta) bool) error {
	for from := uint32(none + 1); ; from += slabLen {
		ids, more := s.index.some(from)
		for _, i := range ids {
			if err := ctx.Err(); err != nil {
				return err
			}
			if h := s.look(i); h != nil && !do(h.Key, h.Meta) {
				return nil
			}
		}
		if !more {
			return nil
		}
	}
}

// look returns the head of an entry without noting a use; nil = it cannot be had.
func (s *Store) look(i id) *head {
	s.life.RLock()
	defer s.life.RUnlock()
	if s.closed {
		return nil
	}
	f, err := s.fs.Open(s.path(i))
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }()
	h, err := s.readHead(f)
	if err != nil || idOf(h.Key) != i {
		return nil
	}
	return h
}

// some returns the entries of slabLen slots, and whether there are more slots.
func (x *index) some(from uint32) (ids []id, more bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	for slot := from; slot < from+slabLen && slot <= x.nodes.made; slot++ {
		if n := x.nodes.at(slot); n.place != unused {
			ids = append(ids, n.id)
		}
	}
	return ids, from+slabLen <= x.nodes.made
}
