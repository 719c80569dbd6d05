package memory

import (
	"encoding/binary"

	"github.com/stillroom/stillroom/internal/cache"
)

// ghosts remembers the keys of those that were evicted last, by their first eight bytes: keys are hashes, and taking one
// for another now and then costs no more than a place in a queue.
type ghosts struct {
	turns map[uint64]uint64 // the turn at which each one came; turns that are over are not here
	order []uint64          // ring by turn; a power of two long
	first uint64            // the oldest turn that may be remembered
	next  uint64
}

// fewestGhosts are remembered even while hardly anything is held.
const fewestGhosts = 64

func newGhosts() ghosts {
	return ghosts{turns: map[uint64]uint64{}, order: make([]uint64, fewestGhosts)}
}

func fingerprint(key cache.Key) uint64 { return binary.LittleEndian.Uint64(key[:8]) }

// add remembers one more, of as many as there are entries.
func (g *ghosts) add(key cache.Key, entries int64) {
	for g.next-g.first >= uint64(max(entries, fewestGhosts)) {
		g.forget()
	}
	if g.next-g.first == uint64(len(g.order)) {
		g.grow()
	}
	g.order[g.next%uint64(len(g.order))] = fingerprint(key)
	g.turns[fingerprint(key)] = g.next
	g.next++
}

func (g *ghosts) forget() {
	oldest := g.order[g.first%uint64(len(g.order))]
	if g.turns[oldest] == g.first {
		delete(g.turns, oldest)
	}
	g.first++
}

func (g *ghosts) grow() {
	longer := make([]uint64, 2*len(g.order))
	for turn := g.first; turn < g.next; turn++ {
		longer[turn%uint64(len(longer))] = g.order[turn%uint64(len(g.order))]
	}
	g.order = longer
}

// take reports whether a key is remembered, and forgets it.
func (g *ghosts) take(key cache.Key) bool {
	_, found := g.turns[fingerprint(key)]
	delete(g.turns, fingerprint(key))
	return found
}
