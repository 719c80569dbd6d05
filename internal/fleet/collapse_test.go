package fleet

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/valkey-io/valkey-go"

	"github.com/stillroom/stillroom/internal/fault"
)

// counter is a desk in memory that tells the waiters of all nodes. It can be made to fail.
type counter struct {
	mu    sync.Mutex
	held  map[string]lent
	nodes []*Leases
	fails error
	deaf  bool // messages are lost
}

type lent struct {
	token string
	until time.Time
}

func (c *counter) Take(ctx context.Context, key, token string, ttl time.Duration) (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := errors.Join(c.fails, ctx.Err()); err != nil {
		return false, err
	}
	if l, ok := c.held[key]; ok && time.Now().Before(l.until) {
		return false, nil
	}
	c.held[key] = lent{token, time.Now().Add(ttl)}
	return true, nil
}

func (c *counter) Renew(ctx context.Context, key, token string, ttl time.Duration) (bool, error) {
	c.mu.Lock()
	ours := c.held[key].token == token
	delete(c.held, key)
	c.mu.Unlock()
	if !ours {
		return false, nil
	}
	return c.Take(ctx, key, token, ttl)
}

func (c *counter) Give(_ context.Context, key, token string, o outcome) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held[key].token != token {
		return nil
	}
	delete(c.held, key)
	if !c.deaf {
		for _, l := range c.nodes {
			l.heard(message(key, o))
		}
	}
	return nil
}

// stage is a few nodes, a shared store and how often it was filled.
type stage struct {
	*counter

	clients []*Client
	parts   parts
	store   atomic.Bool
	fills   atomic.Int64
	took    time.Duration // by a fill
	fill    func(ctx context.Context) error
}

func newStage(t *testing.T, nodes int) *stage {
	s := &stage{counter: &counter{held: map[string]lent{}}, took: time.Second}
	s.fill = func(context.Context) error { s.store.Store(true); return nil }
	for range nodes {
		f := newClient(Config{Observer: &s.parts}, valkey.ClientOption{})
		f.circuit.close()
		t.Cleanup(func() { f.Close() })
		s.clients = append(s.clients, f)
		s.nodes = append(s.nodes, newLeases(f, LeasesConfig{}, s.counter))
	}
	return s
}

// get is a request for the one key at a node; look and fill take what they take.
func (s *stage) get(ctx context.Context, node int) error {
	return s.nodes[node].Collapse(ctx, "key", func(context.Context) bool { return s.store.Load() }, func(ctx context.Context) error {
		s.fills.Add(1)
		time.Sleep(s.took)
		return s.fill(ctx)
	})
}

// all makes every node ask and returns what each was told and when the last was.
func (s *stage) all(t *testing.T) ([]error, time.Duration) {
	began := time.Now()
	errs := make([]error, len(s.nodes))
	var wg sync.WaitGroup
	for i := range s.nodes {
		wg.Go(func() { errs[i] = s.get(t.Context(), i) })
	}
	wg.Wait()
	return errs, time.Since(began)
}

func (s *stage) want(t *testing.T, fills int64, parts ...Part) {
	t.Helper()
	if n := s.fills.Load(); n != fills {
		t.Errorf("%d fills, want %d", n, fills)
	}
	if got := s.parts.sorted(); !slices.Equal(got, parts) {
		t.Errorf("parts %q, want %q", got, parts)
	}
	for i, l := range s.nodes {
		if l.Held() != 0 || l.Waiting() != 0 {
			t.Errorf("node %d still holds %d leases and waits for %d keys", i, l.Held(), l.Waiting())
		}
	}
}

// parts is an Observer.
type parts struct {
	nobody
	mu   sync.Mutex
	seen []Part
}

func (p *parts) Collapsed(part Part) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen = append(p.seen, part)
}

func (p *parts) sorted() []Part {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Sorted(slices.Values(p.seen))
}

func nobodyFailed(t *testing.T, errs []error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
}

func TestOneFillsAndTheOthersFind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, 3)
		errs, took := s.all(t)
		nobodyFailed(t, errs)
		s.want(t, 1, Filled, Found, Found)
		if took != time.Second {
			t.Errorf("the last was answered after %v, want the second that the fill takes", took)
		}
		errs, took = s.all(t)
		nobodyFailed(t, errs)
		if took != 0 || s.fills.Load() != 1 {
			t.Errorf("what is stored took %v and %d fills", took, s.fills.Load())
		}
	})
}

func TestLostMessageCostsTimeOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, 3)
		s.deaf = true
		errs, took := s.all(t)
		nobodyFailed(t, errs)
		s.want(t, 1, Filled, Found, Found)
		if took > time.Second+2*DefaultLeasePoll {
			t.Errorf("the last was answered after %v", took)
		}
	})
}

func TestLeaseLastsAsLongAsTheWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, 2)
		s.took = 2 * DefaultLeaseTTL
		errs, _ := s.all(t)
		nobodyFailed(t, errs)
		s.want(t, 1, Filled, Found)
	})
}

func TestHolderDies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, 2)
		if _, held := s.nodes[0].Acquire(t.Context(), "key"); !held {
			t.Fatal("a free lease is not to be had")
		}
		s.clients[0].Close() // renews no more, gives nothing back
		began := time.Now()
		if err := s.get(t.Context(), 1); err != nil {
			t.Error(err)
		}
		s.nodes = s.nodes[1:]
		s.want(t, 1, Filled)
		if waited := time.Since(began) - s.took; waited > DefaultLeaseTTL+DefaultLeasePoll || waited < DefaultLeaseTTL-DefaultLeasePoll {
			t.Errorf("the other took over after %v, want about %v", waited, DefaultLeaseTTL)
		}
	})
}

// What fails here fails there: nobody waits for another's failure after the first.
func TestFailuresDoNotAddUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, 5)
		broken := fault.New(fault.Broken, "test", "cut short")
		s.fill = func(context.Context) error { return broken }
		errs, took := s.all(t)
		for i, err := range errs {
			if !errors.Is(err, broken) {
				t.Errorf("node %d was told %v", i, err)
			}
		}
		s.want(t, 5, Alone, Alone, Alone, Alone, Filled)
		if took != 2*time.Second {
			t.Errorf("the last was told after %v, want two fills' time", took)
		}
	})
}

// So it is with a result that must not be stored.
func TestNothingIsStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, 5)
		s.fill = func(context.Context) error { return nil }
		errs, took := s.all(t)
		nobodyFailed(t, errs)
		s.want(t, 5, Alone, Alone, Alone, Alone, Filled)
		if took != 2*time.Second {
			t.Errorf("the last was answered after %v, want two fills' time", took)
		}
	})
}

// Work that is given up, because all clients left, is one other's to do, not everybody's.
func TestGivenUpWorkIsHandedOn(t *testing.T) {
	for name, giveUp := range map[string]func() error{
		"canceled": func() error { return context.Canceled },
		"fault":    func() error { return fault.New(fault.Canceled, "test", "nobody waits") },
		"panic":    func() error { panic("in the work") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, 5)
				first := true
				good := s.fill
				s.fill = func(ctx context.Context) error {
					if first {
						first = false
						return giveUp()
					}
					return good(ctx)
				}
				var wg sync.WaitGroup
				for i := range s.nodes {
					wg.Go(func() {
						defer func() { _ = recover() }()
						_ = s.get(t.Context(), i)
					})
				}
				wg.Wait()
				if n := s.fills.Load(); n != 2 {
					t.Errorf("%d fills, want the one given up and one more", n)
				}
			})
		})
	}
}

func TestWaitingIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, 2)
		lease, _ := s.nodes[0].Acquire(t.Context(), "key")
		began := time.Now()
		if err := s.get(t.Context(), 1); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took != DefaultLeaseWait+s.took {
			t.Errorf("took %v, want the bound, %v, and the work, %v", took, DefaultLeaseWait, s.took)
		}
		lease.Release(nil)
		lease.Release(nil) // does nothing
		s.want(t, 1, Alone)
	})
}

func TestAttemptWaitsForNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, 3)
		lease, _ := s.nodes[0].Acquire(t.Context(), "key")
		attempt := func(ctx context.Context, node int) (busy bool, err error) {
			return s.nodes[node].Attempt(ctx, "key", func(context.Context) bool { return s.store.Load() }, func(ctx context.Context) error {
				s.fills.Add(1)
				return s.fill(ctx)
			})
		}
		began := time.Now()
		if busy, err := attempt(t.Context(), 1); !busy || err != nil {
			t.Errorf("busy %v, %v while another node has the lease", busy, err)
		}
		lease.Release(nil)
		for node, part := range []string{"filled", "found", "found"} {
			if busy, err := attempt(t.Context(), node); busy || err != nil {
				t.Errorf("%s: busy %v, %v", part, busy, err)
			}
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("took %v", took)
		}
		why := errors.New("shutting down")
		ctx, leave := context.WithCancelCause(t.Context())
		leave(why)
		if busy, err := attempt(ctx, 0); busy || !errors.Is(err, why) {
			t.Errorf("after the end of its context: busy %v, %v", busy, err)
		}
		s.store.Store(false)
		s.fails = errors.New("read only")
		if busy, err := attempt(t.Context(), 0); busy || err != nil {
			t.Errorf("nobody can be asked: busy %v, %v", busy, err)
		}
		s.fails = nil
		broken := errors.New("cut short")
		s.store.Store(false)
		s.fill = func(context.Context) error { return broken }
		if busy, err := attempt(t.Context(), 0); busy || !errors.Is(err, broken) {
			t.Errorf("the work fails: busy %v, %v", busy, err)
		}
		s.want(t, 3, Alone, Busy, Filled, Filled, Found, Found, Gone)
	})
}

func TestCallerLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, 2)
		lease, _ := s.nodes[0].Acquire(t.Context(), "key")
		why := errors.New("the client went away")
		ctx, leave := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { leave(why) })
		began := time.Now()
		if err := s.get(ctx, 1); !errors.Is(err, why) {
			t.Errorf("got %v, want the cause", err)
		}
		if took := time.Since(began); took != time.Second {
			t.Errorf("left after %v", took)
		}
		lease.Release(nil)
		s.want(t, 0, Gone)
	})
}

func TestServerCannotBeAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, 3)
		s.fails = errors.New("read only")
		errs, took := s.all(t)
		nobodyFailed(t, errs)
		s.want(t, 3, Alone, Alone, Alone)
		if took != time.Second {
			t.Errorf("took %v, want nothing but the fill's second", took)
		}
	})
}

// Those who wait when the server goes away do not wait on.
func TestServerGoesWhileOthersWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, 2)
		lease, _ := s.nodes[0].Acquire(t.Context(), "key")
		began := time.Now()
		time.AfterFunc(100*time.Millisecond, func() {
			for range tolerated {
				s.clients[1].circuit.report("lease take", errSlow)
			}
		})
		if err := s.get(t.Context(), 1); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took != 100*time.Millisecond+s.took {
			t.Errorf("took %v", took)
		}
		lease.Release(nil)
		s.want(t, 1, Alone)
	})
}
