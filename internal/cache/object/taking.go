package object

// enter puts a key at the end of a line.
func (q *queue) enter(c *change) {
	if c.entry == nil {
		q.deletes.push(c.key)
	} else {
		q.puts.push(c.key)
	}
	q.more.Signal()
}

// take waits for a change and returns it; nil = the queue has stopped, or is closed and empty. Whoever takes it calls finish
// or again. Entries and deletions take turns: many of the one, as after a purge, do not keep the other waiting.
func (q *queue) take() *change {
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		if q.stopped {
			return nil
		}
		q.turn = !q.turn
		first, second := &q.puts, &q.deletes
		if q.turn {
			first, second = second, first
		}
		key, ok := first.pop()
		if !ok {
			key, ok = second.pop()
		}
		if !ok {
			if q.closed && len(q.jobs) == 0 {
				return nil
			}
			q.more.Wait()
			continue
		}
		j := q.jobs[key]
		j.running, j.next = j.next, nil
		return j.running
	}
}

// outdated reports whether a later change waits for one that was taken.
func (q *queue) outdated(c *change) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	j := q.jobs[c.key]
	return j != nil && j.next != nil
}

// again puts a change that was taken at the end of the line, or a later one that waits. False = nothing is taken any
// more: the caller finishes it.
func (q *queue) again(c *change) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.stopped {
		return false
	}
	j := q.jobs[c.key]
	j.running = nil
	if j.next == nil {
		j.next = c
	} else {
		q.end(c, replacedBy(j.next))
	}
	q.enter(j.next)
	return true
}

// finish ends a change that was taken. An error is why it was not done; where a later one waits, that is why.
func (q *queue) finish(c *change, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	j := q.jobs[c.key]
	j.running = nil
	if j.next != nil {
		if err != nil {
			err = replacedBy(j.next)
		}
		q.end(c, err)
		q.enter(j.next)
		return
	}
	q.end(c, err)
	delete(q.jobs, c.key)
	if err != nil && c.entry != nil {
		q.remember(c.key, err)
	}
	if q.closed && len(q.jobs) == 0 {
		q.more.Broadcast()
	}
}

// end tells whoever waits for a change that it has ended, and gives its room free.
func (q *queue) end(c *change, err error) {
	q.count(c, -1)
	c.err = err
	close(c.ended)
}
