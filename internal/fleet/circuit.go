package fleet

import "sync"

// tolerated is how many calls in a row may fail before the server is left alone. It is small because each costs a
// request up to the time of a call, and not one because a single lost packet costs as much.
const tolerated = 5

// circuit decides whether the server is asked. It begins open: nobody waits for a server that has never answered.
type circuit struct {
	changed func(closed bool) // called without the lock

	mu       sync.Mutex
	failures int           // in a row
	shut     chan struct{} // closed while the circuit is
	open     chan struct{} // closed while the circuit is open
}

func newCircuit(changed func(closed bool)) *circuit {
	c := &circuit{changed: changed, shut: make(chan struct{}), open: make(chan struct{})}
	close(c.open)
	return c
}

func (c *circuit) closed() bool {
	select {
	case <-c.whenClosed():
		return true
	default:
		return false
	}
}

// whenClosed returns a channel that is closed as soon as the circuit is.
func (c *circuit) whenClosed() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.shut
}

// whenOpen returns a channel that is closed as soon as the circuit is open.
func (c *circuit) whenOpen() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.open
}

// report counts a call. A circuit that is open stays so: calls that were under way when it opened say nothing new.
func (c *circuit) report(ok bool) {
	c.mu.Lock()
	if ok {
		c.failures = 0
		c.mu.Unlock()
		return
	}
	c.failures++
	trips := c.failures >= tolerated && isClosed(c.shut)
	if trips {
		c.shut = make(chan struct{})
		close(c.open)
	}
	c.mu.Unlock()
	if trips {
		c.changed(false)
	}
}

// close lets calls through again.
func (c *circuit) close() {
	c.mu.Lock()
	c.failures = 0
	changes := !isClosed(c.shut)
	if changes {
		close(c.shut)
		c.open = make(chan struct{})
	}
	c.mu.Unlock()
	if changes {
		c.changed(true)
	}
}

func isClosed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
