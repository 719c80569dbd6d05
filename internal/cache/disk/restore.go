package disk

import (
	"errors"
	"io"
	"slices"
)

// restore applies a record before the queues are linked.
func (x *index) restore(r record) {
	slot, known := x.slots[r.id]
	if r.place == unused {
		if known {
			x.used -= int64(x.nodes.at(slot).blocks)
			delete(x.slots, r.id)
			x.nodes.give(slot)
		}
		return
	}
	if !known {
		slot = x.nodes.take()
		x.slots[r.id] = slot
	}
	n := x.nodes.at(slot)
	x.used += int64(r.blocks) - int64(n.blocks)
	n.id, n.blocks, n.keep, n.written, n.stamp = r.id, r.blocks, r.keep, r.written, r.stamp
	n.place, n.weight, n.rounds, n.marks = r.place, r.weight, r.rounds, unseen
	n.uses.Store(uint32(r.uses))
}

// link puts what was restored into its queues, in the order of the stamps: oldest first, counted from the
// newest, so that a clock that went round does not matter.
func (x *index) link(stamp uint32) {
	x.files = int64(len(x.slots))
	order := make([]uint64, 0, len(x.slots))
	newest := stamp
	for _, slot := range x.slots {
		if s := x.nodes.at(slot).stamp; int32(s-newest) > 0 {
			newest = s
		}
	}
	for _, slot := range x.slots {
		age := newest - x.nodes.at(slot).stamp
		order = append(order, uint64(^age)<<32|uint64(slot))
	}
	slices.Sort(order)
	for _, o := range order {
		slot := uint32(o)
		x.queues[x.nodes.at(slot).place].push(&x.nodes, slot)
	}
	x.stamp = newest
}

func (x *index) restoreAll(r io.Reader, count int64) error {
	b := make([]byte, slabLen*recordSize)
	for count > 0 {
		n := min(count, slabLen)
		piece := b[:n*recordSize]
		if _, err := io.ReadFull(r, piece); err != nil {
			return err
		}
		for ; len(piece) > 0; piece = piece[recordSize:] {
			record, ok := parseRecord((*[recordSize]byte)(piece))
			if !ok || record.place == unused {
				return errors.New("a record is none")
			}
			x.restore(record)
		}
		count -= n
	}
	return nil
}
