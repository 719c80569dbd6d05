package disk

import (
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// FS is what the tier asks of the operating system, so that tests can make any of it fail. Files are the
// system's own: a body is sent by the kernel from its descriptor, which nothing may stand in front of.
type FS interface {
	// Mkdir makes a directory that only its owner may enter.
	Mkdir(name string) error
	// Create makes a file that must not exist yet and that only its owner may read, for writing.
	Create(name string) (*os.File, error)
	// Open opens a file for reading. It neither follows a link nor waits for the other end of a pipe.
	Open(name string) (*os.File, error)
	// ReadAt reads into p as io.ReaderAt does.
	ReadAt(f *os.File, p []byte, off int64) (int, error)
	// Write appends p to what was written.
	Write(f *os.File, p []byte) (int, error)
	// Close closes a file that was written.
	Close(f *os.File) error
	// Rename gives a file another name, replacing what bears it.
	Rename(from, to string) error
	// Remove removes a file or an empty directory.
	Remove(name string) error
	// ReadDir lists a directory in no order.
	ReadDir(name string) ([]fs.DirEntry, error)
	// Lstat describes what bears the name, links not followed.
	Lstat(name string) (fs.FileInfo, error)
}

// System is the operating system itself.
type System struct{}

var _ FS = System{}

// Mkdir implements FS.
func (System) Mkdir(name string) error { return os.Mkdir(name, 0o700) }

// Create implements FS.
func (System) Create(name string) (*os.File, error) {
	return os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

// Open implements FS.
func (System) Open(name string) (*os.File, error) {
	return os.OpenFile(name, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
}

// ReadAt implements FS.
func (System) ReadAt(f *os.File, p []byte, off int64) (int, error) { return f.ReadAt(p, off) }

// Write implements FS.
func (System) Write(f *os.File, p []byte) (int, error) { return f.Write(p) }

// Close implements FS.
func (System) Close(f *os.File) error { return f.Close() }

// Rename implements FS.
func (System) Rename(from, to string) error { return os.Rename(from, to) }

// Remove implements FS.
func (System) Remove(name string) error { return os.Remove(name) }

// ReadDir implements FS. os.ReadDir would sort, and no order is needed.
func (System) ReadDir(name string) ([]fs.DirEntry, error) {
	d, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = d.Close() }()
	return d.ReadDir(-1)
}

// Lstat implements FS.
func (System) Lstat(name string) (fs.FileInfo, error) { return os.Lstat(name) }
