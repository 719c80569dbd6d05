package object

import (
	"context"
	"sync"
	"time"
)

// breaker decides whether the bucket is asked. While it is closed everybody may ask. A run of failures opens it; then one
// caller may ask after each pause, the probe, and the first probe that goes well closes it.
type breaker struct {
	tolerated int
	pause     time.Duration
	// changed is told of every change, in their order, with the lock held.
	changed func(open bool, why error)

	mu       sync.Mutex
	failures int           // in a row, while it is closed
	open     bool          //
	epoch    uint64        // how often it has changed
	next     time.Time     // while it is open: when somebody may probe
	turn     chan struct{} // closed, and replaced, when somebody may get a permit earlier than it was told
}

// permit is the right to ask once. Whoever has one calls done.
type permit struct {
	probe bool
	epoch uint64
}

// verdict is what an answer says about the bucket.
type verdict uint8

const (
	well    verdict = iota
	ill             // it failed, or took too long
	unclear         // whoever asked went away, or the answer says nothing
)

func newBreaker(tolerated int, pause time.Duration, changed func(open bool, why error)) *breaker {
	return &breaker{tolerated: tolerated, pause: pause, changed: changed, turn: make(chan struct{})}
}

func (b *breaker) isOpen() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.open
}

// waits reports whether nobody would get a permit now.
func (b *breaker) waits() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.open && time.Now().Before(b.next)
}

// admit gives a permit, or tells when to ask again: then, or when turn is closed.
func (b *breaker) admit() (p permit, ok bool, in time.Duration, turn <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.open {
		return permit{epoch: b.epoch}, true, 0, nil
	}
	now := time.Now()
	if now.Before(b.next) {
		return permit{}, false, b.next.Sub(now), b.turn
	}
	// A probe may take long, a write most of all. Whoever comes a pause later probes as well.
	b.next = now.Add(b.pause)
	return permit{probe: true, epoch: b.epoch}, true, 0, nil
}

// await waits for a permit; false = ctx ended.
func (b *breaker) await(ctx context.Context) (permit, bool) {
	for ctx.Err() == nil {
		p, ok, in, turn := b.admit()
		if ok {
			return p, true
		}
		timer := time.NewTimer(in)
		select {
		case <-timer.C:
		case <-turn:
		case <-ctx.Done():
		}
		timer.Stop()
	}
	return permit{}, false
}

// done tells what came of asking. What was asked before the last change says nothing any more.
func (b *breaker) done(p permit, v verdict, why error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case p.epoch != b.epoch:
	case !b.open && v == well:
		b.failures = 0
	case !b.open && v == ill:
		b.failures++
		if b.failures >= b.tolerated {
			b.next = time.Now().Add(b.pause)
			b.change(true, why)
		}
	case b.open && v == well:
		b.change(false, nil)
		b.wake()
	case b.open && v == ill:
		b.next = time.Now().Add(b.pause)
	case b.open && p.probe: // nothing was learnt: the next one may try at once
		b.next = time.Time{}
		b.wake()
	}
}

func (b *breaker) change(open bool, why error) {
	b.open, b.failures = open, 0
	b.epoch++
	b.changed(open, why)
}

func (b *breaker) wake() {
	close(b.turn)
	b.turn = make(chan struct{})
}
