// Package blob holds bytes that never change once made: in memory, where any number may read them, or in
// a section of an open file, which the kernel can send by itself.
package blob

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strconv"
)

// Blob is bounded, immutable bytes. One in memory may be read by many goroutines at once and need not be
// closed. One in a file belongs to whoever holds it, who closes it.
type Blob struct {
	data []byte

	file      *os.File // nil = in memory
	off, size int64
	holder    Holder // of a file that others read from, too; nil = the file is the blob's own, or it was closed
	shared    bool
}

// A Holder holds a file open for several blobs.
type Holder interface {
	// Release says that a blob has been closed.
	Release()
}

// New returns a blob of data. The caller gives data away: nobody may change it afterwards.
func New(data []byte) *Blob { return &Blob{data: data, size: int64(len(data))} }

// FromFile returns a blob of the size bytes of f that begin at off. The blob takes f over and closes it.
func FromFile(f *os.File, off, size int64) *Blob { return &Blob{file: f, off: off, size: size} }

// FromShared returns a blob of the size bytes of f that begin at off. The file stays its holder's, who is told when the
// blob is closed. The file's own offset is not touched.
func FromShared(f *os.File, off, size int64, holder Holder) *Blob {
	return &Blob{file: f, off: off, size: size, holder: holder, shared: true}
}

// Len returns the number of bytes.
func (b *Blob) Len() int64 { return b.size }

// InMemory reports whether the bytes are in memory.
func (b *Blob) InMemory() bool { return b.file == nil }

// Bytes returns the bytes of a blob in memory themselves, not a copy; they must not be changed. It is nil
// for a blob in a file: Load that first.
func (b *Blob) Bytes() []byte { return b.data }

// Load returns a blob of the same bytes in memory: b itself if it is there already. It closes b otherwise,
// also when it fails. A file that turns out to be shorter is io.ErrUnexpectedEOF.
func (b *Blob) Load() (*Blob, error) {
	if b.file == nil {
		return b, nil
	}
	defer func() { _ = b.Close() }() // nothing was written to it
	data := make([]byte, b.size)
	if _, err := io.ReadFull(io.NewSectionReader(b.file, b.off, b.size), data); err != nil {
		return nil, err
	}
	return New(data), nil
}

// Reader returns a new reader at the first byte. It is good until the blob is closed.
func (b *Blob) Reader() io.ReadSeeker {
	if b.file == nil {
		return bytes.NewReader(b.data)
	}
	return io.NewSectionReader(b.file, b.off, b.size)
}

// A FileWriter is a writer that takes a part of a file by itself.
type FileWriter interface {
	// WriteFile writes n bytes of f from off on. It may move f's own offset.
	WriteFile(f *os.File, off, n int64) (int64, error)
}

// WriteTo writes all bytes to w: from memory in one call, from a file by w's WriteFile or ReadFrom, which let a
// connection take them straight from the kernel. It may move the file's own offset, so a blob in a file is
// written by one goroutine at a time, unless the file is shared.
func (b *Blob) WriteTo(w io.Writer) (int64, error) {
	if b.file == nil {
		n, err := w.Write(b.data)
		return int64(n), err
	}
	if direct, ok := w.(FileWriter); ok {
		return direct.WriteFile(b.file, b.off, b.size)
	}
	if b.shared {
		return b.writeShared(w)
	}
	if _, err := b.file.Seek(b.off, io.SeekStart); err != nil {
		return 0, err
	}
	// net/http hands a LimitedReader over a file to sendfile; a SectionReader it would copy.
	n, err := io.Copy(w, &io.LimitedReader{R: b.file, N: b.size})
	if err == nil && n < b.size {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// writeShared is WriteTo for a file whose offset others may be using. The system opens it once more where it can, by its
// number and thus also if it has lost its name: with an offset of its own it goes out through the kernel.
func (b *Blob) writeShared(w io.Writer) (int64, error) {
	conn, err := b.file.SyscallConn()
	if err != nil {
		return 0, err
	}
	var again *os.File
	if err := conn.Control(func(fd uintptr) {
		again, err = os.Open("/proc/self/fd/" + strconv.Itoa(int(fd)))
	}); err != nil {
		return 0, err
	}
	if err != nil { // no /proc: the bytes go through the process
		return io.Copy(w, io.NewSectionReader(b.file, b.off, b.size))
	}
	own := FromFile(again, b.off, b.size)
	defer func() { _ = own.Close() }() // it was only read from
	return own.WriteTo(w)
}

// Close closes the file of a blob that is in one. Closing again, or a blob in memory, does nothing.
func (b *Blob) Close() error {
	if b == nil || b.file == nil {
		return nil
	}
	if b.shared {
		if b.holder != nil {
			b.holder.Release()
			b.holder = nil
		}
		return nil
	}
	err := b.file.Close()
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
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
