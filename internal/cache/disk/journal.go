package disk

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/cespare/xxhash/v2"
)

// journal is the file of changes to the index since its last snapshot, and of the mark.
//
// Changes are written in the background, a second behind at most: a lost one costs a look at the folder, no
// more. The mark is not: it says how many blocks may stand on disk, and is written before they do. So after
// a kill the index knows which bytes it has not heard of, and need not guess (see settle).
//
// A journal begins with a head (numbers are little-endian):
//
//	 0  8  magic
//	 8  4  version
//	12  4  unused
//	16  8  generation: that of the snapshot it follows
//	24  8  mark
//	32  8  which start of the machine wrote it
//	40  8  xxHash64 of the above
//	48     changes, 40 bytes each
//
// It is not synced: after a power failure its end may be missing, but then the machine was started anew,
// and the mark is not believed.
type journal struct {
	fs    FS
	dir   string
	index *index
	boot  uint64

	mu         sync.Mutex
	file       *os.File // nil = none can be written
	generation uint64
	size, room int64 // bytes written, and that may be
}

const (
	journalMagic   = "STILLJRN"
	journalVersion = 1
	journalHead    = 48
	journalPrefix  = "journal."
)

func journalName(dir string, generation uint64) string {
	return filepath.Join(dir, fmt.Sprintf("%s%016x", journalPrefix, generation))
}

// bootID tells one start of the machine from another; 0 = this system does not say.
func bootID() uint64 {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return 0
	}
	return xxhash.Sum64String(strings.TrimSpace(string(text)))
}

func appendJournalHead(b []byte, generation uint64, mark int64, boot uint64) []byte {
	from := len(b)
	b = append(b, journalMagic...)
	b = binary.LittleEndian.AppendUint32(b, journalVersion)
	b = binary.LittleEndian.AppendUint32(b, 0)
	b = binary.LittleEndian.AppendUint64(b, generation)
	b = binary.LittleEndian.AppendUint64(b, uint64(mark))
	b = binary.LittleEndian.AppendUint64(b, boot)
	return binary.LittleEndian.AppendUint64(b, xxhash.Sum64(b[from:]))
}

// begin starts a journal for the generation with room for so many bytes, which are reserved. All changes
// from here on go there. What was not written yet goes into the old one. The caller writes a snapshot
// and removes the old one, or leaves both.
func (j *journal) begin(generation uint64, room int64) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	mark, _ := j.index.nextMark(0)
	f, err := createAnew(j.fs, journalName(j.dir, generation))
	if err != nil {
		return err
	}
	if err := writeAll(j.fs, f, appendJournalHead(nil, generation, mark, j.boot)); err != nil {
		_ = j.fs.Close(f)
		_ = j.fs.Remove(journalName(j.dir, generation))
		return err
	}
	last, _ := j.index.takeChanges()
	if j.file != nil {
		j.write(last)
		_ = j.fs.Close(j.file) // what it lost is in the snapshot to come
	}
	j.file, j.generation, j.size, j.room = f, generation, journalHead, room
	j.index.setMark(mark)
	return nil
}

// flush writes the changes. It reports whether the journal is in need of a snapshot: nearly full, or with a
// gap.
func (j *journal) flush() (isNeedy bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if changes, lost := j.index.takeChanges(); lost {
		j.abandon()
	} else {
		j.write(changes)
	}
	return j.file == nil || j.size > j.room/4*3
}

// needy reports whether the journal is in need of a snapshot and a successor.
func (j *journal) needy() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.file == nil || j.size > j.room/4*3
}

// grown reports whether anything was written since the journal began.
func (j *journal) grown() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.file == nil || j.size > journalHead
}

// write appends to the file. What cannot be written whole makes the journal end there: a record behind a
// gap would tell of an index that never was.
func (j *journal) write(b []byte) bool {
	if len(b) == 0 {
		return true
	}
	if j.file == nil || j.size+int64(len(b)) > j.room {
		j.abandon()
		return false
	}
	if err := writeAll(j.fs, j.file, b); err != nil {
		j.abandon()
		return false
	}
	j.size += int64(len(b))
	return true
}

func (j *journal) abandon() {
	if j.file != nil {
		_ = j.fs.Close(j.file)
		j.file = nil
	}
}

// raise lets the index use so many blocks more: it writes down first how many. It fails when the journal
// cannot be written, and the tier then does not grow.
func (j *journal) raise(blocks int64) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	mark, higher := j.index.nextMark(blocks)
	if !higher {
		return true // somebody was here before
	}
	changes, lost := j.index.takeChanges()
	if lost {
		j.abandon()
		return false
	}
	if !j.write(appendMark(changes, mark)) {
		return false
	}
	j.index.setMark(mark)
	return true
}

// end closes the file and removes it: the snapshot says all.
func (j *journal) end() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.abandon()
	return j.fs.Remove(journalName(j.dir, j.generation))
}

// close closes the file and leaves it.
func (j *journal) close() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.abandon()
}
