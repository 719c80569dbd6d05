package filesystem

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/stillroom/stillroom/internal/bucket"
)

// words are what is said about a version of an object beside its bytes.
type words struct {
	Version      string            `json:"version"`
	ContentType  string            `json:"contentType,omitempty"`
	CacheControl string            `json:"cacheControl,omitempty"`
	Metadata     map[string]string `json:"metadata,omitempty"`
}

// none reports whether there is nothing to keep.
func (w words) none() bool {
	return w.ContentType == "" && w.CacheControl == "" && len(w.Metadata) == 0
}

// maxWords bounds what is read of them, in bytes: metadata is at most 2 KiB, which JSON makes at most six times longer.
const maxWords = 16 << 10

// attributeName is one attribute for all of it: they are few and small on most file systems.
const attributeName = "user.stillroom"

func setAttribute(f *os.File, text []byte) error {
	return onDescriptor(f, func(fd int) error { return unix.Fsetxattr(fd, attributeName, text, 0) })
}

func getAttribute(f *os.File) []byte {
	text := make([]byte, maxWords)
	n := 0
	err := onDescriptor(f, func(fd int) (err error) {
		n, err = unix.Fgetxattr(fd, attributeName, text)
		return err
	})
	if err != nil {
		return nil // there is none, or there are no attributes at all
	}
	return text[:n]
}

// onDescriptor calls do with the descriptor of f, which stays open meanwhile and, unlike with Fd, as it is.
func onDescriptor(f *os.File, do func(fd int) error) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	if err := raw.Control(func(fd uintptr) { inner = do(int(fd)) }); err != nil {
		return err
	}
	return inner
}

// beside is the hidden file with the words for a version of the object at a path. It has the version in its name, so that
// it can be there before the object itself is, without taking anything from the one before.
func beside(object, version string) string {
	folder, name := path.Split(object)
	sum := sha256.Sum256([]byte(name)) // the name itself may be as long as names can be
	return folder + hidden + "words-" + hex.EncodeToString(sum[:12]) + "-" + version
}

// keep writes w for the open file f that is going to be at a path.
func (o *Opener) keep(f *os.File, object string, w words) error {
	if w.none() {
		return nil
	}
	text, err := json.Marshal(w)
	if err != nil {
		return err
	}
	if o.attribute(f, text) == nil {
		return nil
	}
	// Whatever the reason was, a file will do.
	return o.root.WriteFile(beside(object, w.Version), text, 0o644)
}

// read returns the words in a hidden file. Others may write to the folder: what waits there may be a pipe, or endless.
func (o *Opener) read(name string) []byte {
	f, err := o.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil // there is none, as a rule
	}
	defer func() { _ = f.Close() }() // it was read only
	if stat, err := f.Stat(); err != nil || !stat.Mode().IsRegular() {
		return nil
	}
	text, err := io.ReadAll(io.LimitReader(f, maxWords))
	if err != nil {
		return nil
	}
	return text
}

// describe tells what is known about an open file at a path, and whether there are words about it.
func (o *Opener) describe(f *os.File, object string, stat fs.FileInfo) (info bucket.Info, found bool) {
	info = brief(stat)
	var w words
	if json.Unmarshal(getAttribute(f), &w) != nil || w.Version != version(stat) {
		w = words{}
		if json.Unmarshal(o.read(beside(object, version(stat))), &w) != nil || w.Version != version(stat) {
			return info, false
		}
	}
	info.ContentType, info.CacheControl, info.Metadata = w.ContentType, w.CacheControl, w.Metadata
	return info, true
}

// brief tells what the file system knows.
func brief(stat fs.FileInfo) bucket.Info {
	return bucket.Info{
		Size: stat.Size(), ETag: `"` + version(stat) + `"`,
		LastModified: stat.ModTime().UTC().Truncate(time.Second),
	}
}
