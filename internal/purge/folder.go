package purge

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// folder is the file system as a journal needs it. It is a seam: what a crash or a full disk does to a purge can only
// be shown where both can be had at every step.
type folder interface {
	// open opens a file for reading. An absent one is fs.ErrNotExist.
	open(name string) (io.ReadCloser, error)
	// extend opens a file that is there, cut to size bytes, for appending.
	extend(name string, size int64) (file, error)
	// create opens an empty file in place of whatever there was.
	create(name string) (file, error)
	// rename names a file anew, in place of whatever had that name.
	rename(from, to string) error
	// sync makes names last.
	sync() error
	// close lets go of the folder.
	close() error
}

// file is written to at its end.
type file interface {
	io.WriteCloser
	// Sync makes what was written last.
	Sync() error
}

// disk is a folder on a disk, held for one process.
type disk struct {
	path string
	lock *os.File
}

// openDisk makes the folder of a ledger if need be and locks the ledger in it.
func openDisk(path, name string) (*disk, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(path, name+".lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	// The lock ends with the process, however it ends. A file of its own, because the ledger's is replaced.
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = lock.Close() // nothing was written to it
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("another process uses it: %s is locked", lock.Name())
		}
		return nil, fmt.Errorf("lock %s: %w", lock.Name(), err)
	}
	return &disk{path, lock}, nil
}

func (d *disk) in(name string) string { return filepath.Join(d.path, name) }

func (d *disk) open(name string) (io.ReadCloser, error) { return os.Open(d.in(name)) }

func (d *disk) extend(name string, size int64) (file, error) {
	f, err := os.OpenFile(d.in(name), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return nil, err
	}
	if err := f.Truncate(size); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func (d *disk) create(name string) (file, error) {
	return os.OpenFile(d.in(name), os.O_WRONLY|os.O_CREATE|os.O_TRUNC|os.O_APPEND, 0o600)
}

func (d *disk) rename(from, to string) error { return os.Rename(d.in(from), d.in(to)) }

func (d *disk) sync() error {
	f, err := os.Open(d.path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // nothing was written to it
	// Some file systems cannot sync a folder and say so; their names last as they are.
	if err := f.Sync(); err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, fs.ErrInvalid) {
		return err
	}
	return nil
}

func (d *disk) close() error { return d.lock.Close() }
