package disk

import (
	"os"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/stillroom/stillroom/internal/blob"
	"github.com/stillroom/stillroom/internal/cache"
)

// mostHandles bounds the files that are kept open. Opening, reading the head and closing was half of a hit.
const mostHandles = 1024

// handles are the files of entries that were asked for lately, open and understood. A file that was removed or replaced
// has no name any more, and the system says so; that is asked on each use, so a handle needs no news to be right. It is
// told all the same when a file goes, because an open file keeps its place on disk.
type handles struct {
	mu   sync.RWMutex
	byID map[id]*handle
	ring []*handle // the order in which they are looked at when room is needed: CLOCK
	hand int
	most int
}

// handle is an open file. It closes when nobody holds it: handles does, and each body that is read from it.
type handle struct {
	id      id
	place   int // in the ring
	file    *os.File
	number  int // its descriptor
	head    *head
	holders atomic.Int32
	recent  atomic.Bool
}

// borrow returns the handle of an entry, which the caller releases; nil = there is none.
func (s *handles) borrow(i id) *handle {
	s.mu.RLock()
	defer s.mu.RUnlock()
	h := s.byID[i]
	if h == nil {
		return nil
	}
	h.holders.Add(1)
	if !h.recent.Load() { // a store that changes nothing would still take the line from the other processors
		h.recent.Store(true)
	}
	return h
}

// lend takes a file over and returns it as a handle, which the caller releases; nil = the file stays the
// caller's. The caller has found it under its name; it may have lost that since.
func (s *handles) lend(i id, f *os.File, hd *head) *handle {
	h := &handle{id: i, file: f, head: hd}
	conn, err := f.SyscallConn()
	if err != nil || conn.Control(func(fd uintptr) { h.number = int(fd) }) != nil {
		return nil
	}
	h.holders.Store(2)
	if !s.take(h) {
		return nil
	}
	// Whoever removed the file before we took it in has told us too early. One who does so now tells us again.
	if !h.isCurrent() {
		s.drop(i)
	}
	return h
}

func (s *handles) take(h *handle) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.most == 0 || s.byID[h.id] != nil {
		return false
	}
	for len(s.ring) >= s.most {
		s.hand %= len(s.ring)
		if old := s.ring[s.hand]; old.recent.Swap(false) {
			s.hand++
		} else {
			s.leave(old)
		}
	}
	if s.byID == nil {
		s.byID = make(map[id]*handle)
	}
	h.place = len(s.ring)
	s.ring = append(s.ring, h)
	s.byID[h.id] = h
	return true
}

// leave forgets a handle. The caller has the lock.
func (s *handles) leave(h *handle) {
	last := s.ring[len(s.ring)-1]
	s.ring[h.place], last.place = last, h.place
	s.ring[len(s.ring)-1] = nil
	s.ring = s.ring[:len(s.ring)-1]
	delete(s.byID, h.id)
	h.Release()
}

// drop forgets the handle of an entry, whose file was removed or replaced.
func (s *handles) drop(i id) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h := s.byID[i]; h != nil {
		s.leave(h)
	}
}

// sweep forgets the handles of files that others have removed.
func (s *handles) sweep() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n := len(s.ring) - 1; n >= 0; n-- {
		if h := s.ring[n]; !h.isCurrent() {
			s.leave(h)
		}
	}
}

// close forgets all handles, and takes no others.
func (s *handles) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.most = 0
	for len(s.ring) > 0 {
		s.leave(s.ring[len(s.ring)-1])
	}
}

// Release implements blob.Holder.
func (h *handle) Release() {
	if h.holders.Add(-1) == 0 {
		_ = h.file.Close() // it was only read from
	}
}

// isCurrent reports whether the file still bears a name and has the length that its head says.
func (h *handle) isCurrent() bool {
	var info unix.Stat_t
	return unix.Fstat(h.number, &info) == nil && info.Nlink > 0 && info.Size == h.head.size()
}

// entry makes the handle's entry, whose body releases it.
func (h *handle) entry() *cache.Entry {
	return &cache.Entry{Meta: h.head.Meta, Body: blob.FromShared(h.file, h.head.BodyAt, h.head.BodyLen, h), Tier: tier}
}
