package disk

import (
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/cespare/xxhash/v2"
	"github.com/google/go-cmp/cmp"
)

// shelfless is an index without a folder, with n entries in all queues.
func shelfless(n int) *index {
	x := newIndex(&Config{MaxBytes: 1 << 40})
	r := rand.New(rand.NewPCG(9, 10))
	for k := range n {
		x.used++
		x.put(record{id: number(uint64(k)), blocks: 1 + uint32(k%3), keep: uint32(1000 + k), written: uint32(k), weight: uint8(k % 4)})
		if r.IntN(3) == 0 {
			x.use(number(uint64(r.IntN(k + 1))))
		}
	}
	x.graduate(uint32(n))
	for range n / 4 {
		x.look()
	}
	x.used = 0
	for _, slot := range x.slots {
		x.used += int64(x.nodes.at(slot).blocks)
	}
	return x
}

func orderOf(x *index) (list [places][]record) {
	for at := nursery; at < places; at++ {
		for slot := x.queues[at].head; slot != none; slot = x.nodes.at(slot).next {
			list[at] = append(list[at], recordOf(x.nodes.at(slot)))
		}
	}
	return list
}

// A snapshot brings back every entry in its place in its queue, even when the queues' clock went round.
func TestSnapshotKeepsTheQueues(t *testing.T) {
	for _, start := range []uint32{0, 1<<32 - 500} {
		x := newIndex(&Config{MaxBytes: 1 << 40})
		x.stamp = start
		for k := range 3000 {
			x.put(record{id: number(uint64(k)), blocks: 2, keep: 9, written: 1})
			x.used += 2
			x.use(number(uint64(k / 2)))
			if k%10 == 9 {
				x.graduate(100)
				x.look()
			}
		}
		dir := t.TempDir()
		size, err := writeSnapshot(System{}, dir, x, 7, true, 1<<30)
		if err != nil || size != snapshotSize(3000) {
			t.Fatalf("%d bytes, %v; want %d", size, err, snapshotSize(3000))
		}
		y := newIndex(&Config{MaxBytes: 1 << 40})
		l := y.load(System{}, dir, 1, nil)
		if l.problem != nil || !l.complete || l.generation != 7 || y.used != x.used {
			t.Fatalf("%+v, %d blocks; want %d", l, y.used, x.used)
		}
		if diff := cmp.Diff(orderOf(x), orderOf(y), cmp.AllowUnexported(record{})); diff != "" {
			t.Errorf("the queues differ (-saved +loaded):\n%s", diff[:min(len(diff), 2000)])
		}
		checkQueues(t, y.policy, 3000, y.used)
	}
}

func TestRecordIs36Bytes(t *testing.T) {
	want := record{id: number(5), blocks: 1, keep: 2, written: 3, stamp: 4, place: main, weight: 1, rounds: 2, uses: 3}
	b := want.append(nil)
	if len(b) != recordSize {
		t.Fatalf("%d bytes, want %d", len(b), recordSize)
	}
	if got, ok := parseRecord((*[recordSize]byte)(b)); !ok || got != want {
		t.Errorf("got %+v, %v; want %+v", got, ok, want)
	}
}

// Whatever stands in the index's files, loading them ends, and what it believed is consistent.
func FuzzLoad(f *testing.F) {
	x := shelfless(6) // small, or the fuzzer spends its time on making it smaller
	dir := f.TempDir()
	if _, err := writeSnapshot(System{}, dir, x, 3, false, 1<<30); err != nil {
		f.Fatal(err)
	}
	snapshot, err := os.ReadFile(filepath.Join(dir, snapshotName))
	if err != nil {
		f.Fatal(err)
	}
	changes, _ := x.takeChanges()
	journal := append(appendJournalHead(nil, 3, 1000, 1), changes...)
	f.Add(snapshot, journal, true)
	f.Add(snapshot, appendMark(journal, 2000), true)
	f.Add(snapshot[:len(snapshot)-3], journal[:len(journal)-3], true)
	f.Add([]byte(snapshotMagic), []byte(journalMagic), false)
	f.Fuzz(func(t *testing.T, snapshot, journal []byte, sign bool) {
		if sign { // or the sums would keep everything interesting out
			resign(snapshot, journal)
		}
		if err := os.WriteFile(filepath.Join(dir, snapshotName), snapshot, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(journalName(dir, 3), journal, 0o600); err != nil {
			t.Fatal(err)
		}
		x := newIndex(&Config{MaxBytes: 1 << 40})
		l := x.load(System{}, dir, 1, []oldJournal{{3, int64(len(journal))}})
		if l.complete {
			t.Error("complete although there is a journal")
		}
		checkQueues(t, x.policy, len(x.slots), x.used)
		for i, slot := range x.slots {
			if x.nodes.at(slot).id != i {
				t.Fatalf("%x is entered under %x", x.nodes.at(slot).id, i)
			}
		}
	})
}

func resign(snapshot, journal []byte) {
	if n := len(snapshot) - snapshotTail; n >= 0 {
		binary.LittleEndian.PutUint64(snapshot[n:], xxhash.Sum64(snapshot[:n]))
	}
	if len(journal) >= journalHead {
		binary.LittleEndian.PutUint64(journal[40:], xxhash.Sum64(journal[:40]))
		for at := journalHead; at+changeSize <= len(journal); at += changeSize {
			c := journal[at : at+changeSize]
			binary.LittleEndian.PutUint32(c[recordSize:], uint32(xxhash.Sum64(c[:recordSize])))
		}
	}
}
