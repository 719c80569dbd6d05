package disk

import (
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"

	"github.com/cespare/xxhash/v2"
)

// The snapshot of the index is one file (numbers are little-endian):
//
//	 0  8  magic
//	 8  4  version
//	12  4  flags: 1 = the tier was closed in order
//	16  8  generation: that of the journal that follows it
//	24  8  the weigher's average, as the bits of a float64
//	32  4  the queues' clock
//	36  4  1 = the average is known
//	40     records, 36 bytes each, in no order
//	-8  8  xxHash64 of all before
const (
	snapshotMagic   = "STILLIDX"
	snapshotVersion = 1
	snapshotHead    = 40
	snapshotTail    = 8
	snapshotName    = "index"
	snapshotTemp    = "index.tmp"

	flagClean = 1
)

func snapshotSize(entries int) int64 {
	return snapshotHead + snapshotTail + int64(entries)*recordSize
}

// snapshotInfo is the head of a snapshot.
type snapshotInfo struct {
	clean      bool
	generation uint64
	weigher    weigher
	stamp      uint32
}

func (h *snapshotInfo) append(b []byte) []byte {
	b = append(b, snapshotMagic...)
	b = binary.LittleEndian.AppendUint32(b, snapshotVersion)
	b = binary.LittleEndian.AppendUint32(b, bit(h.clean))
	b = binary.LittleEndian.AppendUint64(b, h.generation)
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(h.weigher.mean))
	b = binary.LittleEndian.AppendUint32(b, h.stamp)
	return binary.LittleEndian.AppendUint32(b, bit(h.weigher.known))
}

func bit(set bool) uint32 {
	if set {
		return 1
	}
	return 0
}

// writeSnapshot writes the index as it is, piece by piece, so that nobody waits for the whole of it. What
// changes meanwhile is in the journal of the generation, which has begun: replaying it over the snapshot
// gives the index as it was at the end. It returns the size of the file. The caller has reserved most bytes.
func writeSnapshot(fs FS, dir string, x *index, generation uint64, clean bool, most int64) (size int64, err error) {
	temp := filepath.Join(dir, snapshotTemp)
	f, err := createAnew(fs, temp)
	if err != nil {
		return 0, err
	}
	w := summingWriter{fs: fs, file: f, most: most}
	w.sum.Reset()
	x.dump(&w, snapshotInfo{clean: clean, generation: generation})
	w.write(binary.LittleEndian.AppendUint64(nil, w.sum.Sum64()))
	if err := fs.Close(f); w.err == nil {
		w.err = err
	}
	if w.err == nil {
		w.err = fs.Rename(temp, filepath.Join(dir, snapshotName))
	}
	if w.err != nil {
		_ = fs.Remove(temp)
	}
	return w.size, w.err
}

// createAnew creates a file of the index, in place of one that was left by a write that did not end.
func createAnew(fs FS, name string) (*os.File, error) {
	f, err := fs.Create(name)
	if errors.Is(err, os.ErrExist) {
		if err := fs.Remove(name); err != nil {
			return nil, err
		}
		return fs.Create(name)
	}
	return f, err
}

// dump writes the head and the records of an index.
func (x *index) dump(w *summingWriter, h snapshotInfo) {
	x.mu.RLock()
	h.weigher, h.stamp = x.weigher, x.stamp
	made := x.nodes.made
	x.mu.RUnlock()
	w.write(h.append(nil))
	b := make([]byte, 0, slabLen*recordSize)
	for from := uint32(none + 1); from <= made; from += slabLen {
		b = b[:0]
		x.mu.RLock()
		for slot := from; slot < from+slabLen && slot <= made; slot++ {
			if n := x.nodes.at(slot); n.place != unused {
				r := recordOf(n)
				b = r.append(b)
			}
		}
		x.mu.RUnlock()
		w.write(b)
	}
}

// summingWriter writes to a file, sums what it writes, and stops at the first failure.
type summingWriter struct {
	fs         FS
	file       *os.File
	sum        xxhash.Digest
	size, most int64
	err        error
}

func (w *summingWriter) write(b []byte) {
	if w.err != nil || len(b) == 0 {
		return
	}
	if w.size+int64(len(b)) > w.most {
		w.err = errGrown
		return
	}
	_, _ = w.sum.Write(b) // never fails
	if w.err = writeAll(w.fs, w.file, b); w.err == nil {
		w.size += int64(len(b))
	}
}
