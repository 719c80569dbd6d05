package fleet

import (
	"context"
	"math/rand/v2"
	"time"
)

// Collapse does the work of a key on one node of all. fill makes and stores the result; it returns when the other nodes
// can find it, or that it failed. look reports whether the result is in the shared store, and makes it the caller's if
// it is; it is called before fill, with the lease in hand, because another node may just have filled.
//
// The others wait until the lease is given back, and look. Where there is nothing, because the result must not be
// stored or could not be made, they fill all at once rather than one after the other, without a lease. They do the same
// when they have waited for as long as they may, and when the server cannot be asked. So a caller gets what look or fill
// give it in any case, and the only error that Collapse adds is the cause of ctx.
//
// It collapses nothing within the node: package collapse does.
func (l *Leases) Collapse(ctx context.Context, key string, look func(context.Context) bool, fill func(context.Context) error) error {
	part, err := l.collapse(ctx, key, look, fill)
	l.client.observer.Collapsed(part)
	return err
}

func (l *Leases) collapse(ctx context.Context, key string, look func(context.Context) bool, fill func(context.Context) error) (Part, error) {
	patience := time.NewTimer(l.Wait)
	defer patience.Stop()
	for {
		if ctx.Err() != nil {
			return Gone, context.Cause(ctx)
		}
		// Entered before asking, because the lease may be given back between the answer and the waiting:
		//
		//	A holds         B asks: held by A
		//	A gives back, the message goes out
		//	                B begins to wait, for a message that was
		room := l.waiting.enter(key)
		lease, held := l.Acquire(ctx, key)
		if held {
			l.waiting.leave(key, room)
			return l.work(ctx, lease, look, fill)
		}
		next := l.wait(ctx, room, patience.C)
		l.waiting.leave(key, room)
		switch next {
		case askAgain:
		case goAlone:
			if look(ctx) {
				return Found, nil
			}
			return Alone, fill(ctx)
		}
	}
}

// Attempt is Collapse for work that may be left to another node: it waits for none. busy says that one has the lease, and
// that neither look nor fill was called.
func (l *Leases) Attempt(ctx context.Context, key string, look func(context.Context) bool, fill func(context.Context) error) (busy bool, err error) {
	part := Busy
	switch lease, held := l.Acquire(ctx, key); {
	case held:
		part, err = l.work(ctx, lease, look, fill)
	case ctx.Err() != nil:
		part, err = Gone, context.Cause(ctx)
	}
	l.client.observer.Collapsed(part)
	return part == Busy, err
}

// work is done by whoever was told to.
func (l *Leases) work(ctx context.Context, lease Lease, look func(context.Context) bool, fill func(context.Context) error) (part Part, err error) {
	err = context.Canceled // what the others are told if the work panics: that somebody else is to try
	defer func() { lease.Release(err) }()
	if look(ctx) {
		return Found, nil
	}
	part = Filled
	if lease.holding == nil {
		part = Alone
	}
	err = fill(ctx)
	return part, err
}

// next is what a waiter does after waiting.
type next uint8

const (
	askAgain next = iota // for the lease
	goAlone              // look, and fill if there is nothing
)

// wait waits until there is something to do.
func (l *Leases) wait(ctx context.Context, r *room, patience <-chan time.Time) next {
	// Waiters that began together need not ask together.
	poll := time.NewTimer(l.Poll/2 + rand.N(l.Poll/2+1))
	defer poll.Stop()
	select {
	case <-r.woken:
		if r.outcome == handed {
			return askAgain
		}
		return goAlone
	case <-l.client.circuit.whenOpen():
		return goAlone
	case <-patience:
		return goAlone
	case <-poll.C:
	case <-ctx.Done():
	}
	return askAgain
}
