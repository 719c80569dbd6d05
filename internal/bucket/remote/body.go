package remote

import (
	"context"
	"errors"
	"io"

	"github.com/stillroom/stillroom/internal/fault"
)

// errClosed is the error of reading after Close.
var errClosed = errors.New("the body is closed")

// Body reads the body of an answer; its errors have the kinds of bucket.Bucket.
type Body struct {
	ctx     context.Context
	op      string
	subject string
	in      io.ReadCloser
	left    int64 // bytes that are still to come; -1 = unknown
	err     error // what Read answers from now on
}

// NewBody returns a Body over in, which has size bytes; -1 = not announced.
func NewBody(ctx context.Context, op, subject string, in io.ReadCloser, size int64) *Body {
	return &Body{ctx: ctx, op: op, subject: subject, in: in, left: size}
}

// Read reads on. The first error is also the last.
func (b *Body) Read(p []byte) (int, error) {
	if b.err == nil && b.ctx.Err() != nil {
		// Bytes that have arrived already would still come: whether it is over must not depend on a buffer.
		b.err = Failure(b.ctx, b.op, b.subject, b.ctx.Err())
	}
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.in.Read(p)
	if b.left >= 0 && int64(n) > b.left {
		n, err = int(b.left), io.EOF // more than was announced is not part of it, and may have no end
	}
	if b.left >= 0 {
		b.left -= int64(n)
	}
	switch {
	case err == nil:
	case errors.Is(err, io.EOF) && b.left <= 0:
		b.err = io.EOF
	case errors.Is(err, io.EOF):
		b.err = fault.New(fault.Incomplete, b.op, "%s: %d bytes are missing: %w", b.subject, b.left, io.ErrUnexpectedEOF)
	default:
		kind, cause := classify(b.ctx, err, fault.Incomplete)
		b.err = fault.New(kind, b.op, "%s: the body breaks off: %w", b.subject, cause)
	}
	return n, b.err
}

// Close gives up what was not read.
func (b *Body) Close() error {
	if b.err == nil {
		b.err = fault.New(fault.Canceled, b.op, "%s: %w", b.subject, errClosed)
	}
	return b.in.Close()
}
