package disk

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
)

// record is what the snapshot of the index says of an entry, and the journal of a change: 36 bytes.
//
//	 0 16  id
//	16  4  blocks
//	20  4  keep
//	24  4  written
//	28  4  stamp
//	32  1  place; 0 = the entry is no longer there
//	33  1  weight
//	34  1  rounds
//	35  1  uses
type record struct {
	id                           id
	blocks, keep, written, stamp uint32
	place                        place
	weight, rounds, uses         uint8
}

const recordSize = 36

func (r *record) append(b []byte) []byte {
	b = append(b, r.id[:]...)
	for _, n := range [...]uint32{r.blocks, r.keep, r.written, r.stamp} {
		b = binary.LittleEndian.AppendUint32(b, n)
	}
	return append(b, byte(r.place), r.weight, r.rounds, r.uses)
}

// parseRecord reads a record, and reports whether it is one that append can have written.
func parseRecord(b *[recordSize]byte) (record, bool) {
	r := record{
		id:     id(b[:16]),
		blocks: binary.LittleEndian.Uint32(b[16:]), keep: binary.LittleEndian.Uint32(b[20:]),
		written: binary.LittleEndian.Uint32(b[24:]), stamp: binary.LittleEndian.Uint32(b[28:]),
		place: place(b[32]), weight: b[33], rounds: b[34], uses: b[35],
	}
	return r, r.place < places && r.weight <= maxWeight && r.rounds <= maxWeight && r.uses <= maxUses &&
		(r.place == unused) == (r.blocks == 0)
}

// recordOf is what a node comes to. The caller holds the index's lock.
func recordOf(n *node) record {
	return record{
		id: n.id, blocks: n.blocks, keep: n.keep, written: n.written, stamp: n.stamp,
		place: n.place, weight: n.weight, rounds: n.rounds, uses: uint8(n.uses.Load() & usesIn),
	}
}

// In the journal a record has a sum of its own, because the journal may end anywhere.
const changeSize = recordSize + 4

// markPlace stands in the place of a journal record that says no change, but how many blocks may stand on
// disk at most from here on: in the first eight bytes.
const markPlace = 0xff

// appendChange appends a record as the journal has it.
func (r *record) appendChange(b []byte) []byte {
	from := len(b)
	b = r.append(b)
	return binary.LittleEndian.AppendUint32(b, uint32(xxhash.Sum64(b[from:])))
}

func appendMark(b []byte, mark int64) []byte {
	r := record{place: markPlace}
	binary.LittleEndian.PutUint64(r.id[:], uint64(mark))
	return r.appendChange(b)
}
