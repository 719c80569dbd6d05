package disk

import (
	"context"
	"errors"
	"sync"
	"time"
)

// keeping is what stands on disk of the index. Its lock comes before all others.
type keeping struct {
	mu             sync.Mutex
	generation     uint64 // of the journal
	snapshotBlocks int64
	old            []oldJournal // that stand on disk beside the current one, with the bytes they are counted as
	room           int64        // bytes that the current journal is counted as
}

// flushAfter is how far the journal may be behind. Nothing runs while nothing changes.
const flushAfter = time.Second

// keep writes the journal and the snapshots of the index and removes what has expired, until the tier is
// closed.
func (s *Store) keep(ctx context.Context) {
	cleanup := time.NewTicker(s.config.CleanupInterval)
	defer cleanup.Stop()
	flush := time.NewTimer(flushAfter)
	flush.Stop()
	s.trim(ctx)
	known := s.known
	for armed := false; ; {
		select {
		case <-ctx.Done():
			return
		case <-known:
			known = nil
			s.trim(ctx)
			if s.journal.grown() {
				s.save()
			}
		case <-s.index.wake:
			if !armed {
				flush.Reset(flushAfter)
				armed = true
				continue
			}
			s.flush()
		case <-flush.C:
			armed = false
			s.flush()
		case <-cleanup.C:
			s.cleanup(ctx)
		}
	}
}

func (s *Store) flush() {
	if s.journal.flush() {
		s.save()
	}
}

// cleanup removes what has expired and what could not be removed before.
func (s *Store) cleanup(ctx context.Context) {
	now := s.config.Now()
	for _, i := range s.index.expired(clock(now)) {
		if ctx.Err() != nil {
			return
		}
		s.expire(i, clock(now))
	}
	s.unstick()
	s.handles.sweep()
	s.trim(ctx)
	if s.journal.grown() {
		s.save()
	}
}

// trim brings the tier below bounds that were lowered.
func (s *Store) trim(ctx context.Context) {
	for ctx.Err() == nil && s.index.over() {
		i, blocks, ok := s.index.takeVictim(clock(s.config.Now()))
		if !ok || s.evicted(i, blocks) != nil {
			return
		}
	}
}

// errLater says that the index has to wait until the folder is known.
var errLater = errors.New("no room for the index yet")
