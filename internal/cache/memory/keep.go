package memory

import "time"

// expire removes a node unless that was done meanwhile.
func (s *Store) expire(n *node) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shard(n.key).nodes[n.key] == n {
		s.remove(n)
		s.evicted.Expired++
	}
}

// keep takes a node in and makes room for it.
func (s *Store) keep(n *node, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	shard := s.shard(n.key)
	if old := shard.nodes[n.key]; old != nil {
		s.policy.replace(old, n)
		s.evicted.Replaced++
	} else {
		s.policy.enter(n)
	}
	shard.Lock()
	shard.nodes[n.key] = n
	shard.Unlock()
	s.makeRoom(now)
}

// makeRoom evicts until the bounds hold. What came last may be what goes.
func (s *Store) makeRoom(now time.Time) {
	for {
		var counter *int64
		p := &s.policy
		byNumber := s.config.Capacity > 0 && p.len() > s.config.Capacity
		switch {
		case p.bytes() > s.config.Size:
			byNumber, counter = false, &s.evicted.Size
		case byNumber:
			counter = &s.evicted.Capacity
		default:
			return
		}
		n := p.victim(byNumber, now)
		if !now.Before(n.until) {
			counter = &s.evicted.Expired
		}
		*counter++
		s.unlist(n)
		p.banish(n)
	}
}

// remove takes a node out. The caller holds s.mu.
func (s *Store) remove(n *node) {
	s.unlist(n)
	s.policy.leave(n)
}

func (s *Store) unlist(n *node) {
	shard := s.shard(n.key)
	shard.Lock()
	delete(shard.nodes, n.key)
	shard.Unlock()
}

// Evictions counts the entries that went without having been deleted, by the reason.
type Evictions struct {
	Size     int64 // to make room in bytes
	Capacity int64 // to make room in number
	Expired  int64 // were kept for as long as they might
	Replaced int64 // a newer one came under the same key
}

// Stats returns how many entries went since the start.
func (s *Store) Stats() Evictions {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.evicted
}
