package disk

// wants is what a caller of reserve gets to hear.
type wants uint8

// reserve counts blocks, and entries, before they are written, or returns who has to go first.
func (x *index) reserve(blocks, entries int64, now uint32) (wants, id, int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.used+blocks <= x.limit && (x.maxEntries == 0 || entries == 0 || x.files+entries <= x.maxEntries) {
		if x.used+blocks > x.mark {
			return raise, id{}, 0
		}
		x.used += blocks
		x.files += entries
		return granted, id{}, 0
	}
	i, size, ok := x.evict(now)
	if !ok {
		return hopeless, id{}, 0
	}
	return evict, i, size
}

// evict takes the next victim out. Its blocks stay counted until its file is gone.
func (x *index) evict(now uint32) (id, int64, bool) {
	slot := x.victim(now)
	if slot == none {
		return id{}, 0, false
	}
	n := x.nodes.at(slot)
	i, blocks := n.id, int64(n.blocks)
	x.forget(slot, (*policy).banish)
	x.doomed[i] = struct{}{}
	return i, blocks, true
}

// takeVictim is evict for a caller without the lock.
func (x *index) takeVictim(now uint32) (id, int64, bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.evict(now)
}

// fits reports whether there is room for so many blocks.
func (x *index) fits(blocks int64) bool {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.used+blocks <= x.limit
}

// over reports whether more blocks are used, or more entries held, than may be: the bounds were lowered since
// the last start.
func (x *index) over() bool {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.used > x.limit || x.maxEntries > 0 && x.files > x.maxEntries
}

// release counts blocks as free that are so, or that were reserved and not needed.
func (x *index) release(blocks, entries int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.used -= blocks
	x.files -= entries
}

// bury is release for the file of an entry that was taken out.
func (x *index) bury(i id, blocks, entries int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.doomed, i)
	x.used -= blocks
	x.files -= entries
}

// hold counts blocks as standing on disk unknown to the index.
func (x *index) hold(blocks int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.held += blocks
	x.used += blocks
}

// counted returns the blocks that an entry is counted with; 0 = it is not there.
func (x *index) counted(i id) int64 {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if slot, ok := x.slots[i]; ok {
		return int64(x.nodes.at(slot).blocks)
	}
	return 0
}

// charge counts blocks that are there already.
func (x *index) charge(blocks int64) { x.release(-blocks, 0) }

// doom notes that the file of an entry that was taken out could not be removed.
func (x *index) doom(i id) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.doomed[i] = struct{}{}
}

// isDoomed reports whether an entry was taken out whose file still stands.
func (x *index) isDoomed(i id) bool {
	x.mu.RLock()
	defer x.mu.RUnlock()
	_, ok := x.doomed[i]
	return ok
}
