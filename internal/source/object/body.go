package object

import (
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/stillroom/stillroom/internal/fault"
)

// coding reports whether a body is compressed with gzip, as pictures of the kind SVG often are where they are stored.
// Words that mean nothing stand there by mistake.
func coding(text string) (zipped bool, err error) {
	for word := range strings.SplitSeq(strings.ToLower(text), ",") {
		word = strings.TrimSpace(word)
		switch word {
		case "gzip", "x-gzip":
			if zipped {
				return false, errors.New("it is compressed with gzip twice, want once at most")
			}
			zipped = true
		case "br", "zstd", "deflate", "compress":
			return false, fmt.Errorf("it is stored with content coding %q, want none or gzip", word)
		}
	}
	return zipped, nil
}

// errClosed is the error of reading after Close.
var errClosed = errors.New("the body is closed")

// body is the body of an object with the bounds of its download.
type body struct {
	*exchange
	stored io.ReadCloser
	in     io.Reader // stored, decompressed where it has to be; nil = not yet
	zipped bool
	limit  int64 // bytes; 0 = none
	read   int64
	err    error // what Read answers from now on
}

func newBody(x *exchange, stored io.ReadCloser, zipped bool, limit int64) *body {
	b := &body{exchange: x, stored: stored, zipped: zipped, limit: limit}
	if !zipped {
		b.in = stored
	}
	return b
}

// Read reads on. Its errors have kinds; the first is also the last.
func (b *body) Read(p []byte) (int, error) {
	const op = "object.read"
	if b.err == nil && b.ctx.Err() != nil {
		b.err = b.broken(b.ctx.Err())
	}
	if b.err == nil && b.in == nil {
		if in, err := gzip.NewReader(b.stored); err != nil {
			b.err = b.broken(err)
		} else {
			b.in = in
		}
	}
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.in.Read(p)
	b.read += int64(n)
	switch {
	case b.limit > 0 && b.read > b.limit:
		n -= int(b.read - b.limit)
		b.err = fault.New(fault.TooLarge, op, "%s has more than %d bytes", b.subject, b.limit)
	case errors.Is(err, io.EOF):
		b.err = io.EOF
	case err != nil:
		b.err = b.broken(err)
	}
	return n, b.err
}

// broken gives an error in the middle of a body its kind: that of the bucket, but for damaged gzip.
func (b *body) broken(err error) error {
	x := *b.exchange
	x.op = "object.read"
	corrupt := flate.CorruptInputError(0)
	var known *fault.Error
	switch {
	case b.ctx.Err() != nil || errors.As(err, &known):
		return x.failure(err)
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.As(err, &corrupt):
		return fault.New(fault.SourceFailed, x.op, "%s is damaged gzip: %w", b.subject, err)
	}
	return fault.New(fault.Incomplete, x.op, "%s ends after %d bytes: %w", b.subject, b.read, err)
}

// Close ends the download; what was not read is given up.
func (b *body) Close() error {
	if b.err == nil {
		b.err = fault.New(fault.Canceled, "object.read", "%s: %w", b.subject, errClosed)
	}
	b.cancel()
	return b.stored.Close()
}
