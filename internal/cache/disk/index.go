package disk

import (
	"sync"
	"time"

	"github.com/stillroom/stillroom/internal/cache"
)

// block is what a file system gives out at least, and what everything is counted in.
const block = 4096

func blocksOf(bytes int64) int64 { return (bytes + block - 1) / block }

// index is what is known of the folder without reading it, and the books of its bytes. Its lock is held for
// lookups and for the policy, never while the disk works. Lock order: directory, journal, index.
type index struct {
	mu    sync.RWMutex
	slots map[id]uint32
	*policy

	limit      int64 // blocks
	used       int64 // blocks that stand on disk or that somebody may be writing right now
	held       int64 // part of used: blocks that may stand on disk unknown to the index, see settle
	files      int64 // entries, those being written or being removed included
	maxEntries int64
	ttl        time.Duration

	// mark is how far used may grow before the journal has to be told, see journal.raise.
	mark int64
	// doomed are entries that were taken out and whose file still stands: the walk of the folder must not bring them
	// back, nor count them twice.
	doomed map[id]struct{}
	// changes are records for the journal that it has not taken yet; lost says that they became too many
	// because the journal could not write.
	changes []byte
	lost    bool
	// wake is told when the journal has something to do.
	wake chan struct{}
}

const (
	wakeChanges = 32 << 10 // bytes of changes that are worth a write before their time
	mostChanges = 1 << 20  // bytes of changes that are kept while the journal cannot write
)

func newIndex(c *Config) *index {
	x := &index{
		slots: make(map[id]uint32), doomed: make(map[id]struct{}), policy: newPolicy(seconds(c.AgeFloor)),
		limit: c.MaxBytes/block - spareBlocks(c.MaxBytes), maxEntries: c.MaxEntries, ttl: c.TTL, wake: make(chan struct{}, 1),
	}
	return x
}

func seconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

// clock turns a time into what nodes count in.
func clock(t time.Time) uint32 { return uint32(min(max(t.Unix(), 0), 1<<32-1)) }

// deadline is clock rounded up: nothing goes before its time.
func deadline(t time.Time) uint32 { return clock(t.Add(time.Second - 1)) }

func idOf(key cache.Key) id { return id(key[:16]) }

// use looks an entry up and notes the use. Known says that it is there, isProven that its body was compared
// with its sum.
func (x *index) use(i id) (known, isProven bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	slot, ok := x.slots[i]
	if !ok {
		return false, false
	}
	x.touch(slot)
	return true, x.nodes.at(slot).uses.Load()&proven != 0
}

// prove notes that the body fits its sum.
func (x *index) prove(i id) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if slot, ok := x.slots[i]; ok {
		x.nodes.at(slot).uses.Or(proven)
	}
}

func (x *index) has(i id) bool {
	x.mu.RLock()
	defer x.mu.RUnlock()
	_, ok := x.slots[i]
	return ok
}

// put enters an entry whose blocks are reserved and whose file bears its name. What stood under the id
// is overwritten, and its blocks are free.
func (x *index) put(r record) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if slot, ok := x.slots[r.id]; ok {
		x.used -= int64(x.nodes.at(slot).blocks)
		x.files--
		x.policy.leave(slot)
	}
	x.enter(r)
}

// adopt enters an entry that was met in the folder.
func (x *index) adopt(r record) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if _, ok := x.slots[r.id]; ok {
		return
	}
	known := min(x.held, int64(r.blocks))
	x.held -= known
	x.used += int64(r.blocks) - known
	x.files++
	x.enter(r)
}

func (x *index) enter(r record) {
	slot := x.nodes.take()
	n := x.nodes.at(slot)
	n.id, n.blocks, n.keep, n.written, n.weight = r.id, r.blocks, r.keep, r.written, r.weight
	x.slots[r.id] = slot
	x.policy.enter(slot)
	x.change(recordOf(n))
}

// weigh returns the weight that an entry of this cost gets.
func (x *index) weigh(cost time.Duration, blocks int64) uint8 {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.policy.weigh(cost, uint32(blocks))
}

// remove takes an entry out. Its blocks stay counted until its file is gone.
func (x *index) remove(i id) (blocks int64, ok bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	slot, ok := x.slots[i]
	if !ok {
		return 0, false
	}
	blocks = int64(x.nodes.at(slot).blocks)
	x.forget(slot, (*policy).leave)
	return blocks, true
}

func (x *index) forget(slot uint32, how func(*policy, uint32)) {
	i := x.nodes.at(slot).id
	delete(x.slots, i)
	how(x.policy, slot)
	x.change(record{id: i})
}

// change hands a record to the journal.
func (x *index) change(r record) {
	if x.lost || len(x.changes) > mostChanges {
		x.lost, x.changes = true, nil
		return
	}
	first := len(x.changes) == 0
	x.changes = r.appendChange(x.changes)
	if n := len(x.changes); first || n > wakeChanges && n <= wakeChanges+changeSize {
		x.wakeUp()
	}
}

// wakeUp has the journal looked after.
func (x *index) wakeUp() {
	select {
	case x.wake <- struct{}{}:
	default:
	}
}

const (
	granted  wants = iota
	evict          // somebody has to go first
	raise          // the journal has to be told first
	hopeless       // nobody is there who could go
)

// expires returns when an entry must be gone.
func (x *index) expires(n *node) uint32 {
	if x.ttl == 0 {
		return n.keep
	}
	return uint32(min(int64(n.keep), int64(n.written)+seconds(x.ttl)))
}
