// Package file opens local:// sources: files below one folder.
package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/source"
)

// Source opens files below a folder. Nothing outside of it can be reached, by ".." or by a symbolic
// link. It is safe for concurrent use.
type Source struct {
	root *os.Root
}

var (
	_ source.Source = (*Source)(nil)
	_ source.Stater = (*Source)(nil)
)

// New returns a Source over the folder root, which must exist.
func New(root string) (*Source, error) {
	if root == "" {
		return nil, errors.New("file: root: want a folder, got an empty path")
	}
	r, err := os.OpenRoot(root)
	if err != nil {
		return nil, fmt.Errorf("file: root: want a folder that exists and can be read: %w", err)
	}
	return &Source{root: r}, nil
}

// Close lets the folder go. Files that are open stay readable.
func (s *Source) Close() error { return s.root.Close() }

// Open opens the file that ref names: the part after "local://" is a path below the root, taken
// literally. The object is NotModified when known has the file's ETag.
func (s *Source) Open(ctx context.Context, ref source.Ref, known source.Validators) (*source.Object, error) {
	began := time.Now()
	f, info, err := s.open(ctx, ref)
	if err != nil {
		return nil, err
	}
	object := &source.Object{Size: info.Size(), Validators: validators(info), Began: began}
	if known.ETag == object.Validators.ETag {
		_ = f.Close() // nothing was read
		object.Size = -1
		return object, fault.New(fault.NotModified, "file.open", "%s is unchanged", ref.Redacted())
	}
	object.Body = &body{ctx: ctx, file: f, opened: info, subject: ref.Redacted()}
	return object, nil
}

// Stat returns the file's validators.
func (s *Source) Stat(ctx context.Context, ref source.Ref) (source.Validators, error) {
	f, info, err := s.open(ctx, ref)
	if err != nil {
		return source.Validators{}, err
	}
	_ = f.Close() // nothing was read
	return validators(info), nil
}

// open opens a regular file and describes it as it was then. Asking the open file rather than its
// name leaves no moment in which the name could change its meaning.
func (s *Source) open(ctx context.Context, ref source.Ref) (*os.File, fs.FileInfo, error) {
	if ctx.Err() != nil {
		return nil, nil, ended(ctx, "file.open", ref.Redacted())
	}
	name, err := path(ref)
	if err != nil {
		return nil, nil, err
	}
	// O_NONBLOCK: opening a named pipe would wait for somebody to write to it, for good.
	f, err := s.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, failure("file.open", ref.Redacted(), err)
	}
	info, err := f.Stat()
	if err == nil && info.Mode().IsRegular() {
		return f, info, nil
	}
	_ = f.Close() // nothing was read
	if err != nil {
		return nil, nil, failure("file.open", ref.Redacted(), err)
	}
	return nil, nil, missing(ref, "not a regular file")
}

// path returns the path below the root.
func path(ref source.Ref) (string, error) {
	_, name, _ := strings.Cut(ref.String(), "://")
	name = strings.TrimLeft(name, "/")
	if name == "" {
		return "", missing(ref, "the path is empty")
	}
	for element := range strings.SplitSeq(filepath.ToSlash(name), "/") {
		if element == ".." {
			return "", fault.New(fault.SourceDenied, "file.open", "%s: \"..\" is not allowed in a path", ref.Redacted())
		}
	}
	return filepath.FromSlash(name), nil
}

func missing(ref source.Ref, why string) error {
	return fault.New(fault.SourceMissing, "file.open", "%s: %s: %w", ref.Redacted(), why, &source.StatusError{Status: 404})
}

// ended returns the error of a context that has ended.
func ended(ctx context.Context, op, subject string) error {
	return fault.New(fault.KindOf(ctx.Err()), op, "%s: %w", subject, context.Cause(ctx))
}

// failure gives an error of the file system its kind.
func failure(op, subject string, err error) error {
	if outer := (*fs.PathError)(nil); errors.As(err, &outer) {
		err = outer.Err // less the path, which the subject says
	}
	var number syscall.Errno
	switch {
	case !errors.As(err, &number):
		// The system's refusals are numbers; the one thing that os.Root itself refuses is to leave.
		return fault.New(fault.SourceDenied, op, "%s: %w", subject, err)
	case errors.Is(err, fs.ErrPermission):
		return fault.New(fault.Unreachable, op, "%s: %w", subject, err)
	}
	switch number {
	case syscall.ENOENT, syscall.ENOTDIR, syscall.ENAMETOOLONG, syscall.ELOOP, syscall.EINVAL,
		syscall.EISDIR, syscall.ENXIO, syscall.ENODEV: // the last two: a socket, a device
		return fault.New(fault.SourceMissing, op, "%s: %w: %w", subject, err, &source.StatusError{Status: 404})
	}
	return fault.New(fault.SourceFailed, op, "%s: %w", subject, err)
}
