package disk

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"time"
)

// stint is how long settle works before it pauses as long.
const stint = 5 * time.Millisecond

// settle compares the folder with the index, directory by directory, while the tier serves: it adopts entries that
// the index does not know, reading their heads only, takes out those whose file is gone, and removes
// what is left of unfinished writes and what is not ours. It works half of the time at most, so that what is asked
// for goes first.
//
// MaxEntries is the one bound that a kill may leave broken, by the entries of the last second before it, until
// settle ends and the rest is trimmed: the mark counts blocks only.
func (s *Store) settle(ctx context.Context) {
	began := time.Now()
	adopted := 0
	worked := time.Duration(0)
	for n := range s.shelves {
		from := time.Now()
		adopted += s.settleShelf(n)
		if worked += time.Since(from); worked < stint {
			continue
		}
		pause := time.NewTimer(worked)
		worked = 0
		select {
		case <-ctx.Done():
			pause.Stop()
			return
		case <-pause.C:
		}
	}
	lost := 0
	for _, i := range s.index.unseen() {
		if ctx.Err() != nil {
			return
		}
		s.gone(i)
		lost++
	}
	s.index.settled()
	s.doubtful.Store(false)
	s.settling.Store(false)
	close(s.known)
	s.config.Log.Info("the disk tier's index agrees with its folder", "path", s.config.Path,
		"entries", s.index.entries(), "adopted", adopted, "missing", lost, "after", time.Since(began))
}

// settleShelf settles one directory. Its lock is held for about a third of a millisecond with 250 files that are
// known, and ten times as long if none is.
func (s *Store) settleShelf(n int) (adopted int) {
	d := &s.shelves[n]
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.blocks == 0 {
		return 0 // not there, as far as the start or we ourselves know
	}
	list, err := s.fs.ReadDir(s.shelfPath(n))
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			s.config.Log.Warn("the disk tier cannot list a directory", "path", s.shelfPath(n), "error", err)
		}
		return 0
	}
	files := int32(0)
	var known []id
	for _, e := range list {
		i, ok := parseName(e.Name())
		switch {
		case ok && shelfOf(i) == n && e.Type().IsRegular():
			files++
			if s.index.has(i) {
				known = append(known, i)
			} else if s.adoptFile(i) {
				adopted++
			} else if !s.index.isDoomed(i) {
				files--
			}
		case isTemp(e.Name()) && len(e.Name()) > len(s.token) && e.Name()[:len(s.token)] == s.token:
			files++ // being written
		default:
			s.sweep(filepath.Join(s.shelfPath(n), e.Name()), e)
		}
	}
	s.index.see(known)
	d.files = files
	if more := directoryBlocks(files) - d.blocks; more > 0 {
		d.blocks += more
		s.index.charge(int64(more))
	}
	return adopted
}

// adopt looks for a file that the index does not know, and enters it. Until the folder is settled, a miss
// of the index is no miss yet.
func (s *Store) adopt(i id) bool {
	d := &s.shelves[shelfOf(i)]
	d.mu.Lock()
	defer d.mu.Unlock()
	if s.index.has(i) {
		return true
	}
	if !s.adoptFile(i) {
		return false
	}
	d.files++
	return true
}

// adoptFile enters a file by its head. A damaged one it removes. The caller has the lock of the directory.
func (s *Store) adoptFile(i id) bool {
	if s.index.isDoomed(i) {
		return false // whoever took it out is about to remove it
	}
	path := s.path(i)
	f, err := s.fs.Open(path)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	h, err := s.readHead(f)
	if err == nil && idOf(h.Key) != i {
		err = damaged(Foreign, "the file is another entry's")
	}
	if err == nil && !s.config.Now().Before(s.expires(h)) {
		if s.fs.Remove(path) == nil {
			s.counters.remove(Expired, blocksOf(h.size())*block)
		}
		return false
	}
	if err != nil {
		var d *damageError
		if !errors.As(err, &d) {
			d = &damageError{Unreadable, err.Error()}
		}
		if s.fs.Remove(path) == nil {
			s.counters.damage(d.kind)
		}
		return false
	}
	blocks := blocksOf(h.size())
	s.index.adopt(record{
		id: i, blocks: uint32(blocks), keep: deadline(h.Meta.Clocks.Keep), written: clock(h.Stored),
		weight: s.index.weigh(h.Meta.Cost, blocks),
	})
	return true
}

// see notes that the files of these entries are there.
func (x *index) see(list []id) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, i := range list {
		if slot, ok := x.slots[i]; ok {
			x.nodes.at(slot).marks &^= unseen
		}
	}
}

// unseen returns the entries that no file was met for.
func (x *index) unseen() (list []id) {
	x.mu.RLock()
	made := x.nodes.made
	x.mu.RUnlock()
	for from := uint32(none + 1); from <= made; from += slabLen {
		x.mu.RLock()
		for slot := from; slot < from+slabLen && slot <= made; slot++ {
			if n := x.nodes.at(slot); n.place != unused && n.marks&unseen != 0 {
				list = append(list, n.id)
			}
		}
		x.mu.RUnlock()
	}
	return list
}

// settled gives back what was held for files that are not there.
func (x *index) settled() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.used -= x.held
	x.held = 0
}
