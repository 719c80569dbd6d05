package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/stillroom/stillroom/internal/cache"
)

// Problem is a file that is not a whole entry.
type Problem struct {
	File   string // relative to the folder
	Kind   Damage
	Reason string
}

// Report is what was found in a folder.
type Report struct {
	Entries  int64     // whole ones
	Expired  int64     // past their own time, as GC found them
	Bytes    int64     // of these files, in bytes of disk
	Problems []Problem // in the order of their files
	Removed  int64     // files
}

// Item is an entry in a folder.
type Item struct {
	Key    cache.Key
	Meta   cache.Meta
	Size   int64     // of the file, in bytes
	Stored time.Time // when the file was written
}

// Verify reads every file in a folder that no server holds, bodies included, and changes nothing.
func Verify(path string) (Report, error) {
	var r Report
	err := scan(path, func(f found) error {
		if f.err == nil {
			f.err = proveBody(System{}, f.file, f.head)
		}
		r.note(f)
		return nil
	})
	return r, err
}

// GC removes from a folder that no server holds what is of no use: damaged, temporary and foreign files, and
// entries past their time, which is their own or ends ttl after they were stored; 0 = their own. It reads no bodies; Verify
// finds what is wrong with those.
func GC(path string, now time.Time, ttl time.Duration) (Report, error) {
	var r Report
	err := scan(path, func(f found) error {
		expired := f.err == nil && !now.Before(f.head.expires(ttl))
		if expired {
			r.Expired++
		}
		r.note(f)
		if f.err == nil && !expired {
			return nil
		}
		if gone, err := f.remove(); !gone {
			return err
		}
		r.Removed++
		r.Bytes -= blocksOf(f.size) * block
		if expired {
			r.Entries--
		}
		return nil
	})
	return r, err
}

// List calls do with each whole entry of a folder that no server holds, in the order of their keys, until it fails.
func List(path string, do func(Item) error) error {
	return scan(path, func(f found) error {
		if !f.whole() {
			return nil
		}
		return do(Item{Key: f.head.Key, Meta: f.head.Meta, Size: f.size, Stored: f.head.Stored})
	})
}

// whole reports whether it is an entry, as far as its head tells.
func (f *found) whole() bool { return f.err == nil }

func (r *Report) note(f found) {
	r.Bytes += blocksOf(f.size) * block
	if f.err == nil {
		r.Entries++
		return
	}
	var d *damageError
	if !errors.As(f.err, &d) {
		d = &damageError{Unreadable, f.err.Error()}
	}
	r.Problems = append(r.Problems, Problem{File: f.name, Kind: d.kind, Reason: d.reason})
}

// found is a file that scan met: an entry, or what is wrong.
type found struct {
	name, path string
	size       int64
	head       *head
	file       *os.File // open while the file is an entry
	folder     bool
	err        error
}

// remove removes the file. A directory that is not empty stays: nothing of ours makes one, so somebody may
// miss what is in it.
func (f *found) remove() (gone bool, err error) {
	if f.folder {
		return os.Remove(f.path) == nil, nil
	}
	err = os.Remove(f.path)
	return err == nil, err
}

// scan meets every file below the layout's directories.
func scan(path string, meet func(found) error) error {
	dir := filepath.Join(path, layout)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return fmt.Errorf("%s holds no disk tier: there is no folder %s in it", path, layout)
	}
	held, err := lock(path)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	defer func() { _ = held.Close() }()
	shelves, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	buffer := make([]byte, headRead)
	for _, s := range shelves {
		if _, ok := parseShelf(s.Name()); !ok || !s.IsDir() {
			continue
		}
		files, err := os.ReadDir(filepath.Join(dir, s.Name()))
		if err != nil {
			return err
		}
		for _, e := range files {
			if err := inspect(path, filepath.Join(layout, s.Name(), e.Name()), e, buffer, meet); err != nil {
				return err
			}
		}
	}
	return nil
}

// inspect opens one file and has it met.
func inspect(path, name string, e fs.DirEntry, buffer []byte, meet func(found) error) error {
	f := found{name: name, path: filepath.Join(path, name), folder: e.IsDir()}
	if info, err := e.Info(); err == nil {
		f.size = info.Size()
	}
	i, ok := parseName(e.Name())
	switch {
	case isTemp(e.Name()):
		f.err = damaged(Temporary, "a write that did not end")
	case !ok || !e.Type().IsRegular() || !strings.HasPrefix(e.Name(), filepath.Base(filepath.Dir(name))):
		f.err = damaged(Foreign, "not a file of the tier")
	default:
		file, err := System{}.Open(f.path)
		if err != nil {
			f.err = err
			break
		}
		defer func() { _ = file.Close() }()
		f.file = file
		if f.head, f.err = readHead(System{}, file, buffer); f.err == nil && idOf(f.head.Key) != i {
			f.err = damaged(Foreign, "the file is another entry's")
		}
	}
	return meet(f)
}
