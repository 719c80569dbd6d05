package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// begin reads the index and brings the books into order: from here on the bound holds.
func (s *Store) begin(fresh bool) error {
	s.journal = &journal{fs: s.fs, dir: s.dir, index: s.index, boot: bootID()}
	x := s.index
	l := loaded{complete: true}
	if !fresh {
		journals, err := s.survey()
		if err != nil {
			return err
		}
		l = x.load(s.fs, s.dir, s.journal.boot, journals)
		if l.problem != nil {
			s.config.Log.Warn("the disk tier's index is damaged; the folder is read again",
				"path", s.config.Path, "error", l.problem)
		}
	}
	for slot := range x.slots {
		s.shelves[shelfOf(slot)].files++
	}
	x.used += fixedBlocks + blocksOf(l.snapshot)
	for n := range s.shelves {
		if d := &s.shelves[n]; d.blocks > 0 || d.files > 0 {
			d.blocks = max(d.blocks, directoryBlocks(d.files))
			x.used += int64(d.blocks)
		}
	}
	if !l.complete {
		s.doubtful.Store(true)
		s.doubt(l.mark)
	}
	s.dropJournals(l.journals)
	s.keeping.snapshotBlocks = blocksOf(l.snapshot)
	if fresh {
		// Without a snapshot to follow, the journal would not be believed after a kill.
		size, err := writeSnapshot(s.fs, s.dir, x, 0, false, block)
		if err != nil {
			return err
		}
		s.keeping.snapshotBlocks = blocksOf(size)
		x.used += blocksOf(size)
	}
	s.settling.Store(!fresh)
	s.keeping.generation = l.generation
	return s.beginJournal(l.generation, s.spare()*block)
}

// spare is what the index's limit leaves below the bound, in blocks: room for the journal that a start begins before
// anything can be known to be free. It is not counted as used.
func (s *Store) spare() int64 { return spareBlocks(s.config.MaxBytes) }

func spareBlocks(bound int64) int64 { return blocksOf(min(1<<20, bound/64)) }

// dropJournals removes the journals of the last run. What they said is in the index now; if we are killed before
// it is written, the folder says the same, more slowly.
func (s *Store) dropJournals(journals []oldJournal) {
	for _, j := range journals {
		if s.fs.Remove(journalName(s.dir, j.generation)) != nil {
			j.size = blocksOf(j.size) * block
			s.index.used += j.size / block
			s.keeping.old = append(s.keeping.old, j)
		}
	}
}

// doubt holds back the blocks that may stand on disk unknown to the index: all up to the mark, or up to the
// bound if no mark can be believed. What the folder turns out to hold is taken from there; when
// the whole folder was seen, the rest is given back (see settle). Until then new entries fit into what is left,
// or are paid for by evicting known ones, or are declined. So the bound holds although nobody has counted yet.
func (s *Store) doubt(mark int64) {
	x := s.index
	if mark < 0 || mark > x.limit {
		mark = x.limit
	}
	x.held = max(mark-x.used, 0)
	x.used += x.held
}

// survey lists the directory of the layout: it notes which directories there are and what they take, and
// removes what does not belong there. It returns the journals, oldest first.
func (s *Store) survey() (journals []oldJournal, err error) {
	entries, err := s.fs.ReadDir(s.dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		path := filepath.Join(s.dir, e.Name())
		n, isShelf := parseShelf(e.Name())
		generation, isJournal := parseJournalName(e.Name())
		switch {
		case isShelf && e.IsDir():
			info, err := s.fs.Lstat(path)
			if err != nil {
				return nil, err
			}
			s.shelves[n].blocks = int32(max(blocksOf(info.Size()), 1))
		case isJournal && e.Type().IsRegular():
			info, err := s.fs.Lstat(path)
			if err != nil {
				return nil, err
			}
			journals = append(journals, oldJournal{generation, info.Size()})
		case e.Name() == snapshotName && e.Type().IsRegular():
		default:
			s.sweep(path, e)
		}
	}
	slices.SortFunc(journals, func(a, b oldJournal) int {
		if a.generation < b.generation {
			return -1
		}
		return 1
	})
	return journals, nil
}

func parseJournalName(name string) (generation uint64, ok bool) {
	digits, ok := strings.CutPrefix(name, journalPrefix)
	if !ok || len(digits) != 16 {
		return 0, false
	}
	generation, err := strconv.ParseUint(digits, 16, 64)
	return generation, err == nil
}

// sweep removes what does not belong into the folder. A directory that is not empty stays: nothing of ours
// makes one, so somebody else may miss it.
func (s *Store) sweep(path string, e fs.DirEntry) {
	kind := Foreign
	if isTemp(e.Name()) || e.Name() == snapshotTemp {
		kind = Temporary
	}
	if err := s.fs.Remove(path); err != nil {
		if !errors.Is(err, os.ErrNotExist) {
			s.config.Log.Warn("the disk tier cannot remove what does not belong into its folder", "path", path, "error", err)
		}
		return
	}
	s.counters.damage(kind)
}

func (s *Store) beginJournal(generation uint64, room int64) error {
	if err := s.journal.begin(generation, room); err != nil {
		return fmt.Errorf("journal of the index: %w", err)
	}
	return nil
}
