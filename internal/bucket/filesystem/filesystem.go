// Package filesystem keeps buckets as folders and objects as files, which other servers can serve as they are.
//
// What is said about an object beside its bytes stands in an extended attribute of its file, where the file system
// has those: it appears and goes with the file in one step and costs no second file. Where it has none (NFS before version
// 4.2, SMB) or no room in them, it stands in a hidden file beside the object's own. Both name the version that they speak
// of, so they count for nothing once somebody else has written to the file.
//
// Names that begin with ".stillroom-" are ours: no key has such an element.
package filesystem

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/fault"
)

// Config says where the buckets are.
type Config struct {
	Root   string // a folder that exists; its folders are the buckets
	Create bool   // the first Put into a bucket that there is not makes it
}

// Opener opens the folders of a folder. Nothing outside of it can be reached, by ".." or by a symbolic link.
type Opener struct {
	root   *os.Root
	create bool
	// attribute writes the extended attribute of an open file.
	attribute func(f *os.File, text []byte) error
	// locks keep two writers of one key here from leaving each other's hidden files behind.
	locks [64]sync.Mutex
}

var _ bucket.Opener = (*Opener)(nil)

// New returns an Opener.
func New(config Config) (*Opener, error) {
	if config.Root == "" {
		return nil, errors.New("filesystem: Root: want a folder, got an empty path")
	}
	root, err := os.OpenRoot(config.Root)
	if err != nil {
		return nil, fmt.Errorf("filesystem: Root: want a folder that exists and can be read: %w", err)
	}
	return &Opener{root: root, create: config.Create, attribute: setAttribute}, nil
}

// Close lets the folder go. Bodies that are open stay readable.
func (o *Opener) Close() error { return o.root.Close() }

// Open returns the bucket of a name; the empty name stands for the root itself.
func (o *Opener) Open(name string) (bucket.Bucket, error) {
	if name == "" {
		return &folder{Opener: o, name: "."}, nil
	}
	if err := bucket.CheckName("filesystem.open", name); err != nil {
		return nil, err
	}
	if strings.HasPrefix(name, hidden) {
		return nil, fault.New(fault.SourceDenied, "filesystem.open", "bucket: names that begin with %q are taken, got %q", hidden, name)
	}
	return &folder{Opener: o, name: name}, nil
}

// hidden begins the names of our own files.
const hidden = ".stillroom-"

// folder is a bucket.
type folder struct {
	*Opener
	name string // below the root
}

var _ bucket.Bucket = (*folder)(nil)

// path returns the file of a key, below the root. Keys that no file can have are those of absent objects.
func (b *folder) path(ctx context.Context, op, key string) (string, error) {
	if err := bucket.CheckKey(op, key); err != nil {
		return "", err
	}
	if ctx.Err() != nil {
		return "", ended(ctx, op, key)
	}
	for element := range strings.SplitSeq(key, "/") {
		if element == "" || strings.HasPrefix(element, hidden) {
			return "", fault.New(fault.SourceMissing, op, "no object has such a key here: want no empty elements and none that begin with %q: %w",
				hidden, &bucket.StatusError{Status: 404})
		}
	}
	return path.Join(b.name, key), nil
}

// lock serialises writers of a file.
func (o *Opener) lock(path string) (unlock func()) {
	sum := sha256.Sum256([]byte(path))
	mutex := &o.locks[int(sum[0])%len(o.locks)]
	mutex.Lock()
	return mutex.Unlock
}

// version identifies the bytes of a file: its size and when it was modified, to the nanosecond, as for local://
// sources. Put sets that time itself, because the kernel's own clock for it stands still for milliseconds. On a file system
// that counts in seconds, two objects of one size in one second are the same to it.
func version(info fs.FileInfo) string {
	return fmt.Sprintf("%x-%x", info.Size(), uint64(info.ModTime().UnixNano()))
}
