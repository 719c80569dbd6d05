package filesystem

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"syscall"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/fault"
)

// errConflict is the cause of a Put whose key is also a folder of other keys, or the other way round.
var errConflict = errors.New("the key and another one are a file and a folder of the same name")

// ended returns the error of a context that has ended.
func ended(ctx context.Context, op, subject string) error {
	return fault.New(fault.KindOf(ctx.Err()), op, "%s: %w", subject, context.Cause(ctx))
}

// absent reports whether an error of the file system says that there is no such object.
func absent(err error) bool {
	for _, number := range [...]syscall.Errno{
		syscall.ENOENT, syscall.ENOTDIR, syscall.ENAMETOOLONG, syscall.ELOOP, syscall.EISDIR,
		syscall.ENXIO, syscall.ENODEV, // a socket, a device
	} {
		if errors.Is(err, number) {
			return true
		}
	}
	return false
}

// failure gives an error of the file system the kind and the status that a service would have. The folder is left out.
func failure(op, subject string, err error) error {
	cause := err
	var (
		onPath *fs.PathError
		onLink *os.LinkError
		number syscall.Errno
	)
	if errors.As(err, &onPath) {
		cause = onPath.Err
	} else if errors.As(err, &onLink) {
		cause = onLink.Err
	}
	kind, status := fault.SourceFailed, 0
	switch {
	case errors.Is(err, errConflict):
		kind, status = fault.SourceMissing, 409
	case absent(err):
		kind, status = fault.SourceMissing, 404
	// The system's refusals are numbers; the one thing that os.Root itself refuses is to leave.
	case errors.Is(err, fs.ErrPermission), onPath != nil && !errors.As(err, &number):
		kind, status = fault.SourceMissing, 403
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		status = 507
	}
	if status == 0 {
		return fault.New(kind, op, "%s: %w", subject, cause)
	}
	return fault.New(kind, op, "%s: %w: %w", subject, cause, &bucket.StatusError{Status: status})
}
