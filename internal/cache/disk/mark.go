package disk

// The mark stands above the blocks in use by some room, so that the journal is asked once for many writes.
const mostAhead = 16 << 20 / block

// leastAhead is the room of a tier that is very small.
const leastAhead = 16

// nextMark returns the mark that lets so many more blocks be used, and whether it is above the one that is
// written down. A mark never comes down while the tier is open: it would have to be written down and
// obeyed at the same instant.
func (x *index) nextMark(blocks int64) (int64, bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	need := x.used + blocks
	ahead := min(mostAhead, x.limit/64+leastAhead)
	next := max(need, min(need+ahead, x.limit), x.mark)
	return next, need > x.mark
}

func (x *index) setMark(mark int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.mark = mark
}

// takeChanges returns the changes that the journal has not written, and whether some were lost.
func (x *index) takeChanges() (changes []byte, lost bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	changes, lost = x.changes, x.lost
	x.changes, x.lost = nil, false
	return changes, lost
}
