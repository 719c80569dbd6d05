package disk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"

	"github.com/cespare/xxhash/v2"
)

var errGrown = errors.New("the index grew while it was written")

// loaded is what the files of the index said.
type loaded struct {
	generation uint64 // the next one that is free
	complete   bool   // the tier was closed in order: the index knows every file
	mark       int64  // blocks that may stand on disk at most; -1 = not known
	snapshot   int64  // bytes of the snapshot
	journals   []oldJournal
	problem    error // why something was not used; nil = all was
}

type oldJournal struct {
	generation uint64
	size       int64
}

// load fills an empty index from the snapshot and the journals. Whatever is wrong with them leaves the index
// with less in it, or with what is no longer true; both the folder tells. Nothing is ever believed that a
// file's own head does not confirm.
func (x *index) load(fs FS, dir string, boot uint64, journals []oldJournal) loaded {
	l := loaded{mark: -1, journals: journals}
	f, err := fs.Open(filepath.Join(dir, snapshotName))
	var h snapshotInfo
	if err == nil {
		h, l.snapshot, err = x.loadSnapshot(fs, f)
		_ = f.Close()
	}
	if err != nil {
		l.problem = fmt.Errorf("snapshot of the index: %w", err)
		x.reset()
	}
	l.generation = h.generation
	chain := err == nil // each journal continues what was read before it
	for _, j := range journals {
		l.generation = max(l.generation, j.generation+1)
		if j.size < journalHead {
			continue // nothing was granted on its word yet
		}
		if j.generation < h.generation {
			continue // the snapshot is newer
		}
		mark, err := x.replay(fs, journalName(dir, j.generation), j, boot, chain)
		l.mark = mark
		if err != nil {
			l.problem = errors.Join(l.problem, fmt.Errorf("journal %x of the index: %w", j.generation, err))
			chain = false
		}
	}
	l.complete = err == nil && h.clean && len(journals) == 0
	x.link(h.stamp)
	return l
}

func (x *index) reset() {
	x.slots, x.nodes, x.weigher, x.used = make(map[id]uint32), slab{}, weigher{}, 0
}

// parseSnapshotHead reads the first snapshotHead bytes of a snapshot.
func parseSnapshotHead(b *[snapshotHead]byte) (snapshotInfo, error) {
	if string(b[:8]) != snapshotMagic {
		return snapshotInfo{}, errors.New("it does not begin as one")
	}
	if v := binary.LittleEndian.Uint32(b[8:]); v != snapshotVersion {
		return snapshotInfo{}, fmt.Errorf("it has version %d, expected %d", v, snapshotVersion)
	}
	h := snapshotInfo{
		clean:      binary.LittleEndian.Uint32(b[12:])&flagClean != 0,
		generation: binary.LittleEndian.Uint64(b[16:]),
		stamp:      binary.LittleEndian.Uint32(b[32:]),
	}
	if mean := math.Float64frombits(binary.LittleEndian.Uint64(b[24:])); !math.IsNaN(mean) && !math.IsInf(mean, 0) {
		h.weigher = weigher{mean: mean, known: b[36] == 1}
	}
	return h, nil
}

// loadSnapshot enters the records of a snapshot, which are good only if it returns no error.
func (x *index) loadSnapshot(fs FS, f *os.File) (h snapshotInfo, size int64, err error) {
	info, err := f.Stat()
	if err != nil {
		return h, 0, err
	}
	size = info.Size()
	count := (size - snapshotHead - snapshotTail) / recordSize
	if count < 0 || snapshotSize(int(count)) != size {
		return h, size, fmt.Errorf("%d bytes are no whole number of records", size)
	}
	var sum xxhash.Digest
	sum.Reset()
	r := io.TeeReader(io.NewSectionReader(readerAt{fs, f}, 0, size-snapshotTail), &sum)
	var first [snapshotHead]byte
	if _, err := io.ReadFull(r, first[:]); err != nil {
		return h, size, err
	}
	if h, err = parseSnapshotHead(&first); err != nil {
		return h, size, err
	}
	x.slots = make(map[id]uint32, count)
	if err := x.restoreAll(r, count); err != nil {
		return snapshotInfo{}, size, err
	}
	var tail [snapshotTail]byte
	if _, err := fs.ReadAt(f, tail[:], size-snapshotTail); err != nil {
		return snapshotInfo{}, size, err
	}
	if binary.LittleEndian.Uint64(tail[:]) != sum.Sum64() {
		return snapshotInfo{}, size, errors.New("it does not fit its sum")
	}
	x.weigher = h.weigher
	return h, size, nil
}

// readerAt reads through the seam.
type readerAt struct {
	fs   FS
	file *os.File
}

func (r readerAt) ReadAt(p []byte, off int64) (int, error) { return r.fs.ReadAt(r.file, p, off) }
