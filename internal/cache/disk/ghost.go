package disk

import (
	"encoding/binary"
	"math/bits"
)

// ghosts remembers who was evicted lately: as many as there are entries, 8 bytes each. It is a table of
// four places per row and forgets the oldest of a row, so it may forget a little early; and it knows 32 bits
// of each, so it may take one in a billion for another.
type ghosts struct {
	seed  uint64 // keys are made from what strangers send: without it they could choose their row
	rows  []ghostRow
	count uint32 // evictions so far
	live  uint32 // how many evictions a ghost lasts
}

type ghostRow [4]struct {
	print uint32 // 0 = free
	count uint32
}

// leastGhosts keeps the table from being rebuilt while a tier fills up for the first time.
const leastGhosts = 1 << 10

// spread is 2^64 divided by the golden ratio: multiplying by it carries every bit into the upper half.
const spread = 0x9e3779b97f4a7c15

// print returns the fingerprint, which is never 0.
func (g *ghosts) print(i id) uint32 {
	high, low := bits.Mul64(binary.LittleEndian.Uint64(i[:])^g.seed, binary.LittleEndian.Uint64(i[8:])^spread)
	return uint32(((high^low)*g.seed)>>32) | 1
}

// add remembers one more; entries is how many are held, which is how many ghosts last.
func (g *ghosts) add(i id, entries int) {
	g.live = uint32(max(entries, leastGhosts))
	if uint64(len(g.rows))*uint64(len(ghostRow{})) < uint64(g.live) {
		g.grow()
	}
	g.count++
	g.put(g.print(i), g.count)
}

func (g *ghosts) put(mark, count uint32) {
	row := g.row(mark)
	oldest := 0
	for i := range row {
		if row[i].print == 0 {
			oldest = i
			break
		}
		if g.count-row[i].count > g.count-row[oldest].count {
			oldest = i
		}
	}
	row[oldest].print, row[oldest].count = mark, count
}

// row returns the row of a fingerprint. It depends on the fingerprint alone, so that the table can grow
// without knowing whose they are.
func (g *ghosts) row(mark uint32) *ghostRow {
	return &g.rows[uint64(mark)*spread>>32&uint64(len(g.rows)-1)]
}

func (g *ghosts) grow() {
	old := g.rows
	g.rows = make([]ghostRow, max(2*len(old), leastGhosts/len(ghostRow{})))
	for i := range old {
		for _, p := range old[i] {
			if p.print != 0 {
				g.put(p.print, p.count)
			}
		}
	}
}

// take reports whether it is remembered, and forgets it.
func (g *ghosts) take(i id) bool {
	if len(g.rows) == 0 {
		return false
	}
	mark := g.print(i)
	row := g.row(mark)
	for i := range row {
		if row[i].print == mark {
			alive := g.count-row[i].count < g.live
			row[i].print = 0
			return alive
		}
	}
	return false
}
