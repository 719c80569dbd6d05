package disk

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

const (
	// perEntry is the budget of memory for an entry that is on disk, in bytes.
	perEntry = 120
)

func heap() uint64 {
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// The index of a million entries takes little memory, also when it grew one by one, and with as many ghosts.
func TestMemoryPerEntry(t *testing.T) {
	before := heap()
	x := newIndex(&Config{MaxBytes: 1 << 46})
	for k := range uint64(2 * million) {
		x.used++
		x.put(record{id: number(k), blocks: 5, keep: 1 << 31, written: 1})
		x.changes = nil // as the journal does
		if k >= million {
			i, blocks, ok := x.takeVictim(100)
			if !ok {
				t.Fatal("nobody goes")
			}
			x.bury(i, blocks, 1)
			x.changes = nil
		}
	}
	x.changes = nil
	each := float64(heap()-before) / float64(len(x.slots))
	t.Logf("%.1f bytes per entry", each)
	if len(x.slots) != million || each > perEntry {
		t.Errorf("%.1f bytes for each of %d entries, want at most %d", each, len(x.slots), perEntry)
	}
	runtime.KeepAlive(x)
}

// A tier with a million entries is ready within seconds: it reads the index, not the folder. The folder has its 4096
// directories and a file for one entry in 64; the others are in the index only. That they are so is found by
// the walk, which a start does not wait for; and 4 GiB of blocks for it would test the file system.
func TestRestartWithAMillion(t *testing.T) {
	const ready = 3 * time.Second
	c := Config{Path: t.TempDir(), MaxBytes: 1 << 40, Now: fixed}
	s := open(t, c)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	x := newIndex(&Config{MaxBytes: 1 << 46})
	for k := range million {
		x.used++
		x.put(record{id: idOf(key(k)), blocks: 1, keep: deadline(epoch.Add(time.Hour)), written: clock(epoch)})
		x.changes = nil
	}
	if _, err := writeSnapshot(System{}, s.dir, x, 1, true, 1<<30); err != nil {
		t.Fatal(err)
	}
	writeSome(t, s.dir, 64)

	before := heap()
	from := time.Now()
	s = open(t, c)
	took := time.Since(from)
	entries := s.Size().Entries
	each := float64(heap()-before) / million
	t.Logf("ready after %v, %.1f bytes per entry", took, each)
	if took > ready || entries < million-1000 || each > perEntry {
		t.Errorf("ready after %v with %d entries of %.1f bytes; want %v, %d and %d", took, entries, each, ready, million, perEntry)
	}
	for k := 0; k < million; k += 64 * 1009 {
		same(t, s, key(k), entry(k, 40))
	}
	from = time.Now()
	settled(t, s)
	t.Logf("settled %v later", time.Since(from))
	if got := s.Stats(); got.Entries != million/64 || got.Removed["gone"] != million-million/64 {
		t.Errorf("%d entries are left, %d gone; want %d and %d", got.Entries, got.Removed["gone"], million/64, million-million/64)
	}
}

// writeSome writes the file of every nth entry.
func writeSome(t *testing.T, dir string, every int) {
	t.Helper()
	for n := range shelves {
		if err := os.Mkdir(filepath.Join(dir, shelfName(n)), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for k := 0; k < million; k += every {
		i := idOf(key(k))
		name := hex.EncodeToString(i[:])
		if err := os.WriteFile(filepath.Join(dir, name[:shelfChars], name), fileOf(key(k), entry(k, 40)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
