package cache

import (
	"errors"
	"sync"
	"time"

	"github.com/stillroom/stillroom/internal/fault"
)

// Negatives remembers failures that the same question will meet again for a while: a source that is not
// there, bytes that are no image. They have a budget of their own, so that a scan of names that do not exist drives out
// no picture, and they are forgotten oldest first. It is safe for concurrent use.
type Negatives struct {
	config NegativesConfig

	mu      sync.RWMutex
	entries map[Key]negative
	ring    []Key // in the order of Remember; a key that was forgotten meanwhile leaves its place unused
	next    int
}

// NegativesConfig bounds what is remembered.
type NegativesConfig struct {
	TTL time.Duration // how long a failure is remembered; 0 = not at all
	Max int           // how many; 0 = 10,000
	// Purged reports whether a rule covers what was learnt of a subject at its Created time; nil = there are no rules.
	Purged func(m *Meta) bool
	// Now is the clock; nil = time.Now.
	Now func() time.Time
}

type negative struct {
	err  *fault.Error
	meta Meta // what a purge looks at
	at   int  // place in the ring
}

// defaultNegatives is about 5 MB of errors: enough for the broken links of a large site, and nothing
// beside the pictures.
const defaultNegatives = 10_000

// NewNegatives returns a memory of failures that is empty.
func NewNegatives(c NegativesConfig) *Negatives {
	if c.Max == 0 {
		c.Max = defaultNegatives
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Purged == nil {
		c.Purged = func(*Meta) bool { return false }
	}
	return &Negatives{config: c, entries: make(map[Key]negative)}
}

// Get returns what is remembered of a key; nil = nothing. The error's Until says for how long. Only what was learnt by an
// attempt that began after newer counts; zero = all.
func (n *Negatives) Get(key Key, newer time.Time) error {
	n.mu.RLock()
	e, ok := n.entries[key]
	n.mu.RUnlock()
	if !ok || !n.config.Now().Before(e.err.Until) || n.config.Purged(&e.meta) ||
		!newer.IsZero() && !e.meta.Created.After(newer) {
		return nil
	}
	return e.err
}

// Remember keeps a failure if it is of a kind that lasts, and returns it with the time until which it is
// kept. Any other error it returns as it is. meta says what a purge goes by: source, group, tags, and when
// the attempt began.
func (n *Negatives) Remember(key Key, err error, meta Meta) error {
	var cause *fault.Error
	if n.config.TTL <= 0 || !errors.As(err, &cause) || !lasts(cause) || !cause.Until.IsZero() {
		return err
	}
	kept := &fault.Error{Op: cause.Op, Kind: cause.Kind, Err: cause.Err, Until: n.config.Now().Add(n.config.TTL)}
	n.mu.Lock()
	defer n.mu.Unlock()
	at := n.place()
	n.ring[at] = key
	n.entries[key] = negative{kept, meta, at}
	return kept
}

// Forget forgets a key.
func (n *Negatives) Forget(key Key) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.entries, key)
}

// Len returns how many failures are held, those past their time included.
func (n *Negatives) Len() int {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return len(n.entries)
}

// place returns the ring's next place, emptied. The caller holds n.mu.
func (n *Negatives) place() int {
	if len(n.ring) < n.config.Max {
		n.ring = append(n.ring, Key{})
		return len(n.ring) - 1
	}
	at := n.next
	n.next = (n.next + 1) % n.config.Max
	if old, ok := n.entries[n.ring[at]]; ok && old.at == at {
		delete(n.entries, n.ring[at])
	}
	return at
}

// lasts reports whether asking again soon would end the same way. What a source answers while it is in
// trouble does not last, nor does what we are too busy for; of what it says it does not have, only what
// is marked as such (see Lasting) does.
func lasts(err *fault.Error) bool {
	switch err.Kind {
	case fault.NotImage, fault.Unsupported, fault.TooLarge, fault.Broken:
		return true
	case fault.SourceMissing:
		var status interface{ Lasting() bool }
		return errors.As(err.Err, &status) && status.Lasting()
	}
	return false
}
