package disk

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"sync"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/fault"
)

// Delete implements cache.Store.
func (s *Store) Delete(_ context.Context, key cache.Key) error {
	s.life.RLock()
	defer s.life.RUnlock()
	if s.closed {
		return nil
	}
	return fault.Wrap(fault.Internal, "cache.disk.delete", s.forget(idOf(key), Deleted))
}

// leftover is a file that is no entry any more, and what it is counted as.
type leftover struct {
	path            string
	id              id
	named           bool // it bears the name of id, which another file may have been given since
	blocks, entries int64
}

// unlink removes a file and counts its blocks as free. What cannot be removed stays counted, and is tried
// again later. The caller has the lock of the directory.
func (s *Store) unlink(n int, l leftover) error {
	d := &s.shelves[n]
	missing := int64(0)
	if l.named && !s.index.has(l.id) {
		missing = s.missing(l.id, l.blocks)
	}
	if !l.named || !s.index.has(l.id) {
		if err := s.fs.Remove(l.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.stuck.add(l)
			if l.named {
				s.index.doom(l.id)
			}
			return err
		}
	}
	if l.named {
		s.handles.drop(l.id)
		s.index.bury(l.id, l.blocks, l.entries)
		s.index.hold(missing)
	} else {
		s.index.release(l.blocks, l.entries)
	}
	d.files = max(d.files-1, 0)
	// An empty directory goes: a small tier would otherwise be full of them. One with files that we have
	// not met yet is kept by the system.
	if d.files == 0 && d.blocks > 0 && s.fs.Remove(s.shelfPath(n)) == nil {
		s.index.release(int64(d.blocks), 0)
		d.blocks = 0
	}
	return nil
}

// missing returns how many of the blocks that an entry is counted with its file does not take. While the folder is not
// known, the index may speak of files that went before a kill:
//
//	what stands    what the index says    held back below the mark
//	c d e          a b c                  d e, as many blocks as the mark is above a b c
//
// Taking a out frees nothing, so what it is counted with is held back for what stands unknown, until all is known.
func (s *Store) missing(i id, counted int64) int64 {
	if !s.settling.Load() {
		return 0
	}
	info, err := s.fs.Lstat(s.path(i))
	switch {
	case err == nil:
		return max(counted-blocksOf(info.Size()), 0)
	case errors.Is(err, fs.ErrNotExist):
		return counted
	}
	return 0
}

// forget takes an entry out and removes its file.
func (s *Store) forget(i id, why Removal) error {
	n := shelfOf(i)
	s.shelves[n].mu.Lock()
	defer s.shelves[n].mu.Unlock()
	blocks, known := s.index.remove(i)
	if known {
		s.counters.remove(why, blocks*block)
		return s.unlink(n, leftover{path: s.path(i), id: i, named: true, blocks: blocks, entries: 1})
	}
	if s.doubtful.Load() { // the file may be there all the same, and would be found later
		if err := s.fs.Remove(s.path(i)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// evicted removes the file of an entry that the index has put out.
func (s *Store) evicted(i id, blocks int64) error {
	n := shelfOf(i)
	s.shelves[n].mu.Lock()
	defer s.shelves[n].mu.Unlock()
	s.counters.remove(Evicted, blocks*block)
	return s.unlink(n, leftover{path: s.path(i), id: i, named: true, blocks: blocks, entries: 1})
}

// remove is forget for a file that was looked at: another that bears the name by now stays. A nil file is
// one that could not be opened.
func (s *Store) remove(i id, f *os.File, why Removal) {
	if blocks, ok := s.takeOut(i, f); ok {
		s.counters.remove(why, blocks*block)
	}
}

// discard is remove for a damaged file.
func (s *Store) discard(i id, f *os.File, kind Damage) {
	if _, ok := s.takeOut(i, f); ok {
		s.counters.damage(kind)
		s.config.Log.Warn("the disk tier removed a damaged file", "file", s.path(i), "damage", kind.String())
	}
}

func (s *Store) takeOut(i id, f *os.File) (blocks int64, ok bool) {
	n := shelfOf(i)
	s.shelves[n].mu.Lock()
	defer s.shelves[n].mu.Unlock()
	if f != nil && !s.bears(i, f) {
		return 0, false
	}
	blocks, known := s.index.remove(i)
	if !known {
		return 0, s.fs.Remove(s.path(i)) == nil
	}
	_ = s.unlink(n, leftover{path: s.path(i), id: i, named: true, blocks: blocks, entries: 1}) // tried again
	return blocks, true
}

// bears reports whether an open file still bears the name of an entry.
func (s *Store) bears(i id, f *os.File) bool {
	ours, err := f.Stat()
	if err != nil {
		return true
	}
	now, err := s.fs.Lstat(s.path(i))
	return err != nil || os.SameFile(ours, now)
}

// gone takes an entry out whose file is not there.
func (s *Store) gone(i id) {
	n := shelfOf(i)
	s.shelves[n].mu.Lock()
	defer s.shelves[n].mu.Unlock()
	if _, err := s.fs.Lstat(s.path(i)); !errors.Is(err, fs.ErrNotExist) {
		return
	}
	if blocks, known := s.index.remove(i); known {
		s.counters.remove(Gone, blocks*block)
		_ = s.unlink(n, leftover{path: s.path(i), id: i, named: true, blocks: blocks, entries: 1}) // tried again
	}
}

// stuck are files that could not be removed.
type stuck struct {
	mu    sync.Mutex
	files []leftover
}

func (k *stuck) add(l leftover) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.files = append(k.files, l)
}

func (k *stuck) none() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.files) == 0
}

// unstick tries once more to remove what could not be removed.
func (s *Store) unstick() {
	s.stuck.mu.Lock()
	files := s.stuck.files
	s.stuck.files = nil
	s.stuck.mu.Unlock()
	for _, l := range files {
		n := shelfOf(l.id)
		s.shelves[n].mu.Lock()
		_ = s.unlink(n, l)
		s.shelves[n].mu.Unlock()
	}
}
