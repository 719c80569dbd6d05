package board

import (
	"hash/maphash"
	"slices"
	"sync"
	"time"

	"github.com/stillroom/stillroom/internal/purge"
)

// record is what a node knows of the board: the objects on it that need no reading any more, and the rules that are not
// on it yet. Times in it are of this process alone.
type record struct {
	mu       sync.Mutex
	objects  map[string]known   // by name
	waiting  map[string]waiting // by ID
	arriving map[string]bool    // IDs of rules that are being read from the board
	overflow bool               // rules were left out
	seed     maphash.Seed
}

// known is an object that was read or written here.
type known struct {
	// rules are hashes of the IDs in it: of half a million rules they take 4 MB, where the IDs would take 20. That two
	// are alike, so that a rule is not missed when it is lost from the board, happens once in a hundred million such boards.
	rules []uint64
	seen  time.Time // when it was there at last
	again time.Time // when it has to be read again; zero = never
}

func newRecord() *record {
	return &record{objects: map[string]known{}, waiting: map[string]waiting{}, arriving: map[string]bool{}, seed: maphash.MakeSeed()}
}

// arrive takes note of rules that are in an object which is being read: the ledger offers them on their way.
func (r *record) arrive(ids []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range ids {
		r.arriving[id] = true
	}
}

// found takes note of an object that was read or written: its rules need not be written any more, and it need not
// be read before again.
func (r *record) found(object string, ids []string, at, again time.Time) {
	hashes := make([]uint64, len(ids))
	for i, id := range ids {
		hashes[i] = maphash.String(r.seed, id)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.objects[object] = known{hashes, at, again}
	for _, id := range ids {
		delete(r.waiting, id)
		delete(r.arriving, id)
	}
}

// listed takes note that an object is there and reports whether it has to be read.
func (r *record) listed(object string, at time.Time) (unread bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k, there := r.objects[object]
	if !there {
		return true
	}
	k.seen = at
	r.objects[object] = k
	return !k.again.IsZero() && !k.again.After(at)
}

// forget lets go of objects that were not there since a time.
func (r *record) forget(since time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for object, k := range r.objects {
		if k.seen.Before(since) {
			delete(r.objects, object)
		}
	}
}

// count returns how many objects there are.
func (r *record) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.objects)
}

// has reports whether an object was read before.
func (r *record) has(object string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, there := r.objects[object]
	return there
}

// lacking returns those of some rules that are in no object.
func (r *record) lacking(rules []purge.Rule) []purge.Rule {
	// The lists do not change, so the lock, for which purges wait, is not held while they are gone through.
	r.mu.Lock()
	lists := make([][]uint64, 0, len(r.objects))
	for _, k := range r.objects {
		lists = append(lists, k.rules)
	}
	r.mu.Unlock()
	there := make(map[uint64]struct{}, len(rules))
	for _, list := range lists {
		for _, hash := range list {
			there[hash] = struct{}{}
		}
	}
	return slices.DeleteFunc(rules, func(rule purge.Rule) bool {
		_, ok := there[maphash.String(r.seed, rule.ID)]
		return ok
	})
}
