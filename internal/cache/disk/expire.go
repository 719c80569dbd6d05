package disk

// expired returns the entries past their time.
func (x *index) expired(now uint32) (list []id) {
	x.mu.RLock()
	made := x.nodes.made
	x.mu.RUnlock()
	for from := uint32(none + 1); from <= made; from += slabLen {
		x.mu.RLock()
		for slot := from; slot < from+slabLen && slot <= made; slot++ {
			if n := x.nodes.at(slot); n.place != unused && x.expires(n) <= now {
				list = append(list, n.id)
			}
		}
		x.mu.RUnlock()
	}
	return list
}

// expire removes an entry if it is still past its time.
func (s *Store) expire(i id, now uint32) {
	n := shelfOf(i)
	s.shelves[n].mu.Lock()
	defer s.shelves[n].mu.Unlock()
	blocks, ok := s.index.removeExpired(i, now)
	if !ok {
		return
	}
	s.counters.remove(Expired, blocks*block)
	_ = s.unlink(n, leftover{path: s.path(i), id: i, named: true, blocks: blocks, entries: 1}) // tried again
}

func (x *index) removeExpired(i id, now uint32) (blocks int64, ok bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	slot, ok := x.slots[i]
	if !ok || x.expires(x.nodes.at(slot)) > now {
		return 0, false
	}
	blocks = int64(x.nodes.at(slot).blocks)
	x.forget(slot, (*policy).leave)
	return blocks, true
}
