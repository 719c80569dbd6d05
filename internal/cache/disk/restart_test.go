package disk

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/fault"
)

// abandon leaves a tier as a kill would: nothing is written any more, and the folder is free.
func abandon(s *Store) {
	s.stop()
	s.finished.Wait()
	s.life.Lock()
	defer s.life.Unlock()
	s.closed = true
	s.journal.close()
	s.lock.Close()
}

func TestRestart(t *testing.T) {
	c := Config{Path: t.TempDir(), Now: fixed}
	s := open(t, c)
	for n := range 300 {
		put(t, s, n, 100*n)
	}
	if err := s.Delete(context.Background(), key(7)); err != nil {
		t.Fatal(err)
	}
	before := s.Size()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(c.Path, layout, journalPrefix+"*")); len(left) > 0 {
		t.Errorf("journals are left: %v", left)
	}
	s = open(t, c)
	if s.doubtful.Load() {
		t.Error("the index does not trust itself although the tier was closed in order")
	}
	if after := s.Size(); after.Entries != 299 || after.Bytes > before.Bytes+2*block {
		t.Errorf("%d entries and %d bytes after the restart, want 299 and about %d", after.Entries, after.Bytes, before.Bytes)
	}
	settled(t, s)
	for n := range 300 {
		if n != 7 {
			same(t, s, key(n), entry(n, 100*n))
		}
	}
	if holds(s, key(7)) {
		t.Error("what was deleted is back")
	}
	books(t, s)
	counted(t, s)
}

// After a kill, every entry that was stored is a hit at once, whether or not the journal had heard of it, and
// whatever became of the index.
func TestRestartAfterKill(t *testing.T) {
	for name, spoil := range map[string]func(dir string) error{
		"nothing damaged": func(string) error { return nil },
		"no snapshot":     func(dir string) error { return os.Remove(filepath.Join(dir, snapshotName)) },
		"empty snapshot":  func(dir string) error { return os.Truncate(filepath.Join(dir, snapshotName), 0) },
		"changed snapshot": func(dir string) error {
			return change(filepath.Join(dir, snapshotName), func(b []byte) []byte { b[20] ^= 1; return b })
		},
		"cut journal": func(dir string) error {
			return eachJournal(dir, func(b []byte) []byte { return b[:len(b)-len(b)/3] })
		},
		"changed journal": func(dir string) error {
			return eachJournal(dir, func(b []byte) []byte { b[len(b)/2] ^= 1; return b })
		},
		"empty journal": func(dir string) error { return eachJournal(dir, func([]byte) []byte { return nil }) },
		"foreign journal": func(dir string) error {
			return eachJournal(dir, func(b []byte) []byte { return bytes.Repeat([]byte("x"), len(b)) })
		},
		"no index at all": func(dir string) error {
			for _, pattern := range []string{snapshotName, journalPrefix + "*"} {
				names, _ := filepath.Glob(filepath.Join(dir, pattern))
				for _, n := range names {
					if err := os.Remove(n); err != nil {
						return err
					}
				}
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := Config{Path: t.TempDir(), Now: fixed}
			s := open(t, c)
			for n := range 100 {
				put(t, s, n, 1000+n)
			}
			s.journal.flush()
			for n := range 100 {
				put(t, s, 100+n, 1000+n) // the journal does not hear of these
			}
			abandon(s)
			if err := spoil(s.dir); err != nil {
				t.Fatal(err)
			}
			s = open(t, c)
			for n := range 200 {
				same(t, s, key(n), entry(n, 1000+n%100))
			}
			books(t, s)
			settled(t, s)
			books(t, s)
			if got := s.Size().Entries; got != 200 {
				t.Errorf("%d entries, want 200", got)
			}
			s.flush()
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s = open(t, c)
			settled(t, s)
			counted(t, s)
		})
	}
}

func change(file string, how func([]byte) []byte) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return os.WriteFile(file, how(b), 0o600)
}

func eachJournal(dir string, how func([]byte) []byte) error {
	names, err := filepath.Glob(filepath.Join(dir, journalPrefix+"*"))
	if err == nil && len(names) == 0 {
		return os.ErrNotExist
	}
	for _, n := range names {
		if err := change(n, how); err != nil {
			return err
		}
	}
	return err
}

// A tier that is full and was killed, and whose index is lost, admits nothing that could break the bound before it
// knows what stands there.
func TestBoundHoldsBeforeTheFolderIsKnown(t *testing.T) {
	c := Config{Path: t.TempDir(), MaxBytes: 2 << 20, Now: fixed}
	s := open(t, c)
	for n := range 300 {
		put(t, s, n, 20_000)
	}
	abandon(s)
	for _, n := range []string{snapshotName, filepath.Base(journalName("", s.keeping.generation))} {
		if err := os.Remove(filepath.Join(s.dir, n)); err != nil {
			t.Fatal(err)
		}
	}
	s = open(t, c)
	for n := range 300 {
		put(t, s, 1000+n, 20_000)
		if n%10 == 0 {
			if on, _ := standing(t, c.Path); on > c.MaxBytes {
				t.Fatalf("%d bytes stand in the folder after %d puts, the bound is %d", on, n+1, c.MaxBytes)
			}
		}
	}
	settled(t, s)
	books(t, s)
}

// A tier that is far from full goes on storing after a kill, and evicts nobody for it.
func TestKillOfATierWithRoomEvictsNobody(t *testing.T) {
	c := Config{Path: t.TempDir(), MaxBytes: 64 << 20, Now: fixed}
	s := open(t, c)
	for n := range 300 {
		put(t, s, n, 5000)
	}
	abandon(s)
	s = open(t, c)
	for n := range 300 {
		put(t, s, 1000+n, 5000)
	}
	settled(t, s)
	if got := s.Stats(); got.Entries != 600 || got.Removed["evicted"] > 0 || got.Declined["no-room"] > 0 {
		t.Errorf("%d entries, removed %v, declined %v; want 600 and nothing else", got.Entries, got.Removed, got.Declined)
	}
}

// What is deleted while the folder is not known yet does not come back with the walk.
func TestDeleteWhileUnknown(t *testing.T) {
	c := Config{Path: t.TempDir(), Now: fixed}
	s := open(t, c)
	for n := range 50 {
		put(t, s, n, 100)
	}
	abandon(s)
	s = open(t, c)
	for n := range 50 {
		if err := s.Delete(context.Background(), key(n)); err != nil {
			t.Fatal(err)
		}
	}
	settled(t, s)
	if got := s.Size().Entries; got != 0 {
		t.Errorf("%d entries came back", got)
	}
}

// Who was wanted before the restart is wanted after it: uses and queues are in the snapshot.
func TestRestartKeepsTheOrder(t *testing.T) {
	c := Config{Path: t.TempDir(), MaxBytes: 4 << 20, AgeFloor: -1, Now: fixed}
	s := open(t, c)
	for n := range 60 {
		put(t, s, n, 20_000)
	}
	for n := range 20 {
		holds(s, key(n))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, c)
	settled(t, s)
	for n := range 300 {
		put(t, s, 1000+n, 20_000)
	}
	for n := range 20 {
		if !holds(s, key(n)) {
			t.Errorf("%d was asked for before the restart, and went before those that never were", n)
		}
	}
}

func TestTTL(t *testing.T) {
	clock := newHands()
	c := Config{Path: t.TempDir(), TTL: time.Hour, CleanupInterval: time.Hour, Now: clock.now}
	s := open(t, c)
	put(t, s, 1, 100)
	put(t, s, 2, 100)
	e := entry(3, 100)
	e.Clocks.Keep = epoch.Add(time.Minute)
	if err := s.Put(context.Background(), key(3), e); err != nil {
		t.Fatal(err)
	}
	clock.set(epoch.Add(time.Minute - 1))
	same(t, s, key(3), e)
	clock.set(epoch.Add(time.Minute))
	if _, err := s.Get(context.Background(), key(3)); !fault.Is(err, fault.NotFound) {
		t.Errorf("Get at the end of its own time: %v", err)
	}
	if _, err := os.Stat(s.path(idOf(key(3)))); !os.IsNotExist(err) {
		t.Error("the file is still there after it was met")
	}
	clock.set(epoch.Add(time.Hour - 1))
	same(t, s, key(1), entry(1, 100))
	clock.set(epoch.Add(time.Hour))
	if holds(s, key(1)) {
		t.Error("found after the tier's TTL")
	}
	s.cleanup(context.Background())
	if _, err := os.Stat(s.path(idOf(key(2)))); !os.IsNotExist(err) {
		t.Error("the cleanup left an expired file")
	}
	if got := s.Stats(); got.Removed["expired"] != 3 || got.Entries != 0 {
		t.Errorf("%d expired, %d entries; want 3 and 0", got.Removed["expired"], got.Entries)
	}
	counted(t, s)
}

// An entry that was evicted, and whose file is about to be removed, is not brought back by the walk.
func TestWalkLeavesTheDoomed(t *testing.T) {
	c := Config{Path: t.TempDir(), AgeFloor: -1, Now: fixed}
	s := open(t, c)
	put(t, s, 1, 5000)
	i, blocks, ok := s.index.takeVictim(clock(epoch))
	if !ok {
		t.Fatal("nobody goes")
	}
	s.doubtful.Store(true)
	s.settleShelf(shelfOf(i))
	if s.adopt(i) || s.Size().Entries != 0 {
		t.Error("the walk, or a Get, brought it back")
	}
	s.doubtful.Store(false)
	if err := s.evicted(i, blocks); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(s.path(i)); !os.IsNotExist(err) {
		t.Error("its file is still there")
	}
	put(t, s, 1, 5000)
	same(t, s, key(1), entry(1, 5000))
	counted(t, s)
}
