package disk

import (
	"errors"
)

// journalRoom is how many bytes a journal may have: half of what the snapshot has, so that the index is
// written once for a change of half of it, and at least what makes small tiers write seldom.
func (s *Store) journalRoom() int64 {
	s.index.mu.RLock()
	defer s.index.mu.RUnlock()
	return blocksOf(max(snapshotSize(len(s.index.slots))/2, s.spare()*block)) * block
}

// reserveIndex is reserve for the files of the index. While blocks are held back for what may stand in the
// folder unknown, nobody goes for the index's sake: it only saves time, and soon there is room.
func (s *Store) reserveIndex(bytes int64) error {
	if s.doubtful.Load() && !s.index.fits(blocksOf(bytes)) {
		return errLater
	}
	return s.reserve(blocksOf(bytes), 0, s.config.Now())
}

// save writes a snapshot of the index, with a journal to follow it unless the one there can.
func (s *Store) save() {
	if err := s.snapshot(false); err != nil && !errors.Is(err, errLater) {
		s.config.Log.Warn("the disk tier cannot write its index; the next start may have to read the folder",
			"path", s.config.Path, "error", err)
	}
}

func (s *Store) snapshot(clean bool) error {
	k := &s.keeping
	k.mu.Lock()
	defer k.mu.Unlock()
	if !clean && (s.journal.needy() || len(k.old) == 0) {
		room := s.journalRoom()
		if err := s.reserveIndex(room); err != nil {
			return err
		}
		if err := s.beginJournal(k.generation+1, room); err != nil {
			s.index.release(room/block, 0)
			return err
		}
		k.old = append(k.old, oldJournal{k.generation, k.room})
		k.generation, k.room = k.generation+1, room
	}
	generation := k.generation
	if clean {
		generation++ // no journal follows
	}
	most := snapshotSize(s.index.entries() + slabLen) // some may come while it is written
	if err := s.reserveIndex(most); err != nil {
		return err
	}
	size, err := writeSnapshot(s.fs, s.dir, s.index, generation, clean, most)
	s.index.release(blocksOf(most)-blocksOf(size), 0)
	if err != nil {
		s.index.release(blocksOf(size), 0)
		return err
	}
	s.index.release(k.snapshotBlocks, 0)
	k.snapshotBlocks = blocksOf(size)
	kept := k.old[:0]
	for _, j := range k.old {
		if s.fs.Remove(journalName(s.dir, j.generation)) != nil {
			kept = append(kept, j)
			continue
		}
		s.index.release(j.size/block, 0)
	}
	k.old = kept
	return nil
}

// finish writes the last snapshot. If the index does not know every file, the journal stays beside it, and
// the next start has its doubts as this one had.
func (s *Store) finish() error {
	s.unstick()
	clean := !s.doubtful.Load() && s.stuck.none()
	err := s.snapshot(clean)
	if clean && err == nil {
		return s.journal.end()
	}
	s.journal.flush()
	s.journal.close()
	if errors.Is(err, errLater) {
		return nil
	}
	return err
}

func (x *index) entries() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return len(x.slots)
}
