package disk

import "sync/atomic"

// id is the first half of a key: the name of its file, and enough to find it. The file proves the rest.
type id [16]byte

// place says in which queue a node stands.
type place uint8

const (
	unused  place = iota // the node is free
	nursery              // younger than the age floor
	small                // not asked for again since it left the nursery
	main                 // asked for again

	places
)

// node is what is kept in memory of an entry: 48 bytes, no pointer, so that a million of them cost 48 MB
// and the garbage collector does not look at them. Times are in seconds since 1970 (until 2106).
type node struct {
	id         id
	prev, next uint32 // in the queue; next also in the list of free nodes
	stamp      uint32 // the queues' clock when it was last put into one: tells the order after a restart
	blocks     uint32 // on disk
	keep       uint32 // until then; the entry's own clock, not the tier's TTL
	written    uint32
	// uses is written by readers, who share the lock: hits since it was last looked at for eviction, at
	// most maxUses, and the bit proven.
	uses   atomic.Uint32
	place  place
	weight uint8 // what a use is worth, see weigher
	rounds uint8 // how often it is passed over before a use is spent
	marks  uint8
}

const (
	maxUses = 3 // as S3-FIFO counts: more would only make a has-been stay longer
	proven  = 1 << 8
	usesIn  = proven - 1
)

const (
	ghosted = 1 << iota // was evicted a short while ago
	unseen              // in the index since before the start, and not met in the folder yet
)

// none is no node.
const none = 0

const (
	slabBits = 12
	slabLen  = 1 << slabBits
)

// slab holds nodes by number, in pieces that never move: growing copies nothing, and a reader keeps its
// pointer.
type slab struct {
	pieces []*[slabLen]node
	free   uint32 // first of the free ones
	made   uint32 // nodes handed out at least once; number 0 is none
}

func (s *slab) at(slot uint32) *node { return &s.pieces[slot>>slabBits][slot&(slabLen-1)] }

// take returns a node that is zero.
func (s *slab) take() uint32 {
	if slot := s.free; slot != none {
		n := s.at(slot)
		s.free, n.next = n.next, none
		return slot
	}
	s.made++
	if int(s.made>>slabBits) >= len(s.pieces) {
		s.pieces = append(s.pieces, new([slabLen]node))
	}
	return s.made
}

func (s *slab) give(slot uint32) {
	n := s.at(slot)
	n.id, n.prev, n.stamp, n.blocks, n.keep, n.written = id{}, none, 0, 0, 0, 0
	n.uses.Store(0)
	n.place, n.weight, n.rounds, n.marks = unused, 0, 0, 0
	n.next, s.free = s.free, slot
}

// queue is a list of nodes, the oldest first.
type queue struct {
	head, tail uint32
	blocks     int64
	len        int
}

func (q *queue) push(s *slab, slot uint32) {
	n := s.at(slot)
	n.prev, n.next = q.tail, none
	if q.tail == none {
		q.head = slot
	} else {
		s.at(q.tail).next = slot
	}
	q.tail = slot
	q.len++
	q.blocks += int64(n.blocks)
}

func (q *queue) remove(s *slab, slot uint32) {
	n := s.at(slot)
	if n.prev == none {
		q.head = n.next
	} else {
		s.at(n.prev).next = n.next
	}
	if n.next == none {
		q.tail = n.prev
	} else {
		s.at(n.next).prev = n.prev
	}
	n.prev, n.next = none, none
	q.len--
	q.blocks -= int64(n.blocks)
}
