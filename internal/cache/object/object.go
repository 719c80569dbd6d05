// Package object is the tier in a bucket: below memory and disk, or alone, and shared by all nodes that use the bucket.
//
// What it promises:
//
//   - One object holds one entry. Its body is the entry's body and nothing else, its content type and Cache-Control are the
//     entry's, so that a CDN can serve the bucket. What else is known of the entry stands in the metadata.
//   - A Get takes as long as it was configured with, at most: a slow bucket is a miss, and so is one that failed a few times
//     in a row and is left alone for a while.
//   - Put and Delete return at once. What they were told is written behind, in order for each key, and is what a Get of
//     this node answers by until it is done. What finds no room in the queue, or cannot be written, is dropped and counted.
//   - A damaged, truncated, empty or foreign object is a miss with a reason, is counted and deleted.
//
// What it does not: a write that the service carries out after everybody has stopped waiting for its answer can undo a
// deletion that followed. What was purged stays hidden all the same, because purges are rules (see package purge) and not
// deletions.
package object

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/collapse"
	"github.com/stillroom/stillroom/internal/fault"
)

// tier is what the entries say they come from, also those that are still in the queue.
const tier = "object"

// Store is the object tier.
type Store struct {
	config Config

	queue *queue
	// Reading and writing have one each. With one for both, the writes that follow misses would keep it from noticing that
	// every read takes too long.
	reading, writing *breaker

	reads    collapse.Group[flight, *cache.Entry]
	readers  chan struct{} // one token per read of the bucket
	counters counters
	log      *journal

	ctx     context.Context // of all writing; ends when Close waits no longer
	stop    context.CancelFunc
	writers sync.WaitGroup
}

var (
	_ cache.Store    = (*Store)(nil)
	_ cache.Accepter = (*Store)(nil)
	_ io.Closer      = (*Store)(nil)
)

// New returns the tier. It asks nobody: that there is no such bucket shows when it is used. An error names every field that
// is wrong.
func New(c Config) (*Store, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("object tier: %w", err)
	}
	s := &Store{config: c, queue: newQueue(&c), readers: make(chan struct{}, c.Readers), counters: counters{observer: c.Observer}}
	s.log = &journal{log: c.Log, pause: c.Pause}
	s.reading = newBreaker(c.Failures, c.Pause, s.changed("lookups"))
	s.writing = newBreaker(c.Failures, c.Pause, s.changed("writes"))
	s.ctx, s.stop = context.WithCancel(context.Background())
	for range c.Writers {
		s.writers.Go(s.write)
	}
	return s, nil
}

// Accepts reports whether a body of so many bytes is not too large to be kept.
func (s *Store) Accepts(size int64) bool { return size <= s.config.MaxEntry }

// Settled waits until no entry of a key waits for being written. It returns nil where the last one is in the bucket, or
// there was none, and otherwise why it is not: it was dropped, was deleted in the meantime, or waits for a bucket that is
// left alone. It returns the cause of ctx, with its kind, where that ends first.
func (s *Store) Settled(ctx context.Context, key cache.Key) error {
	if c, _, _ := s.queue.look(key); c != nil && s.writing.isOpen() {
		return errUnwritten // nobody knows for how long
	}
	return s.queue.settled(ctx, key)
}

var errUnwritten = fault.New(fault.Unreachable, "cache.object.settled", "the bucket failed and is left alone")

var errClosed = cache.NotFound("the object tier is closed")

// grace is how long Close waits for writers whose time is up: those of a bucket that follows its context end at once.
const grace = time.Second

// Close writes what is queued, for as long as Config.Drain at most, and drops the rest. Puts and Gets that come from now on
// find the tier closed. It returns nil: what it dropped is counted and logged.
func (s *Store) Close() error {
	if !s.queue.close() {
		return nil
	}
	done := make(chan struct{})
	go func() {
		s.writers.Wait()
		close(done)
	}()
	if within(done, s.config.Drain) {
		s.stop()
		return nil
	}
	before := s.counters.lost()
	for range s.queue.stop(notWritten(Shutdown, nil)) {
		s.counters.drop(Shutdown)
	}
	s.stop()
	within(done, grace)
	s.config.Log.Warn("the object tier was closed before everything was written",
		"dropped", s.counters.lost()-before, "after", s.config.Drain)
	return nil
}

// within waits for done, for a while.
func within(done <-chan struct{}, while time.Duration) bool {
	timer := time.NewTimer(while)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}

// Suspended reports whether lookups do not ask the bucket for the moment, because it failed or was too slow.
func (s *Store) Suspended() bool { return s.reading.isOpen() }

// changed returns what is told when a breaker changes. To whoever watches, the tier is left alone as long as one of them is
// open.
func (s *Store) changed(part string) func(open bool, why error) {
	return func(open bool, why error) {
		lost, skipped := s.counters.lost(), s.counters.reads[Suspended].Load()
		if open && s.log.opened(part, why, lost, skipped) || !open && s.log.closed(lost, skipped) {
			s.config.Observer.Breaker(open)
		}
	}
}
