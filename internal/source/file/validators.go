package file

import (
	"fmt"
	"io/fs"
	"time"

	"github.com/stillroom/stillroom/internal/source"
)

// validators returns what identifies a version of a file: its size and when it was modified, to the
// nanosecond.
//
// Neither the inode nor the time of the last change of the inode is in it, although both would notice
// more: they differ between servers that hold copies of one tree, and then a client that is sent to
// another server loads everything again, and servers that share a cache undo each other's work. The
// price is a file that is replaced by one of the same size and the same modification time, as by
// "cp -p" of a forged one: that is not noticed and needs a purge.
func validators(info fs.FileInfo) source.Validators {
	modified := info.ModTime()
	return source.Validators{
		ETag:         fmt.Sprintf("%q", fmt.Sprintf("%x-%x", info.Size(), uint64(modified.UnixNano()))),
		LastModified: modified.UTC().Truncate(time.Second),
	}
}
