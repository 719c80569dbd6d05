// Package blob holds bytes that never change once made and may have many readers.
package blob

import (
	"bytes"
	"errors"
	"io"
)

// Blob is bounded, immutable bytes. A Blob may be read by many goroutines at once.
type Blob struct {
	data []byte
}

// New returns a blob of data. The caller gives data away: nobody may change it afterwards.
func New(data []byte) *Blob { return &Blob{data: data} }

// Len returns the number of bytes.
func (b *Blob) Len() int64 { return int64(len(b.data)) }

// Bytes returns the bytes themselves, not a copy; they must not be changed.
func (b *Blob) Bytes() []byte { return b.data }

// Reader returns a new reader at the first byte.
func (b *Blob) Reader() *bytes.Reader { return bytes.NewReader(b.data) }

// WriteTo writes all bytes to w in one call.
func (b *Blob) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write(b.data)
	return int64(n), err
}

// ErrTooLarge says that a reader held more bytes than allowed.
var ErrTooLarge = errors.New("more bytes than allowed")

// ReadAll reads r to its end into a blob. More than limit bytes is ErrTooLarge, found at the first
// byte too many; limit 0 means no bound. hint is the expected size, -1 when unknown: it saves
// growing and is believed only up to 1 MiB, because it comes from the other side.
func ReadAll(r io.Reader, limit, hint int64) (*Blob, error) {
	const trusted = 1 << 20
	var buf bytes.Buffer
	// bytes.Buffer.ReadFrom wants 512 spare bytes to see the end without growing again.
	buf.Grow(int(min(max(hint, 0), trusted)) + bytes.MinRead)
	if limit > 0 {
		r = io.LimitReader(r, limit+1)
	}
	if _, err := buf.ReadFrom(r); err != nil {
		return nil, err
	}
	if limit > 0 && int64(buf.Len()) > limit {
		return nil, ErrTooLarge
	}
	return New(buf.Bytes()), nil
}
