package fleet

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// shared is a store that all nodes see, and how often it was filled.
type shared struct {
	kept  sync.Map
	fills atomic.Int64
}

func (s *shared) get(ctx context.Context, l *Leases, key string, took time.Duration) error {
	look := func(context.Context) bool { _, ok := s.kept.Load(key); return ok }
	return l.Collapse(ctx, key, look, func(context.Context) error {
		s.fills.Add(1)
		time.Sleep(took)
		s.kept.Store(key, true)
		return nil
	})
}

// counts is an Observer that counts calls by their outcome.
type counts struct {
	nobody
	mu    sync.Mutex
	calls map[Outcome]int
}

func (c *counts) Call(_ string, _ time.Duration, o Outcome) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.calls == nil {
		c.calls = map[Outcome]int{}
	}
	c.calls[o]++
}

func (c *counts) of(o Outcome) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.calls[o]
}

func TestTwoNodesFillOnce(t *testing.T) {
	machines(t, func(t *testing.T, m machine) {
		nodes := []*Leases{
			NewLeases(connect(t, m.address()), LeasesConfig{}),
			NewLeases(connect(t, m.address()), LeasesConfig{}),
		}
		var s shared
		var wg sync.WaitGroup
		for i := range 200 {
			wg.Go(func() {
				if err := s.get(t.Context(), nodes[i%2], "a key {with} braces and spaces", 50*time.Millisecond); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := s.fills.Load(); n != 1 {
			t.Errorf("%d fills, want one", n)
		}
		if n := nodes[0].Held() + nodes[1].Held() + nodes[0].Waiting() + nodes[1].Waiting(); n != 0 {
			t.Errorf("%d leases and rooms are left", n)
		}
	})
}

func TestAttemptLeavesWorkToItsHolder(t *testing.T) {
	machines(t, func(t *testing.T, m machine) {
		a, b := NewLeases(connect(t, m.address()), LeasesConfig{}), NewLeases(connect(t, m.address()), LeasesConfig{})
		fills := 0
		attempt := func() bool {
			t.Helper()
			busy, err := b.Attempt(t.Context(), "key", func(context.Context) bool { return false }, func(context.Context) error {
				fills++
				return nil
			})
			if err != nil {
				t.Error(err)
			}
			return busy
		}
		lease, held := a.Acquire(t.Context(), "key")
		if !held || !attempt() || fills != 0 {
			t.Errorf("held %v; %d fills beside the holder", held, fills)
		}
		lease.Release(nil)
		if attempt() || fills != 1 {
			t.Errorf("%d fills when the lease is free, want one", fills)
		}
		if _, held := a.Acquire(t.Context(), "key"); !held {
			t.Error("an attempt keeps its lease")
		}
	})
}

func TestHolderIsKilled(t *testing.T) {
	machines(t, func(t *testing.T, m machine) {
		const ttl = 600 * time.Millisecond
		dies := connect(t, m.address())
		if _, held := NewLeases(dies, LeasesConfig{TTL: ttl}).Acquire(t.Context(), "key"); !held {
			t.Fatal("a free lease is not to be had")
		}
		lives := NewLeases(connect(t, m.address()), LeasesConfig{TTL: ttl, Poll: 50 * time.Millisecond})
		if _, held := lives.Acquire(t.Context(), "key"); held {
			t.Fatal("two nodes hold one lease")
		}
		dies.Close()
		mini, fast := m.(*mini)
		if fast {
			mini.FastForward(ttl) // its clock moves only so
		}
		began := time.Now()
		var s shared
		if err := s.get(t.Context(), lives, "key", 0); err != nil || s.fills.Load() != 1 {
			t.Errorf("%d fills, %v", s.fills.Load(), err)
		}
		if took := time.Since(began); took > ttl+500*time.Millisecond {
			t.Errorf("took over after %v, want at most about %v", took, ttl)
		}
	})
}

// A lease that a slow server gives to somebody who no longer waits for it is in nobody's way.
func TestLateLeaseIsGivenBack(t *testing.T) {
	m := newProcess(t)
	road := newProxy(t, m.address())
	slow := NewLeases(connectWith(t, road.listener.Addr().String(), Config{CallTimeout: 50 * time.Millisecond}), LeasesConfig{TTL: time.Hour})
	fine := NewLeases(connect(t, m.address()), LeasesConfig{TTL: time.Hour})
	// The server knows the scripts then: else it would ask for them, and nobody would wait for that.
	first, _ := fine.Acquire(t.Context(), "key")
	first.Release(nil)
	road.delay.Store(int64(200 * time.Millisecond))
	if lease, held := slow.Acquire(t.Context(), "key"); !held || lease.holding != nil {
		t.Errorf("held %v, lease %v: want to be told to go ahead, without a lease", held, lease.holding)
	}
	eventually(t, "the lease is free", func() bool {
		lease, held := fine.Acquire(t.Context(), "key")
		lease.Release(nil)
		return held
	})
}

func TestSlowServerCostsOneCall(t *testing.T) {
	machines(t, func(t *testing.T, m machine) {
		road := newProxy(t, m.address())
		seen := &counts{}
		f := connectWith(t, road.listener.Addr().String(), Config{CallTimeout: 100 * time.Millisecond, Observer: seen})
		l := NewLeases(f, LeasesConfig{})
		road.delay.Store(int64(2 * time.Second))
		var s shared
		began := time.Now()
		for i := range 100 {
			if err := s.get(t.Context(), l, fmt.Sprint("key ", i), 0); err != nil {
				t.Error(err)
			}
		}
		if took := time.Since(began); took > tolerated*100*time.Millisecond+time.Second {
			t.Errorf("100 fills took %v beside a server that is slow, want %d calls' time at most", took, tolerated)
		}
		if n := s.fills.Load(); n != 100 {
			t.Errorf("%d fills, want 100", n)
		}
		if f.Up() || seen.of(Slow) == 0 || seen.of(Skipped) < 90 {
			t.Errorf("up %v, %d slow calls, %d skipped: want the circuit to have opened", f.Up(), seen.of(Slow), seen.of(Skipped))
		}
		road.delay.Store(0)
		up(t, f)
		if lease, held := l.Acquire(t.Context(), "other"); !held || lease.holding == nil {
			t.Error("there are no leases when the server is back")
		} else {
			lease.Release(nil)
		}
	})
}

// A server that vanishes without a word holds up nobody for longer than a call.
func TestSilentServer(t *testing.T) {
	m := newProcess(t)
	l := NewLeases(connectWith(t, m.address(), Config{CallTimeout: 100 * time.Millisecond}), LeasesConfig{})
	m.Signal(syscall.SIGSTOP)
	began := time.Now()
	var s shared
	if err := s.get(t.Context(), l, "key", 0); err != nil || s.fills.Load() != 1 {
		t.Errorf("%d fills, %v", s.fills.Load(), err)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("took %v, want about a call's time", took)
	}
}

func TestServerIsDownAtTheStart(t *testing.T) {
	m := newMini(t)
	m.stop()
	f, err := Connect(Config{URL: "redis://" + m.address()})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	l := NewLeases(f, LeasesConfig{})
	var s shared
	began := time.Now()
	if err := s.get(t.Context(), l, "key", 0); err != nil || s.fills.Load() != 1 {
		t.Errorf("%d fills, %v", s.fills.Load(), err)
	}
	if took := time.Since(began); took > DefaultCallTimeout {
		t.Errorf("took %v, want no waiting for a server that was never there", took)
	}
	m.start()
	up(t, f)
	if f.Close(); f.spawn(func() {}) {
		t.Error("something is begun on a client that is closed")
	}
	if err := s.get(t.Context(), l, "other key", 0); err != nil || s.fills.Load() != 2 {
		t.Errorf("after Close: %d fills, %v", s.fills.Load(), err)
	}
}

// A replica takes no writes: it answers, but is of no use.
func TestServerThatRefusesIsLeftAlone(t *testing.T) {
	m := newProcess(t)
	f := connect(t, m.address())
	l := NewLeases(f, LeasesConfig{})
	command(t, m.address(), "REPLICAOF", "127.0.0.1", "1")
	var s shared
	for i := range tolerated {
		if err := s.get(t.Context(), l, fmt.Sprint("key ", i), 0); err != nil {
			t.Error(err)
		}
	}
	down(t, f)
	command(t, m.address(), "REPLICAOF", "NO", "ONE")
	up(t, f)
	if n := s.fills.Load(); n != tolerated {
		t.Errorf("%d fills, want %d", n, tolerated)
	}
}

// Requests and purges go on while the server is stopped, started, emptied and cut off; what was purged meanwhile is
// purged everywhere in the end.
func TestServerFailsUnderLoad(t *testing.T) {
	machines(t, func(t *testing.T, m machine) {
		road := newProxy(t, m.address())
		a, b := newNode(t, road.listener.Addr().String()), newNode(t, road.listener.Addr().String())
		leases := []*Leases{NewLeases(a.client, LeasesConfig{}), NewLeases(b.client, LeasesConfig{})}
		var s shared
		over, end := context.WithCancel(t.Context())
		defer end()
		var served atomic.Int64
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				for n := 0; over.Err() == nil; n++ {
					began := time.Now()
					if err := s.get(t.Context(), leases[i%2], fmt.Sprint(i/4, " ", n), time.Millisecond); err != nil {
						t.Errorf("a request failed: %v", err)
					}
					if took := time.Since(began); took > DefaultLeaseWait/2 {
						t.Errorf("a request took %v", took)
					}
					served.Add(1)
				}
			})
		}
		purges := 0
		purge := func() { a.add(t, fmt.Sprint("a ", purges)); b.add(t, fmt.Sprint("b ", purges)); purges += 2 }
		serves := func() {
			t.Helper()
			purge()
			before := served.Load()
			eventually(t, "requests are served", func() bool { return served.Load() > before+200 })
		}
		serves()
		m.stop()
		serves()
		m.start()
		serves()
		up(t, a.client)
		command(t, m.address(), "FLUSHALL")
		serves()
		road.cut()
		serves()
		end()
		wg.Wait()
		eventually(t, "both ledgers hold every rule", func() bool { return len(a.Rules()) == purges && len(b.Rules()) == purges })
	})
}
