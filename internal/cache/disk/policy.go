package disk

import "math/rand/v2"

// policy decides which entry goes when room is needed. It is S3-FIFO (Yang and others, SOSP 2023) in
// bytes, with two additions, and holds no file: only nodes in queues.
//
// A new entry waits in the nursery until it is as old as the age floor, for it may be being read right
// now. Then it stands in the small queue, a tenth of the bytes. Whoever reaches its head without having
// been asked for goes, so a scan of pictures that nobody wants twice passes through that tenth only. Who
// was asked for moves to the main queue, where each use buys another way through. Who went from the
// small queue leaves a ghost, and comes back straight into the main queue.
//
// The second addition is cost: a use of an entry that took much CPU time per byte is worth up to four
// (see weigher), in either queue.
//
// It is not safe for concurrent use, except for touch.
type policy struct {
	nodes  slab
	queues [places]queue
	ghosts ghosts
	stamp  uint32 // grows with each push; it may wrap, only differences count
	floor  int64  // seconds
	weigher
}

const (
	// smallShare is the part of the bytes that entries get which were not asked for again: 1/10.
	smallShare = 10
	// patience is how many entries are passed over before the least of them goes: it bounds the time
	// that one eviction holds the lock when all were asked for. 512 looks are about 20 microseconds.
	patience = 512
)

func newPolicy(floor int64) *policy {
	return &policy{floor: floor, ghosts: ghosts{seed: rand.Uint64() | 1}}
}

// enter puts a node that was filled in, except for what concerns the queues.
func (p *policy) enter(slot uint32) {
	n := p.nodes.at(slot)
	n.rounds = n.weight
	if p.ghosts.take(n.id) {
		n.marks |= ghosted
	}
	p.push(slot, nursery)
}

func (p *policy) push(slot uint32, to place) {
	n := p.nodes.at(slot)
	p.stamp++
	n.place, n.stamp = to, p.stamp
	p.queues[to].push(&p.nodes, slot)
}

func (p *policy) move(slot uint32, to place) {
	p.queues[p.nodes.at(slot).place].remove(&p.nodes, slot)
	p.push(slot, to)
}

// leave takes a node out; the slot may be used again at once.
func (p *policy) leave(slot uint32) {
	p.queues[p.nodes.at(slot).place].remove(&p.nodes, slot)
	p.nodes.give(slot)
}

// banish is leave for a victim: unless it had its chance in the main queue, its ghost stays.
func (p *policy) banish(slot uint32) {
	if n := p.nodes.at(slot); n.place != main {
		p.ghosts.add(n.id, p.queues[small].len+p.queues[main].len)
	}
	p.leave(slot)
}

// touch notes a use. Any number of readers may call it at once while nobody changes the policy. An entry
// that has its uses already is only read, so that a picture everybody wants is no bottleneck.
func (p *policy) touch(slot uint32) {
	n := p.nodes.at(slot)
	if old := n.uses.Load(); old&usesIn < maxUses {
		n.uses.CompareAndSwap(old, old+1) // a use lost to another reader's is no loss
	}
}

// graduate lets those out of the nursery that have the age.
func (p *policy) graduate(now uint32) {
	q := &p.queues[nursery]
	for q.head != none {
		n := p.nodes.at(q.head)
		if p.young(n.written, now) {
			return
		}
		to := small
		if n.marks&ghosted != 0 {
			n.marks &^= ghosted
			to = main
		}
		p.move(q.head, to)
	}
}

// young reports whether what was written then is below the age floor. A time far in the future is from
// before the clock was set back, and old.
func (p *policy) young(written, now uint32) bool {
	age := int64(now) - int64(written)
	return age < p.floor && -age <= p.floor
}

// victim returns who goes next, or none if nobody is there. It stays where it is until banish.
func (p *policy) victim(now uint32) uint32 {
	p.graduate(now)
	best, least := uint32(none), ^uint32(0)
	for range patience {
		slot, last := p.look()
		if last {
			return slot
		}
		n := p.nodes.at(slot)
		if lives := (n.uses.Load()&usesIn)*uint32(1+n.weight) + uint32(n.rounds); lives < least {
			best, least = slot, lives
		}
	}
	return best
}

// look passes over the next candidate, or says that it goes.
func (p *policy) look() (slot uint32, goes bool) {
	s, m := &p.queues[small], &p.queues[main]
	if s.len == 0 && m.len == 0 {
		return p.queues[nursery].head, true
	}
	if s.len > 0 && (m.len == 0 || s.blocks*smallShare >= s.blocks+m.blocks) {
		n := p.nodes.at(s.head)
		slot = s.head
		switch {
		case n.uses.Load()&usesIn > 0:
			p.spend(n)
			p.move(slot, main)
		case n.rounds > 0:
			n.rounds--
			p.move(slot, small)
		default:
			return slot, true
		}
		return slot, false
	}
	slot = m.head
	n := p.nodes.at(slot)
	switch {
	case n.rounds > 0:
		n.rounds--
	case n.uses.Load()&usesIn > 0:
		p.spend(n)
	default:
		return slot, true
	}
	p.move(slot, main)
	return slot, false
}

// spend turns a use into rounds. The caller has the lock that keeps readers out.
func (p *policy) spend(n *node) {
	n.uses.Add(^uint32(0))
	n.rounds = n.weight
}
