package web

import (
	"compress/flate"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net"

	"github.com/stillroom/stillroom/internal/fault"
)

// exchange is a download from the first connection to the last byte, and who waits for it.
type exchange struct {
	caller  context.Context // the caller's
	ctx     context.Context // with the deadline of the download
	cancel  context.CancelFunc
	subject string // the reference, redacted
}

// failure gives err the kind that says whose failure it is. It is asked before cancel is called.
func (x *exchange) failure(op string, err error) error {
	kind, cause := x.classify(err)
	return fault.New(kind, op, "%s: %w", x.subject, cause)
}

func (x *exchange) classify(err error) (fault.Kind, error) {
	var (
		refused *refusal
		known   *fault.Error
		network net.Error
	)
	switch {
	case errors.As(err, &known):
		return known.Kind, known.Err
	case x.caller.Err() != nil:
		cause := context.Cause(x.caller)
		kind := fault.KindOf(cause)
		if kind == fault.Internal {
			kind = fault.KindOf(x.caller.Err())
		}
		return kind, cause
	case errors.Is(context.Cause(x.ctx), errTimeout):
		return fault.SourceTimeout, errTimeout
	case errors.As(err, &refused):
		return fault.SourceDenied, refused
	case errors.As(err, &network) && network.Timeout():
		return fault.SourceTimeout, err
	}
	return fault.Unreachable, err
}

// errClosed is the error of reading after Close.
var errClosed = errors.New("the body is closed")

// body is the body of a response with the bounds of its download.
type body struct {
	*exchange
	in        io.ReadCloser
	limit     int64 // bytes; 0 = none
	announced int64 // bytes; -1 = unknown
	read      int64
	err       error // what Read answers from now on
}

// Read reads on. Its errors have kinds; the first is also the last.
func (b *body) Read(p []byte) (int, error) {
	if b.err == nil && b.ctx.Err() != nil {
		// Bytes that have arrived already would still come: whether a download is over must not depend
		// on how much of it a buffer holds.
		b.err = b.failure("web.read", b.ctx.Err())
	}
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.in.Read(p)
	b.read += int64(n)
	switch {
	case b.limit > 0 && b.read > b.limit:
		n -= int(b.read - b.limit)
		b.err = b.failure("web.read", fault.New(fault.TooLarge, "web.read", "the source has more than %d bytes", b.limit))
	case err == nil:
	case errors.Is(err, io.EOF) && (b.announced < 0 || b.read == b.announced):
		b.err = io.EOF
	default:
		b.err = b.failure("web.read", b.broken(err))
	}
	return n, b.err
}

// broken gives an error in the middle of a body its kind, unless the time or the caller ended it.
func (b *body) broken(err error) error {
	if b.ctx.Err() != nil {
		return err
	}
	var network net.Error
	corrupt := flate.CorruptInputError(0)
	switch {
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.As(err, &corrupt):
		return fault.New(fault.SourceFailed, "web.read", "the source sends damaged gzip: %w", err)
	case errors.As(err, &network) && network.Timeout():
		return err
	}
	return fault.New(fault.Incomplete, "web.read", "the body ends after %d bytes: %w", b.read, err)
}

// Close ends the download; what was not read is given up.
func (b *body) Close() error {
	if b.err == nil {
		b.err = fault.Wrap(fault.Canceled, "web.read", errClosed)
	}
	b.cancel()
	return b.in.Close()
}
