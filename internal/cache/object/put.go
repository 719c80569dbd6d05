package object

import (
	"context"
	"errors"
	"io"

	"github.com/stillroom/stillroom/internal/blob"
	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/fault"
)

// perEntry is the memory that an entry in the queue holds beside its body, in bytes: its meta and our own books.
const perEntry = 1 << 10

// errFull is why something is dropped that found no room.
var errFull = errors.New("the bucket takes less than comes: the queue is full")

// Put implements cache.Store: it queues the entry. A body in memory is shared with the caller, one in a file is read. An error
// says that the entry is not whole; what is dropped is counted and no error.
func (s *Store) Put(_ context.Context, key cache.Key, e *cache.Entry) error {
	const op = "cache.object.put"
	size := e.Body.Len()
	switch {
	case size != e.Length:
		return fault.New(fault.Internal, op, "the body has %d bytes, want %d", size, e.Length)
	case e.NoStore || e.OneClient:
		s.decline(key, Unshared)
		return nil
	case size > s.config.MaxEntry:
		s.decline(key, BodyTooLarge)
		return nil
	case !s.config.Now().Before(e.Clocks.Keep):
		s.decline(key, TooLate)
		return nil
	}
	kept := &cache.Entry{Meta: e.Meta, Body: e.Body, Tier: tier}
	c := &change{key: key, entry: kept, size: size + perEntry, ended: make(chan struct{})}
	if !e.Body.InMemory() {
		if !s.queue.room(c) {
			s.full(key)
			return nil
		}
		body, err := read(e.Body)
		if err != nil {
			s.decline(key, Unreadable)
			return fault.New(fault.Internal, op, "the body cannot be read: %w", err)
		}
		kept.Body = body
	}
	if !s.queue.offer(c) {
		s.full(key)
	}
	return nil
}

// read returns the bytes of a blob in memory, and leaves it open.
func read(b *blob.Blob) (*blob.Blob, error) {
	data := make([]byte, b.Len())
	if _, err := io.ReadFull(b.Reader(), data); err != nil {
		return nil, err
	}
	return blob.New(data), nil
}

// decline counts an entry that is not queued.
func (s *Store) decline(key cache.Key, reason Drop) {
	s.queue.declined(key, notWritten(reason, nil))
	s.counters.drop(reason)
}

// full declines an entry that the queue had no room for.
func (s *Store) full(key cache.Key) {
	if s.queue.isClosed() {
		s.decline(key, Shutdown)
		return
	}
	s.decline(key, QueueFull)
	s.log.drop(QueueFull, errFull)
}

// notWritten is why an entry was dropped, for whoever waits for it.
func notWritten(reason Drop, cause error) error {
	if cause == nil {
		return fault.New(fault.Internal, "cache.object.write", "dropped: %s", reason)
	}
	return fault.New(fault.KindOf(cause), "cache.object.write", "dropped: %s: %w", reason, cause)
}

// Delete implements cache.Store: it takes what is queued out, and queues the deletion of the object. Until that is done, Gets of
// this node answer NotFound. What finds no room in the queue is dropped and counted.
func (s *Store) Delete(_ context.Context, key cache.Key) error {
	if s.queue.offer(deletion(key)) {
		return nil
	}
	s.lose(DeletesFull)
	return nil
}

func deletion(key cache.Key) *change { return &change{key: key, ended: make(chan struct{})} }

// lose counts a deletion that was not queued.
func (s *Store) lose(reason Drop) {
	if s.queue.isClosed() {
		s.counters.drop(Shutdown)
		return
	}
	s.counters.drop(reason)
	s.log.drop(reason, errFull)
}
