package fleet

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// pause makes a node do nothing about a lease, as one that is suspended does, until the lease has run out.
func (l Lease) pause(m machine) {
	l.stop()
	<-l.stopped
	if mini, fast := m.(*mini); fast {
		mini.FastForward(l.leases.TTL) // its clock moves only so
	} else {
		time.Sleep(l.leases.TTL + 50*time.Millisecond)
	}
}

// A node that was away for longer than its lease lasts takes nothing from who has the lease by then.
func TestHolderWasSuspended(t *testing.T) {
	for name, back := range map[string]func(t *testing.T, l *Leases, late Lease){
		"releases": func(_ *testing.T, _ *Leases, late Lease) { late.Release(nil) },
		"renews": func(t *testing.T, l *Leases, late Lease) {
			if ours, err := l.desk.Renew(t.Context(), "key", late.token, l.TTL); ours || err != nil {
				t.Errorf("it renewed what is another's: %v, %v", ours, err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			machines(t, func(t *testing.T, m machine) {
				short, long := LeasesConfig{TTL: 300 * time.Millisecond}, LeasesConfig{TTL: time.Hour}
				suspended := NewLeases(connect(t, m.address()), short)
				others := NewLeases(connect(t, m.address()), long)
				late, held := suspended.Acquire(t.Context(), "key")
				if !held || late.holding == nil {
					t.Fatal("a free lease is not to be had")
				}
				late.pause(m)
				lease, held := others.Acquire(t.Context(), "key")
				if !held || lease.holding == nil {
					t.Fatal("a lease that ran out is not to be had")
				}
				back(t, suspended, late)
				if _, held := others.Acquire(t.Context(), "key"); held {
					t.Error("two nodes hold one lease")
				}
				lease.Release(nil)
				if next, held := others.Acquire(t.Context(), "key"); !held || next.holding == nil {
					t.Error("who took the lease over cannot give it back")
				}
			})
		})
	}
}

// A lease that ran out while nobody wanted it is the node's again, which still does the work.
func TestHolderTakesItsLeaseAgain(t *testing.T) {
	machines(t, func(t *testing.T, m machine) {
		a := NewLeases(connect(t, m.address()), LeasesConfig{TTL: time.Hour})
		b := NewLeases(connect(t, m.address()), LeasesConfig{})
		lease, _ := a.Acquire(t.Context(), "key")
		command(t, m.address(), "FLUSHALL")
		if ours, err := a.desk.Renew(t.Context(), "key", lease.token, a.TTL); !ours || err != nil {
			t.Errorf("renewed %v, %v", ours, err)
		}
		if _, held := b.Acquire(t.Context(), "key"); held {
			t.Error("two nodes hold one lease")
		}
		lease.Release(nil)
	})
}

// Who waits is told, and does not find out when it next looks.
func TestWaitersAreTold(t *testing.T) {
	machines(t, func(t *testing.T, m machine) {
		c := LeasesConfig{TTL: time.Hour, Poll: time.Hour, Wait: time.Hour}
		a, b := NewLeases(connect(t, m.address()), c), NewLeases(connect(t, m.address()), c)
		var s shared
		lease, _ := a.Acquire(t.Context(), "key")
		answered := make(chan error, 1)
		go func() { answered <- s.get(t.Context(), b, "key", 0) }()
		eventually(t, "the other waits", func() bool {
			_, held := a.Acquire(t.Context(), "key") // which leaves a mark as well
			return !held && b.Waiting() == 1
		})
		lease.Release(nil)
		select {
		case err := <-answered:
			if err != nil || s.fills.Load() != 1 {
				t.Errorf("%d fills, %v", s.fills.Load(), err)
			}
		case <-time.After(patience):
			t.Fatal("it is not told")
		}
	})
}

// reluctant is a desk whose renewals take long, and take the lease again in the end.
type reluctant struct{ *counter }

func (r reluctant) Renew(ctx context.Context, key, token string, ttl time.Duration) (bool, error) {
	time.Sleep(time.Second)
	r.mu.Lock()
	delete(r.held, key)
	r.mu.Unlock()
	return r.Take(context.WithoutCancel(ctx), key, token, ttl)
}

// No renewal comes after the return of a lease, or it would lie there for nobody.
func TestNoRenewalAfterTheRelease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, 1)
		l := newLeases(s.clients[0], LeasesConfig{}, reluctant{s.counter})
		lease, _ := l.Acquire(t.Context(), "key")
		time.Sleep(DefaultLeaseTTL/3 + 500*time.Millisecond)
		lease.Release(nil)
		time.Sleep(2 * time.Second)
		if next, held := l.Acquire(t.Context(), "key"); !held {
			t.Error("the lease is not to be had")
		} else {
			next.Release(nil)
		}
	})
}

// Waiters look before the mark that they leave is gone.
func TestPollIsLessThanTheLease(t *testing.T) {
	for ttl, want := range map[time.Duration]time.Duration{
		0: DefaultLeasePoll, time.Minute: DefaultLeasePoll, 600 * time.Millisecond: 300 * time.Millisecond,
	} {
		if l := newLeases(newStage(t, 1).clients[0], LeasesConfig{TTL: ttl}, nil); l.Poll != want {
			t.Errorf("leases of %v: looks every %v, want %v", ttl, l.Poll, want)
		}
	}
}

// hasty is a desk where a lease is given back before who asked for it has heard that it is held.
type hasty struct {
	*counter

	holder Lease
}

func (h *hasty) Take(ctx context.Context, key, token string, ttl time.Duration) (bool, error) {
	taken, err := h.counter.Take(ctx, key, token, ttl)
	if !taken {
		h.holder.Release(nil)
	}
	return taken, err
}

// A message that comes before anybody waits is heard all the same.
func TestReleaseBeforeTheWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, 2)
		h := &hasty{counter: s.counter}
		h.holder, _ = s.nodes[0].Acquire(t.Context(), "key")
		s.nodes[1].desk = h
		s.store.Store(true)
		began := time.Now()
		if err := s.get(t.Context(), 1); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("it took %v", took)
		}
		s.want(t, 0, Found)
	})
}
