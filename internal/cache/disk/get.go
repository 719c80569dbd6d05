package disk

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/cespare/xxhash/v2"
	"golang.org/x/sys/unix"

	"github.com/stillroom/stillroom/internal/blob"
	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/fault"
)

// tier is what the entries say they come from.
const tier = "disk"

// headRead is how much of a file is read at first: the head of nearly every entry, and one page.
const headRead = 4096

// Prepared, because a miss is the normal answer to a scan and should allocate nothing.
var (
	errAbsent  = cache.NotFound("not on disk")
	errExpired = cache.NotFound("kept too long")
	errGone    = cache.NotFound("its file is gone")
	errOther   = cache.NotFound("not on disk; another key begins alike")
	errClosed  = cache.NotFound("the disk tier is closed")
)

// Get implements cache.Store. The body is in the file; the kernel sends it from there.
//
// The file of an entry that was asked for lately is open (see handles). Of any other the head is checked against its sum:
// it is read anyway. The body is checked on the first
// hit after it was written and after each start, when the file may be from before a power failure or have been
// changed while nobody watched; this reads it from disk, which the sending would have done a moment later. Later hits
// do not read it, which is what makes a hit cost the same for 20 KB and for 2 MB.
func (s *Store) Get(ctx context.Context, key cache.Key) (*cache.Entry, error) {
	s.life.RLock()
	defer s.life.RUnlock()
	if s.closed {
		return nil, errClosed
	}
	i := idOf(key)
	known, isProven := s.index.use(i)
	if !known && (!s.doubtful.Load() || !s.adopt(i)) {
		return nil, errAbsent
	}
	if isProven {
		if e, err := s.again(key, i); e != nil || err != nil {
			return e, err
		}
	}
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer func() { <-s.readers }()

	f, err := s.fs.Open(s.path(i))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		s.gone(i)
		return nil, errGone
	case errors.Is(err, unix.ELOOP):
		s.discard(i, nil, Foreign)
		return nil, cache.NotFound("a link in place of its file")
	case err != nil:
		return nil, fault.Wrap(fault.Internal, "cache.disk.get", err)
	}
	e, err := s.read(key, i, f, isProven)
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return e, nil
}

// again returns the entry of a file that is open. Neither an entry nor an error says that it has to be looked for.
func (s *Store) again(key cache.Key, i id) (*cache.Entry, error) {
	h := s.handles.borrow(i)
	switch {
	case h == nil:
		return nil, nil //nolint:nilnil // as the comment says
	case !h.isCurrent() || !s.config.Now().Before(s.expires(h.head)):
		s.handles.drop(i)
		h.Release()
		return nil, nil //nolint:nilnil // as the comment says
	case h.head.Key != key:
		h.Release()
		return nil, errOther
	}
	return h.entry(), nil
}

// enter takes a place among those that read at once. It asks ctx only if it has to wait: to be told of a client that
// leaves costs a reader of its connection, which was a fifth of a hit.
func (s *Store) enter(ctx context.Context) error {
	select {
	case s.readers <- struct{}{}:
		return nil
	default:
	}
	select {
	case s.readers <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// read makes an entry of its file, which it leaves to the entry.
func (s *Store) read(key cache.Key, i id, f *os.File, isProven bool) (*cache.Entry, error) {
	h, err := s.readHead(f)
	switch {
	case err != nil:
	case idOf(h.Key) != i:
		err = damaged(Foreign, "the file is another entry's")
	case h.Key != key:
		return nil, errOther
	case !s.config.Now().Before(s.expires(h)):
		s.remove(i, f, Expired)
		return nil, errExpired
	case !isProven:
		if err = s.proveBody(f, h); err == nil {
			s.index.prove(i)
		}
	}
	if err != nil {
		var d *damageError
		if !errors.As(err, &d) {
			d = &damageError{Unreadable, err.Error()}
		}
		s.discard(i, f, d.kind)
		return nil, cache.NotFound(d.reason)
	}
	if isProven {
		if lent := s.handles.lend(i, f, h); lent != nil {
			return lent.entry(), nil
		}
	}
	return &cache.Entry{Meta: h.Meta, Body: blob.FromFile(f, h.BodyAt, h.BodyLen), Tier: tier}, nil
}

// expires returns when an entry must be gone.
func (s *Store) expires(h *head) time.Time { return h.expires(s.config.TTL) }

func (h *head) expires(ttl time.Duration) time.Time {
	t := h.Meta.Clocks.Keep
	if ttl > 0 {
		if end := h.Stored.Add(ttl); end.Before(t) {
			return end
		}
	}
	return t
}

// readHead reads the head of a file, and compares the file's length with what it says.
func (s *Store) readHead(f *os.File) (*head, error) {
	buffer := s.heads.Get().(*[headRead]byte)
	defer s.heads.Put(buffer)
	return readHead(s.fs, f, buffer[:])
}

func readHead(fsys FS, f *os.File, b []byte) (*head, error) {
	n, err := fsys.ReadAt(f, b, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	b = b[:n]
	length, err := headLength(b)
	if err != nil {
		return nil, err
	}
	if length > n && n == headRead {
		rest := make([]byte, length)
		copy(rest, b)
		m, err := fsys.ReadAt(f, rest[n:], int64(n))
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		b = rest[:n+m]
	}
	h, err := parseHead(b)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	switch size := info.Size(); {
	case size < h.size():
		return nil, damaged(Truncated, "the file has %d bytes of %d", size, h.size())
	case size > h.size():
		return nil, damaged(Foreign, "the file has %d bytes, expected %d", size, h.size())
	}
	return h, nil
}

// proveBody compares the body with its sum.
func (s *Store) proveBody(f *os.File, h *head) error { return proveBody(s.fs, f, h) }

func proveBody(fsys FS, f *os.File, h *head) error {
	var sum xxhash.Digest
	sum.Reset()
	n, err := io.Copy(&sum, io.NewSectionReader(readerAt{fsys, f}, h.BodyAt, h.BodyLen))
	if err != nil {
		return err
	}
	if n != h.BodyLen {
		return damaged(Truncated, "the body has %d bytes of %d", n, h.BodyLen)
	}
	if sum.Sum64() != h.BodySum {
		return damaged(Flipped, "the body does not fit its sum")
	}
	return nil
}
