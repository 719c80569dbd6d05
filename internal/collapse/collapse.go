// Package collapse runs one call for many that ask for the same thing at the same time.
package collapse

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"

	"github.com/stillroom/stillroom/internal/fault"
)

// Group collapses calls by key. The zero value is ready.
//
// The work belongs to everybody who waits for it, not to the one who came first: it runs in a
// goroutine of its own under a context that keeps the first caller's values but neither its deadline
// nor its cancellation, and that is cancelled when the last waiter has left. Errors are shared. A
// panic in the work becomes an error of kind Internal.
type Group[K comparable, V any] struct {
	mu      sync.Mutex
	flights map[K]*flight[V]
}

type flight[V any] struct {
	waiters int           // guarded by Group.mu
	left    bool          // guarded by Group.mu: at some moment nobody waited
	cancel  func()        // ends the work's context
	done    chan struct{} // closed when value and err are set
	value   V
	err     error
}

// Work makes the value of a key. It calls publish as soon as the value exists: waiters are answered
// then, while the flight goes on until Work returns, so that whoever asks in between joins it rather
// than missing. A Work that returns without publishing shares its error; an error after publishing goes
// nowhere, so Work reports it itself. The context is cancelled when nobody waits any more; work that must
// not stop then goes on under context.WithoutCancel. publish must not be called after Work has returned.
type Work[V any] func(ctx context.Context, publish func(V)) error

// Part says what part a caller had in a flight.
type Part uint8

// The parts.
const (
	Began  Part = iota // the flight is the caller's
	Joined             // somebody else's flight was waited for
	Late               // the value was published when the caller came; the flight was going on to store it
)

// Do returns the value of key: from a flight that is under way, else from a new one that runs work. When ctx ends
// first, Do returns its cause and leaves the flight to the others.
func (g *Group[K, V]) Do(ctx context.Context, key K, work Work[V]) (value V, part Part, err error) {
	for {
		g.mu.Lock()
		f, found := g.flights[key]
		if found {
			f.waiters++
			part = Joined
		} else {
			f = g.start(ctx, key, work)
			part = Began
		}
		g.mu.Unlock()
		if found && f.ended() {
			part = Late
		}

		select {
		case <-f.done:
		case <-ctx.Done():
			// A result that is there counts even if the client left at the same moment.
			if !f.ended() {
				g.leave(f)
				return value, part, context.Cause(ctx)
			}
		}
		// A flight that everybody had left before this caller joined may have been stopped by that. Its
		// failure then says nothing about the key, so the caller tries for itself.
		if f.err != nil && found && g.abandoned(f) && ctx.Err() == nil {
			continue
		}
		return f.value, part, f.err
	}
}

// ended reports whether value and err are set.
func (f *flight[V]) ended() bool {
	select {
	case <-f.done:
		return true
	default:
		return false
	}
}

// Go starts a flight that nobody waits for and nobody can abandon. It reports false, and does nothing,
// when the key already has one.
func (g *Group[K, V]) Go(ctx context.Context, key K, work Work[V]) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, found := g.flights[key]; found {
		return false
	}
	g.start(ctx, key, work)
	return true
}

// Forget lets whoever asks for key from now on begin a flight of their own. A flight that is under way goes on for those
// who wait for it. Work calls it before publishing what must not be handed to anybody who comes later.
func (g *Group[K, V]) Forget(key K) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.flights, key)
}

// Running returns how many flights are under way that others can join.
func (g *Group[K, V]) Running() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.flights)
}

// start begins a flight with one waiter. The caller holds g.mu.
func (g *Group[K, V]) start(ctx context.Context, key K, work Work[V]) *flight[V] {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &flight[V]{waiters: 1, cancel: cancel, done: make(chan struct{})}
	if g.flights == nil {
		g.flights = make(map[K]*flight[V])
	}
	g.flights[key] = f
	go g.run(ctx, key, f, work)
	return f
}

func (g *Group[K, V]) run(ctx context.Context, key K, f *flight[V], work Work[V]) {
	published := false
	publish := func(v V) {
		if !published {
			published = true
			f.value = v
			close(f.done)
		}
	}
	// Stands if work ends its goroutine (runtime.Goexit): the waiters are answered even then.
	err := error(fault.New(fault.Internal, "collapse.run", "the work ended without returning"))
	defer func() {
		g.mu.Lock()
		if g.flights[key] == f { // not forgotten
			delete(g.flights, key)
		}
		g.mu.Unlock()
		f.cancel()
		if published {
			return
		}
		if err == nil {
			err = fault.New(fault.Internal, "collapse.run", "the work returned neither a value nor an error")
		}
		f.err = err
		close(f.done)
	}()
	err = guard(func() error { return work(ctx, publish) })
}

// leave takes one waiter off a flight and cancels the work when that was the last. The flight stays in
// the group until the work returns: work that can no longer be stopped still serves whoever comes next.
func (g *Group[K, V]) leave(f *flight[V]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f.waiters--
	if f.waiters == 0 {
		f.left = true
		f.cancel()
	}
}

func (g *Group[K, V]) abandoned(f *flight[V]) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return f.left
}

// guard runs work and turns a panic into an error that holds the stack.
func guard(work func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault.Wrap(fault.Internal, "collapse.run", fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
		}
	}()
	return work()
}
