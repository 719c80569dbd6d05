package fleet

import "sync"

// tolerated is how many calls of one kind may fail in a row before the server is left alone. It is small because each costs
// a request up to the time of a call, and not one because a single lost packet costs as much. Kinds are counted apart: a
// primary that was demoted to a replica answers what is read for ever, and refuses what is written between that.
const tolerated = 5

// circuit decides whether the server is asked. It begins open: nobody waits for a server that has never answered.
type circuit struct {
	changed func(closed bool) // called without the lock

	mu       sync.Mutex
	failures map[string]int // in a row, by operation
	why      error          // of the last failure
	shut     chan struct{}  // closed while the circuit is
	open     chan struct{}  // closed while the circuit is open
}

func newCircuit(changed func(closed bool)) *circuit {
	c := &circuit{changed: changed, failures: map[string]int{}, shut: make(chan struct{}), open: make(chan struct{})}
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

// report counts a call; err is why it failed. A circuit that is open stays so: calls that were under way when it opened say
// nothing new.
func (c *circuit) report(operation string, err error) {
	c.mu.Lock()
	if err == nil {
		delete(c.failures, operation)
		c.mu.Unlock()
		return
	}
	c.failures[operation]++
	c.why = err
	trips := c.failures[operation] >= tolerated && isClosed(c.shut)
	if trips {
		c.shut = make(chan struct{})
		close(c.open)
	}
	c.mu.Unlock()
	if trips {
		c.changed(false)
	}
}

// lastFailure returns why a call failed at last; nil = none did.
func (c *circuit) lastFailure() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.why
}

// close lets calls through again.
func (c *circuit) close() {
	c.mu.Lock()
	clear(c.failures)
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
