package memory

// queue is a list of nodes.
type queue struct {
	oldest, newest *node
	len, bytes     int64
}

func (q *queue) push(n *node) {
	n.queue, n.prev, n.next = q, q.newest, nil
	if q.newest == nil {
		q.oldest = n
	} else {
		q.newest.next = n
	}
	q.newest = n
	q.len++
	q.bytes += n.size
}

func (q *queue) remove(n *node) {
	if n.prev == nil {
		q.oldest = n.next
	} else {
		n.prev.next = n.next
	}
	if n.next == nil {
		q.newest = n.prev
	} else {
		n.next.prev = n.prev
	}
	n.queue, n.prev, n.next = nil, nil, nil
	q.len--
	q.bytes -= n.size
}
