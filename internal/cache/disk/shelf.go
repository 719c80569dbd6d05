package disk

import (
	"encoding/hex"
	"path/filepath"
	"strings"
	"sync"
)

// Entries stand in 4096 directories named by the first three hex digits of their key, one level deep: of the layouts
// measured with 100,000 and with a million files it was the fastest to fill (3.4 times as fast as two levels
// of 256) and to list.
const (
	shelves    = 4096
	shelfChars = 3
	nameChars  = 32 // of an entry, and of a temporary file: equal lengths reuse each other's place in the directory
	tempPrefix = "tmp-"
)

// shelf is one directory. Its lock is held while files in it get or lose their names, so that index and folder
// agree whenever it is free.
type shelf struct {
	mu     sync.Mutex
	files  int32 // entries and temporary files
	blocks int32 // that the directory itself takes, as counted in the index; 0 = it is not there
}

func shelfOf(i id) int { return int(i[0])<<4 | int(i[1]>>4) }

func shelfName(n int) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[n>>8&15], digits[n>>4&15], digits[n&15]})
}

// parseShelf returns the number of a directory by its name.
func parseShelf(name string) (int, bool) {
	if len(name) != shelfChars {
		return 0, false
	}
	n := 0
	for _, c := range []byte(name) {
		d := strings.IndexByte("0123456789abcdef", c)
		if d < 0 {
			return 0, false
		}
		n = n<<4 | d
	}
	return n, true
}

// parseName returns the id of a file by its name.
func parseName(name string) (i id, ok bool) {
	if len(name) != nameChars || strings.ToLower(name) != name {
		return id{}, false
	}
	_, err := hex.Decode(i[:], []byte(name))
	return i, err == nil
}

func isTemp(name string) bool { return strings.HasPrefix(name, tempPrefix) }

func (s *Store) shelfPath(n int) string { return filepath.Join(s.dir, shelfName(n)) }

// path returns the path of an entry, without the work of filepath.Join: every hit asks.
func (s *Store) path(i id) string {
	var name [nameChars]byte
	hex.Encode(name[:], i[:])
	b := make([]byte, 0, len(s.dir)+len("/abc/")+nameChars)
	b = append(b, s.dir...)
	b = append(b, '/')
	b = append(b, name[:shelfChars]...)
	b = append(b, '/')
	return string(append(b, name[:]...))
}

// directoryBlocks returns how many blocks a directory of so many files may take at most: measured and computed
// for ext4, whose directories take the most. A name of 32 characters takes 40 bytes, so 102 fit into the
// first block; then a root and leaves of at least half a block each.
func directoryBlocks(files int32) int32 {
	const (
		first = 96
		leaf  = 48
	)
	if files <= first {
		return 1
	}
	return 1 + (files+leaf-1)/leaf
}

// mostGrowth is how many blocks a directory grows by at most when a file is added.
const mostGrowth = 3

// grow counts one more file, and returns how many blocks the directory may grow by. The caller holds mu.
func (d *shelf) grow() int64 {
	d.files++
	more := max(directoryBlocks(d.files)-d.blocks, 0)
	d.blocks += more
	return int64(more)
}
