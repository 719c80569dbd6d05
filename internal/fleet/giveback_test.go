package fleet

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// deaf is a desk that does not hear of the first few leases that are given back.
type deaf struct {
	*counter

	fails atomic.Int64
}

func (d *deaf) Give(ctx context.Context, key, token string, o outcome) error {
	if d.fails.Add(-1) >= 0 {
		return errors.New("the connection was lost")
	}
	return d.counter.Give(ctx, key, token, o)
}

// A lease whose return is not heard is given back again, long before it runs out.
func TestLeaseIsGivenBackAgain(t *testing.T) {
	for fails, most := range map[int64]time.Duration{0: 0, 1: 200 * time.Millisecond, 3: 1200 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			s := newStage(t, 1)
			d := &deaf{counter: s.counter}
			l := newLeases(s.clients[0], LeasesConfig{}, d)
			lease, held := l.Acquire(t.Context(), "key")
			if !held {
				t.Fatal("a free lease is not to be had")
			}
			d.fails.Store(fails)
			lease.Release(nil)
			time.Sleep(most)
			synctest.Wait()
			next, held := l.Acquire(t.Context(), "key")
			if !held || next.holding == nil {
				t.Errorf("after %d failures and %v the lease is not to be had", fails, most)
			}
			next.Release(nil)
		})
	}
}

// Nobody tries for longer than the lease lasts.
func TestGivingBackEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, 1)
		d := &deaf{counter: s.counter}
		l := newLeases(s.clients[0], LeasesConfig{}, d)
		lease, _ := l.Acquire(t.Context(), "key")
		d.fails.Store(1000)
		lease.Release(nil)
		time.Sleep(3 * DefaultLeaseTTL)
		before := d.fails.Load()
		time.Sleep(time.Minute)
		if after := d.fails.Load(); after != before || before < 990 {
			t.Errorf("tried %d times, and %d times after the lease had run out", 1000-before, before-after)
		}
	})
}
