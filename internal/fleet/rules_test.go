package fleet

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/purge"
)

// disk is a ledger that counts how often it waits for its disk.
type disk struct {
	*purge.Ledger

	waits atomic.Int64
}

func (d *disk) MergeAll(rules []purge.Rule) []purge.Outcome {
	d.waits.Add(1)
	return d.Ledger.MergeAll(rules)
}

// fill puts rules into the log of a server, as another node does.
func fill(t *testing.T, m machine, n int) []purge.Rule {
	t.Helper()
	ledger := purge.NewMemory(0)
	for i := range n {
		if _, err := ledger.Add(purge.Rule{Selector: purge.Source, Value: fmt.Sprint("https://a.example/", i)}); err != nil {
			t.Fatal(err)
		}
	}
	f := connect(t, m.address())
	defer f.Close()
	p := NewPurges(f, PurgesConfig{Ledger: ledger, Interval: 10 * time.Millisecond})
	p.Start()
	eventually(t, "all are in the log", func() bool {
		_, rules, err := p.log.Read(t.Context(), int64(n))
		return err == nil && len(rules) == 1
	})
	return ledger.Rules()
}

// A node that comes back to ten thousand purges does not wait for its disk with each of them.
func TestManyRulesWaitForTheDiskTogether(t *testing.T) {
	m := newMini(t)
	rules := fill(t, m, 10_000)
	d := &disk{Ledger: purge.NewMemory(0)}
	NewPurges(connect(t, m.address()), PurgesConfig{Ledger: d, Interval: time.Minute}).Start()
	eventually(t, "all are in force", func() bool { return d.Len() == len(rules) })
	if n := d.waits.Load(); n > 10_000/page+10 {
		t.Errorf("it waited %d times", n)
	}
}

// However many rules of a clock ahead are held back, all come into force when their time has come.
func TestManyRulesAreHeldBack(t *testing.T) {
	m := newMini(t)
	rules := fill(t, m, maxDeferred+2*page)
	late := time.Now().Add(-time.Hour)
	ledger := &stubborn{Ledger: purge.NewMemory(0)}
	NewPurges(connect(t, m.address()), PurgesConfig{
		Ledger: ledger, Interval: 10 * time.Millisecond, Now: func() time.Time { return late },
	}).Start()
	eventually(t, "they were tried", func() bool { return ledger.asked.Load() > int64(3*len(rules)) })
	ledger.takes.Store(true)
	eventually(t, "all are in force", func() bool { return ledger.Len() == len(rules) })
}

// What is not understood may have been about anything, so everything older is purged: slower, never wrong.
func TestWhatIsNotUnderstoodPurgesEverythingOlder(t *testing.T) {
	at := time.Now().Add(-time.Minute).UTC()
	stamp := fmt.Sprintf("%020d ", at.UnixNano())
	for name, text := range map[string]string{
		"a selector not known": stamp + `{"id":"A","selector":"country","value":"x"}`,
		"of a later version":   stamp + `{"id":"A","selector":["country","x"]}`,
		"very long":            stamp + `{"id":["A","` + strings.Repeat("x", 100_000) + `"]}`,
		"no JSON":              stamp + `<html>`,
	} {
		t.Run(name, func(t *testing.T) {
			m := newMini(t)
			command(t, m.address(), "ZADD", DefaultPrefix+"purges", "0", "an epoch", "1", text)
			covered := func(n *node, at time.Time) bool {
				_, covered := n.Covers(&cache.Meta{Source: "https://a.example/x", Created: at})
				return covered
			}
			a, b := newNode(t, m.address()), newNode(t, m.address())
			for _, n := range []*node{a, b} {
				eventually(t, "what is older is purged", func() bool { return covered(n, at) })
				if covered(n, at.Add(1)) {
					t.Error("what is younger is purged as well")
				}
			}
			b.gets(t, a.add(t, "https://a.example/after.jpg"))
			if n := a.Len(); n != 2 {
				t.Errorf("%d rules are in force, want that for everything and that after it", n)
			}
		})
	}
}

// So it is with one of a clock ahead, when its time has come.
func TestWhatIsNotUnderstoodIsHeldBack(t *testing.T) {
	m := newMini(t)
	at := time.Now().Add(time.Hour)
	command(t, m.address(), "ZADD", DefaultPrefix+"purges", "0", "an epoch", "1", fmt.Sprintf("%020d <html>", at.UnixNano()))
	var now atomic.Int64
	now.Store(time.Now().UnixNano())
	ledger := purge.NewMemory(0)
	ledger.Now = func() time.Time { return time.Unix(0, now.Load()) }
	p := NewPurges(connect(t, m.address()), PurgesConfig{Ledger: ledger, Interval: 10 * time.Millisecond, Now: ledger.Now})
	p.Start()
	eventually(t, "the log was read", p.Ready)
	if n := ledger.Len(); n != 0 {
		t.Errorf("%d rules are in force an hour too early", n)
	}
	now.Store(at.UnixNano())
	eventually(t, "everything is purged", func() bool { return ledger.Len() == 1 })
}

// A node that ends tells what it was asked to purge a moment before, also when the server comes back just then.
func TestPurgesThatArePendingGoOut(t *testing.T) {
	for name, away := range map[string]time.Duration{"at once": 0, "when the server is back": 300 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			m := newMini(t)
			road := newProxy(t, m.address())
			a := newNode(t, road.listener.Addr().String())
			if away > 0 {
				road.refuses.Store(true)
				road.cut()
				time.AfterFunc(away, func() { road.refuses.Store(false) })
			}
			r := a.add(t, "https://a.example/last.jpg")
			if err := errors.Join(a.purges.Close(), a.client.Close(), a.purges.Close()); err != nil {
				t.Error(err)
			}
			b := newNode(t, m.address())
			b.gets(t, r)
		})
	}
}

// It does not wait for ever, and says what nobody knows of.
func TestPurgesThatCannotGoOut(t *testing.T) {
	m := newMini(t)
	a := newNode(t, m.address())
	a.purges.most = 100 * time.Millisecond
	m.stop()
	a.add(t, "https://a.example/last.jpg")
	began := time.Now()
	err := a.purges.Close()
	if took := time.Since(began); took > patience/2 {
		t.Errorf("took %v, want %v", took, a.purges.most)
	}
	if err == nil || !strings.Contains(err.Error(), "1 purges") {
		t.Errorf("%v, want it to say that one is not written", err)
	}
}

// A node knows when it has read what was purged before it came.
func TestPurgesAreReady(t *testing.T) {
	m := newMini(t)
	rules := fill(t, m, 2*page)
	road := newProxy(t, m.address())
	road.refuses.Store(true)
	f, err := Connect(Config{URL: "redis://" + road.listener.Addr().String(), CallTimeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	n := nodeOf(f, purge.NewMemory(0))
	if n.purges.Ready() {
		t.Error("it is ready before there was a connection")
	}
	road.refuses.Store(false)
	eventually(t, "it is ready", n.purges.Ready)
	if n.Len() != len(rules) {
		t.Errorf("it was ready with %d rules, want %d", n.Len(), len(rules))
	}
}
