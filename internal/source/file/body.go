package file

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/stillroom/stillroom/internal/fault"
)

// body reads a file that must not change meanwhile.
type body struct {
	ctx     context.Context
	file    *os.File
	opened  fs.FileInfo // as it was when it was opened
	subject string
}

// Read reads on. A file that was written to since it was opened is Incomplete at its end: the bytes may
// be half of one version and half of another, and the validators are those of the first.
func (b *body) Read(p []byte) (int, error) {
	if b.ctx.Err() != nil {
		return 0, ended(b.ctx, "file.read", b.subject)
	}
	n, err := b.file.Read(p)
	switch {
	case err == nil:
		return n, nil
	case !errors.Is(err, io.EOF):
		return n, failure("file.read", b.subject, err)
	}
	now, err := b.file.Stat()
	if err != nil {
		return n, failure("file.read", b.subject, err)
	}
	if validators(now) != validators(b.opened) {
		return n, fault.New(fault.Incomplete, "file.read", "%s changed while it was read", b.subject)
	}
	return n, io.EOF
}

// Close closes the file.
func (b *body) Close() error { return b.file.Close() }
