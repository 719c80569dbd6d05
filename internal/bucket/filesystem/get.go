package filesystem

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/fault"
)

func (b *folder) Get(ctx context.Context, key string, options bucket.GetOptions) (*bucket.Object, error) {
	const op = "filesystem.get"
	if err := bucket.CheckGet(op, key, options); err != nil {
		return nil, err
	}
	f, stat, info, err := b.open(ctx, op, key, options.Version)
	if err != nil {
		return nil, err
	}
	since := options.IfModifiedSince
	if options.IfNoneMatch == info.ETag || options.IfNoneMatch == "" && !since.IsZero() && !info.LastModified.After(since) {
		_ = f.Close() // nothing was read
		return &bucket.Object{Info: info}, bucket.Answered(op, key, 304, "", false)
	}
	first, left := options.Range.Offset, info.Size-options.Range.Offset
	if length := options.Range.Length; length > 0 {
		left = min(left, length)
	}
	if first > 0 && first >= info.Size {
		_ = f.Close() // nothing was read
		return nil, bucket.Answered(op, key, 416, "", false)
	}
	section := io.NewSectionReader(f, first, left)
	return &bucket.Object{Info: info, Body: &body{ctx: ctx, key: key, file: f, opened: stat, in: section}}, nil
}

func (b *folder) Stat(ctx context.Context, key, version string) (bucket.Info, error) {
	f, _, info, err := b.open(ctx, "filesystem.stat", key, version)
	if err != nil {
		return bucket.Info{}, err
	}
	_ = f.Close() // nothing was read
	return info, nil
}

// tries is how often something is done again that another writer got in the way of.
const tries = 10

// open opens a file and describes it.
func (b *folder) open(ctx context.Context, op, key, wanted string) (*os.File, fs.FileInfo, bucket.Info, error) {
	path, err := b.path(ctx, op, key)
	if err == nil && wanted != "" {
		err = fault.New(fault.SourceMissing, op, "%s: files have no versions: %w", key, &bucket.StatusError{Status: 404})
	}
	if err != nil {
		return nil, nil, bucket.Info{}, err
	}
	for try := 0; ; try++ {
		// O_NONBLOCK: opening a named pipe would wait for somebody to write to it, for good.
		f, err := b.root.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
		if err != nil {
			return nil, nil, bucket.Info{}, failure(op, key, err)
		}
		stat, err := f.Stat()
		if err == nil && !stat.Mode().IsRegular() {
			err = syscall.ENOENT // a folder, a pipe, a device: no object
		}
		if err != nil {
			_ = f.Close() // nothing was read
			return nil, nil, bucket.Info{}, failure(op, key, err)
		}
		info, found := b.describe(f, path, stat)
		if found || try == tries {
			return f, stat, info, nil
		}
		// Either somebody else has put the file there, or a writer has replaced it in between and taken its hidden
		// file away.
		if now, err := b.root.Stat(path); err == nil && os.SameFile(now, stat) {
			return f, stat, info, nil
		}
		_ = f.Close() // nothing was read
	}
}

// body reads a part of a file that must not change meanwhile.
type body struct {
	ctx    context.Context
	key    string
	file   *os.File
	opened fs.FileInfo // as it was when it was opened
	in     *io.SectionReader
}

// Read reads on. A file that somebody has written to since it was opened is Incomplete at its end: the bytes may be half of
// one version and half of another. Put never does that.
func (b *body) Read(p []byte) (int, error) {
	const op = "filesystem.read"
	if b.ctx.Err() != nil {
		return 0, ended(b.ctx, op, b.key)
	}
	n, err := b.in.Read(p)
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, os.ErrClosed):
		return n, fault.New(fault.Canceled, op, "%s: the body is closed", b.key)
	case !errors.Is(err, io.EOF):
		return n, failure(op, b.key, err)
	}
	now, err := b.file.Stat()
	if err != nil {
		return n, failure(op, b.key, err)
	}
	if version(now) != version(b.opened) {
		return n, fault.New(fault.Incomplete, op, "%s changed while it was read", b.key)
	}
	return n, io.EOF
}

// Close closes the file.
func (b *body) Close() error { return b.file.Close() }
