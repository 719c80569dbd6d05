package fleet

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// The settings of leases that say nothing.
const (
	// DefaultLeaseTTL is how long the others wait for a node that died.
	DefaultLeaseTTL = 5 * time.Second
	// DefaultLeasePoll is how often a waiter looks for itself, should it have missed the message.
	DefaultLeasePoll = 500 * time.Millisecond
	// DefaultLeaseWait is how long a waiter waits for another node before it does the work as well. It is less than
	// what a request may take, so that there is time left to.
	DefaultLeaseWait = 15 * time.Second
)

// LeasesConfig bounds leases.
type LeasesConfig struct {
	// TTL is how long a lease lasts that is not renewed, as those of a node that died are not; 0 = DefaultLeaseTTL. It
	// is renewed every third of it while the work goes on.
	TTL time.Duration
	// Poll is how often a waiter asks whether the lease is free, at most TTL/2; 0 = DefaultLeasePoll, or TTL/2 if that is
	// less.
	Poll time.Duration
	// Wait bounds how long a waiter waits; 0 = DefaultLeaseWait.
	Wait time.Duration
}

// Leases give work to one node of all. They save work and decide nothing: two nodes may do the same work at the same
// time, when the server fails or a lease ran out, and the store decides what is kept. Leases are safe for concurrent
// use.
type Leases struct {
	LeasesConfig

	client  *Client
	desk    desk
	waiting waiting
	held    atomic.Int64
}

// NewLeases returns the leases of a client's fleet. All nodes should have the same TTL.
func NewLeases(f *Client, c LeasesConfig) *Leases {
	return newLeases(f, c, &server{
		client: f, take: newScript(takeScript), renew: newScript(renewScript), give: newScript(giveScript),
	})
}

func newLeases(f *Client, c LeasesConfig, d desk) *Leases {
	if c.TTL <= 0 {
		c.TTL = DefaultLeaseTTL
	}
	if c.Poll <= 0 {
		c.Poll = DefaultLeasePoll
	}
	c.Poll = min(c.Poll, c.TTL/2)
	if c.Wait <= 0 {
		c.Wait = DefaultLeaseWait
	}
	l := &Leases{LeasesConfig: c, client: f, desk: d}
	f.signals.on(leasesChannel, l.heard, l.waiting.wakeAll)
	return l
}

// Held returns how many leases this node holds.
func (l *Leases) Held() int { return int(l.held.Load()) }

// Waiting returns how many keys this node waits for.
func (l *Leases) Waiting() int { return l.waiting.keys() }

// Acquire takes the lease of a key, once, without waiting for it. held says that the caller is to do the work: because it
// holds the lease now, or because nobody could be asked, and then the Lease is empty. Whoever is told so calls Release
// when the work is done. When another node holds the lease, held is false; so it is when ctx has ended.
func (l *Leases) Acquire(ctx context.Context, key string) (lease Lease, held bool) {
	token := newToken()
	switch taken, err := l.desk.Take(ctx, key, token, l.TTL); {
	case errors.Is(err, errSkipped), errors.Is(err, errClosed), refused(err):
		return Lease{}, ctx.Err() == nil // nothing was taken
	case err != nil, taken && ctx.Err() != nil:
		l.abandon(key, token)
		return Lease{}, ctx.Err() == nil
	case !taken:
		return Lease{}, false
	}
	return Lease{l.hold(key, token)}, true
}

// abandon gives back what may have been taken by a call whose answer nobody waited for: the server does late what it was
// asked, and the others would wait for the lease to run out. The connection keeps the order of the two.
func (l *Leases) abandon(key, token string) {
	l.client.spawn(func() { l.giveBack(key, token, handed) })
}

// giveBack gives a lease back. Where that fails, as when the connection is lost just then, it is tried again in the background
// for as long as the lease lasts: the others would wait for it to run out.
func (l *Leases) giveBack(key, token string, o outcome) {
	given := func() bool {
		err := l.desk.Give(context.Background(), key, token, o)
		return err == nil || refused(err)
	}
	if given() {
		return
	}
	l.client.spawn(func() {
		end := time.Now().Add(l.TTL)
		for pause := firstRetry; time.Now().Before(end) && l.client.ctx.Err() == nil; {
			if pause = l.client.rest(pause, nil); given() {
				return
			}
		}
	})
}

// A Lease says that its holder is to do the work of a key. The zero Lease says so without the others knowing.
type Lease struct{ *holding }

type holding struct {
	leases     *Leases
	key, token string
	stop       context.CancelFunc
	stopped    chan struct{}
	once       sync.Once
}

// hold renews a lease until it is released.
func (l *Leases) hold(key, token string) *holding {
	ctx, stop := context.WithCancel(l.client.ctx)
	h := &holding{leases: l, key: key, token: token, stop: stop, stopped: make(chan struct{})}
	l.held.Add(1)
	if !l.client.spawn(func() { defer close(h.stopped); h.renew(ctx) }) {
		close(h.stopped)
	}
	return h
}

func (h *holding) renew(ctx context.Context) {
	ticks := time.NewTicker(h.leases.TTL / 3)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
			// Losing it changes nothing for the work that is going on.
			if ours, err := h.leases.desk.Renew(ctx, h.key, h.token, h.leases.TTL); err == nil && !ours {
				return
			}
		}
	}
}

// Release gives a lease back and wakes who waits for it; err is what came of the work. It may be called more than once.
func (l Lease) Release(err error) {
	if l.holding == nil {
		return
	}
	l.once.Do(func() {
		l.stop()
		<-l.stopped // else a renewal could follow the release
		l.leases.held.Add(-1)
		l.leases.giveBack(l.key, l.token, outcomeOf(err))
	})
}
