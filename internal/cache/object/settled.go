package object

import (
	"context"
	"errors"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/fault"
)

// declined notes why an entry of a key was not accepted.
func (q *queue) declined(key cache.Key, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.remember(key, err)
}

func (q *queue) remember(key cache.Key, err error) {
	if _, known := q.lost[key]; !known && len(q.lost) >= q.maxEntries {
		for other := range q.lost {
			delete(q.lost, other) // any: whoever wants to know asks at once
			break
		}
	}
	q.lost[key] = err
}

// settled waits until no entry of a key waits for being written, and returns why the last one was not.
func (q *queue) settled(ctx context.Context, key cache.Key) error {
	for {
		q.mu.Lock()
		j := q.jobs[key]
		if j == nil {
			defer q.mu.Unlock()
			return q.lost[key]
		}
		c := j.newest()
		q.mu.Unlock()
		if c.entry == nil {
			return errDeleted
		}
		select {
		case <-c.ended:
		case <-ctx.Done():
			return fault.Wrap(fault.KindOf(ctx.Err()), "cache.object.settled", context.Cause(ctx))
		}
		if !errors.Is(c.err, errReplaced) {
			return c.err
		}
	}
}

// close has nothing accepted any more. What waits goes on being taken.
func (q *queue) close() (first bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	first = !q.closed
	q.closed = true
	q.more.Broadcast()
	return first
}

// stop has nothing taken any more and ends what waits with an error; it returns how many entries and deletions that were.
func (q *queue) stop(err error) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.stopped = true
	n := 0
	for key, j := range q.jobs {
		if j.next != nil {
			n++
			q.end(j.next, err)
			j.next = nil
		}
		if j.running == nil {
			delete(q.jobs, key)
		}
	}
	q.more.Broadcast()
	return n
}

func (q *queue) isClosed() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.closed
}

func (q *queue) stats() Stats {
	q.mu.Lock()
	defer q.mu.Unlock()
	return Stats{
		QueueEntries: int64(q.entries), MaxQueueEntries: int64(q.maxEntries),
		QueueBytes: q.bytes, MaxQueueBytes: q.maxBytes,
		Deletes: int64(q.erasing), MaxDeletes: int64(q.maxDeletes),
	}
}
