package disk

import (
	"context"
	"errors"
	"time"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/fault"
)

// declined is why a Put does not store although nothing failed.
type declined Decline

func (d declined) Error() string { return "not stored: " + Decline(d).String() }

// Put implements cache.Store. When it declines, and when it fails, what was kept under the key is forgotten,
// for it is out of date. An error is of kind Internal, and has been dealt with: the caller may ignore it.
func (s *Store) Put(_ context.Context, key cache.Key, e *cache.Entry) error {
	s.life.RLock()
	defer s.life.RUnlock()
	if s.closed {
		return nil
	}
	err := s.put(idOf(key), key, e)
	if err == nil {
		return nil
	}
	_ = s.forget(idOf(key), Deleted) // what cannot be removed is tried again later
	var d declined
	switch {
	case errors.As(err, &d):
		s.counters.decline(Decline(d))
		return nil
	case isFull(err):
		s.counters.decline(Full)
	default:
		s.counters.decline(Failed)
	}
	return fault.Wrap(fault.Internal, "cache.disk.put", err)
}

func (s *Store) put(i id, key cache.Key, e *cache.Entry) error {
	now := s.config.Now()
	h := &head{Key: key, Meta: e.Meta, Stored: now, BodyLen: e.Body.Len()}
	if e.Body.Len() > s.config.EntrySize {
		return declined(TooLarge)
	}
	if !now.Before(s.expires(h)) {
		return declined(TooLate)
	}
	select {
	case s.writers <- struct{}{}:
	default:
		return declined(Busy)
	}
	defer func() { <-s.writers }()
	if !s.health.allow(now) {
		return declined(Degraded)
	}
	var err error
	if h.BodySum, err = sumOf(e.Body); err != nil {
		return err // the body's own disk, not ours
	}
	first := appendHead(nil, h)
	if len(first)-headSize > maxMeta {
		return declined(TooLarge)
	}
	return s.store(i, h, first, e.Body)
}

// reserve counts blocks, and entries, as used, evicting until they fit below the bound.
func (s *Store) reserve(blocks, entries int64, now time.Time) error {
	for {
		want, i, size := s.index.reserve(blocks, entries, clock(now))
		switch want {
		case granted:
			return nil
		case hopeless:
			return declined(NoRoom)
		case raise:
			if !s.journal.raise(blocks) {
				s.index.wakeUp()
				return declined(Degraded)
			}
		case evict:
			if err := s.evicted(i, size); err != nil {
				return err
			}
		}
	}
}

// free evicts until so many blocks are free on disk, or nobody is left.
func (s *Store) free(blocks int64, now time.Time) error {
	for blocks > 0 {
		i, size, ok := s.index.takeVictim(clock(now))
		if !ok {
			return nil
		}
		if err := s.evicted(i, size); err != nil {
			return err
		}
		blocks -= size
	}
	return nil
}
