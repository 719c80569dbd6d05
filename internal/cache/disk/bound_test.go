package disk

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

// While writers, readers and deleters do their worst, what stands in the folder, unfinished writes and the index
// included, is never above the bound.
func TestBoundHoldsAtEveryMoment(t *testing.T) {
	const bound = 3 << 20
	s := open(t, Config{Path: t.TempDir(), MaxBytes: bound, MaxEntries: 150, AgeFloor: -1, MaxWriters: 4})
	ctx := context.Background()
	var wg sync.WaitGroup
	done := make(chan struct{})
	for g := range 6 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 7))
			for {
				select {
				case <-done:
					return
				default:
				}
				n := r.IntN(400)
				switch r.IntN(8) {
				case 0:
					if err := s.Delete(ctx, key(n)); err != nil {
						t.Error(err)
					}
				case 1, 2, 3:
					holds(s, key(n))
				default:
					if err := s.Put(ctx, key(n), entry(n, r.IntN(60_000))); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	most, looks := int64(0), 0
	for end := time.Now().Add(2 * time.Second); time.Now().Before(end); looks++ {
		on, _ := standing(t, s.config.Path)
		most = max(most, on)
		if size := s.Size(); size.Bytes > bound || size.Entries > 150 {
			t.Errorf("%d bytes and %d entries are counted", size.Bytes, size.Entries)
		}
	}
	close(done)
	wg.Wait()
	if most > bound {
		t.Errorf("%d bytes stood in the folder, the bound is %d", most, bound)
	}
	stats := s.Stats()
	if most < bound/2 || stats.Removed["evicted"] < 100 {
		t.Errorf("the test never came near the bound: at most %d bytes in %d looks, %v", most, looks, stats.Removed)
	}
	if _, temps := standing(t, s.config.Path); len(temps) > 0 {
		t.Errorf("temporary files are left: %v", temps)
	}
	books(t, s)
	counted(t, s)
}

// counted fails the test unless the books of an idle tier are exactly right about entries, and about files
// and directories at most a few blocks too high: directories are counted at their worst.
func counted(t *testing.T, s *Store) {
	t.Helper()
	s.keeping.mu.Lock()
	defer s.keeping.mu.Unlock()
	s.index.mu.RLock()
	defer s.index.mu.RUnlock()
	blocks := int64(0)
	for _, slot := range s.index.slots {
		blocks += int64(s.index.nodes.at(slot).blocks)
	}
	checkQueues(t, s.index.policy, len(s.index.slots), blocks)
	if s.index.files != int64(len(s.index.slots)) {
		t.Errorf("%d entries count against the bound, %d are there", s.index.files, len(s.index.slots))
	}
	files := int32(0)
	for n := range s.shelves {
		d := &s.shelves[n]
		blocks += int64(d.blocks)
		files += d.files
	}
	if int(files) != len(s.index.slots) {
		t.Errorf("the directories count %d files, there are %d entries", files, len(s.index.slots))
	}
	blocks += fixedBlocks + s.keeping.snapshotBlocks + s.keeping.room/block
	for _, j := range s.keeping.old {
		blocks += j.size / block
	}
	if s.index.used != blocks || s.index.held != 0 {
		t.Errorf("%d blocks are counted as used (%d of them held), %d are", s.index.used, s.index.held, blocks)
	}
}

// An entry above the limit is declined, and what it replaces is forgotten.
func TestLargeEntryIsDeclined(t *testing.T) {
	s := open(t, Config{Path: t.TempDir(), EntrySize: 10_000})
	put(t, s, 1, 10_000)
	same(t, s, key(1), entry(1, 10_000))
	put(t, s, 1, 10_001)
	if holds(s, key(1)) {
		t.Error("the entry that the large one replaces is still there")
	}
	if got := s.Stats().Declined["too-large"]; got != 1 {
		t.Errorf("counted %d, want 1", got)
	}
	if !s.Accepts(10_000) || s.Accepts(10_001) {
		t.Error("Accepts says something else than Put does")
	}
}

// A bound lowered between two runs is met soon after the start, without a Put.
func TestLoweredBound(t *testing.T) {
	c := Config{Path: t.TempDir(), MaxBytes: 16 << 20, AgeFloor: -1}
	s := open(t, c)
	for n := range 800 {
		put(t, s, n, 10_000)
	}
	s.Close()
	c.MaxBytes, c.MaxEntries = 4<<20, 100
	s = open(t, c)
	settled(t, s)
	for end := time.Now().Add(10 * time.Second); s.index.over(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("still above the bound: %+v", s.Size())
		}
	}
	books(t, s)
	if got := s.Size(); got.Entries > 100 || got.Entries < 90 {
		t.Errorf("%d entries, want nearly 100", got.Entries)
	}
}

// Beyond MaxWriters a Put is declined at once.
func TestWritersAreBounded(t *testing.T) {
	s := open(t, Config{Path: t.TempDir(), MaxWriters: 2})
	s.writers <- struct{}{}
	put(t, s, 1, 100)
	s.writers <- struct{}{}
	put(t, s, 2, 100)
	if got := s.Stats(); got.Declined["busy"] != 1 || got.Writing != 2 || got.Entries != 1 {
		t.Errorf("declined %v, %d writing, %d entries; want one busy, 2 and 1", got.Declined, got.Writing, got.Entries)
	}
	<-s.writers
	<-s.writers
}
