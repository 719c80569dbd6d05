package object

import (
	"sync"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/fault"
)

// change is an entry to write, or a deletion.
type change struct {
	key      cache.Key
	entry    *cache.Entry // nil = delete
	size     int64        // bytes of memory that it holds
	attempts int          // that failed; the writer's who has it

	ended chan struct{} // closed when it has ended
	err   error         // why it was not done; set before that
}

// job is what there is to do for one key: one change after the other, and of those that wait only the newest.
type job struct {
	running, next *change
}

// newest is what the bucket is going to hold.
func (j *job) newest() *change {
	if j.next != nil {
		return j.next
	}
	return j.running
}

// queue holds the changes that wait or are under way. What a key's last change was is known until that has ended, so
// that the tier answers by what it was told and not by what the bucket still has.
type queue struct {
	maxEntries, maxDeletes int
	maxBytes               int64

	mu      sync.Mutex
	more    sync.Cond // there is something to take, or stopped is set
	jobs    map[cache.Key]*job
	puts    line
	deletes line
	turn    bool // which of them is asked first
	entries int
	erasing int // deletions
	bytes   int64
	closed  bool // nothing is accepted any more
	stopped bool // nothing is taken any more

	// changes counts the Puts and Deletes that there were, of keys by their first byte. A read that began before one of them
	// is not shared with those who come after.
	changes [256]uint64
	// lost is why the last entry of a key was not written, of as many keys as may wait.
	lost map[cache.Key]error
}

// deletesPerEntry is how many more deletions may wait than entries: they hold no body.
const deletesPerEntry = 16

func newQueue(c *Config) *queue {
	q := &queue{
		maxEntries: c.QueueEntries, maxBytes: c.QueueBytes, maxDeletes: deletesPerEntry * c.QueueEntries,
		jobs: map[cache.Key]*job{}, lost: map[cache.Key]error{},
	}
	q.more.L = &q.mu
	return q
}

var (
	errReplaced = fault.New(fault.Canceled, "cache.object.write", "another entry came in its place")
	errDeleted  = fault.New(fault.Canceled, "cache.object.write", "it was deleted before it was written")
)

// look returns what is going to become of a key, nil where nothing changes, and the number of changes so far.
func (q *queue) look(key cache.Key) (c *change, changes uint64, closed bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if j := q.jobs[key]; j != nil {
		c = j.newest()
	}
	return c, q.changes[key[0]], q.closed
}

// room reports whether a change would be accepted now.
func (q *queue) room(c *change) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.holds(c)
}

// offer puts a change in a line, in place of the one of the same key that waits there. False = there is no room, and
// what waits goes on waiting: it is older, but good by its own clocks.
func (q *queue) offer(c *change) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.add(c)
}

// erase is offer for the deletion of what a read found to be damaged, unless there has been a change since.
func (q *queue) erase(c *change, changes uint64) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.changes[c.key[0]] != changes || q.jobs[c.key] != nil {
		return true
	}
	return q.add(c)
}

func (q *queue) add(c *change) bool {
	// Whether it is accepted or not: what is read from here on is not what was read before.
	q.changes[c.key[0]]++
	if !q.holds(c) {
		return false
	}
	j := q.jobs[c.key]
	if j == nil {
		j = &job{}
		q.jobs[c.key] = j
	}
	if j.next != nil {
		q.end(j.next, replacedBy(c)) // its place in the line is c's now
	} else if j.running == nil {
		q.enter(c)
	}
	j.next = c
	q.count(c, 1)
	delete(q.lost, c.key)
	return true
}

func replacedBy(c *change) error {
	if c.entry == nil {
		return errDeleted
	}
	return errReplaced
}

// holds reports whether there is room for a change, that of the one included whose place it would take.
func (q *queue) holds(c *change) bool {
	entries, erasing, bytes := q.entries, q.erasing, q.bytes
	if j := q.jobs[c.key]; j != nil && j.next != nil {
		if j.next.entry == nil {
			erasing--
		} else {
			entries--
			bytes -= j.next.size
		}
	}
	if c.entry == nil {
		return !q.closed && erasing < q.maxDeletes
	}
	// The largest entry that is accepted at all fits by itself, its meta included.
	return !q.closed && entries < q.maxEntries && (bytes == 0 || bytes+c.size <= q.maxBytes)
}

func (q *queue) count(c *change, by int) {
	if c.entry == nil {
		q.erasing += by
		return
	}
	q.entries += by
	q.bytes += int64(by) * c.size
}
