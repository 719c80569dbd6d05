package purge

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/cache/cachetest"
	"github.com/stillroom/stillroom/internal/fault"
)

// entryAt returns an entry whose making began at the given time.
func entryAt(n int, created time.Time) *cache.Entry {
	e := cachetest.Entry(n, 100)
	e.Created = created
	e.Clocks = cache.Clocks{
		Fresh: created.Add(10 * time.Minute), Revalidate: created.Add(20 * time.Minute), IfError: created.Add(30 * time.Minute),
		Keep: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), // the stores below have the real clock
	}
	e.Group = cache.Key{byte(n), 9}
	return e
}

func TestSuite(t *testing.T) {
	for name, prepare := range map[string]func(*Ledger){
		"no rules": func(*Ledger) {},
		"rules for others": func(l *Ledger) {
			add(t, l, Rule{Selector: Source, Value: "https://example.com/none.jpg"})
			add(t, l, Rule{Selector: Tag, Value: "none", Soft: true})
		},
		"everything purged a minute ago": func(l *Ledger) {
			if _, err := l.Merge(Rule{ID: "1", Selector: All, At: time.Now().Add(-time.Minute)}); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			cachetest.Run(t, func(t *testing.T) cache.Store {
				l := NewMemory(0)
				prepare(l)
				return Guard(cachetest.NewMap(), l)
			})
		})
		t.Run(name+", bodies in files", func(t *testing.T) {
			cachetest.Run(t, func(t *testing.T) cache.Store {
				l := NewMemory(0)
				prepare(l)
				return Guard(cachetest.NewFiles(t), l)
			})
		})
	}
}

func TestGuardBySelectorAndStrength(t *testing.T) {
	ctx := context.Background()
	mine := entryAt(1, noon)
	for _, c := range []struct {
		selector Selector
		value    string
		covers   bool
	}{
		{Source, mine.Source, true},
		{Source, "https://example.com/2.jpg", false},
		{Prefix, "https://example.com/", true},
		{Prefix, "https://example.org/", false},
		{Tag, "b", true},
		{Tag, "c", false},
		{URL, mine.Group.String(), true},
		{URL, cache.Key{2, 9}.String(), false},
		{All, "", true},
	} {
		for _, soft := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s %s soft=%t", c.selector, c.value, soft), func(t *testing.T) {
				below := cachetest.NewFiles(t)
				l, clock := inMemory(0)
				g := Guard(below, l)
				if err := g.Put(ctx, cachetest.Key(1), mine); err != nil {
					t.Fatal(err)
				}
				clock.now = noon.Add(time.Second)
				rule := add(t, l, Rule{Selector: c.selector, Value: c.value, Soft: soft})

				want := *mine
				switch {
				case c.covers && !soft:
					for range 2 {
						if e, err := g.Get(ctx, cachetest.Key(1)); !fault.Is(err, fault.NotFound) {
							t.Errorf("Get = %v, %v; want NotFound", e, err)
						}
					}
					if _, err := below.Map.Get(ctx, cachetest.Key(1)); !fault.Is(err, fault.NotFound) {
						t.Error("the entry is hidden, but still stored")
					}
					return
				case c.covers:
					want.Clocks.Fresh = rule.At
				}
				for range 2 {
					e, err := g.Get(ctx, cachetest.Key(1))
					if err != nil {
						t.Fatal(err)
					}
					cachetest.Same(t, e, &want)
				}
				e, err := below.Get(ctx, cachetest.Key(1))
				if err != nil {
					t.Fatal(err)
				}
				cachetest.Same(t, e, mine) // what is stored keeps its own clocks
			})
		}
	}
}

func TestSoftLeavesAStaleEntryAsItIs(t *testing.T) {
	ctx := context.Background()
	l, _ := inMemory(0)
	below := cachetest.NewMap()
	g := Guard(below, l)
	e := entryAt(1, noon.Add(-2*time.Hour))
	e.Clocks.Fresh = noon.Add(-time.Hour)
	below.Put(ctx, cachetest.Key(1), e)
	add(t, l, Rule{Selector: All, Soft: true})
	got, err := g.Get(ctx, cachetest.Key(1))
	if err != nil {
		t.Fatal(err)
	}
	cachetest.Same(t, got, e)
}

// TestPurgeDuringASlowFill has fills that take ten seconds, and a purge in the middle of one.
func TestPurgeDuringASlowFill(t *testing.T) {
	for _, soft := range []bool{false, true} {
		t.Run(fmt.Sprintf("soft=%t", soft), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				l := NewMemory(0)
				g := Guard(cachetest.NewMap(), l)
				fill := func(n int) *cache.Entry {
					e := entryAt(1, time.Now())
					e.ETag = fmt.Sprint(n)
					time.Sleep(10 * time.Second)
					return e
				}
				var during *cache.Entry
				var all sync.WaitGroup
				all.Go(func() {
					during = fill(1)
					if err := g.Put(ctx, cachetest.Key(1), during); err != nil {
						t.Error(err)
					}
				})
				time.Sleep(5 * time.Second)
				purged := add(t, l, Rule{Selector: Source, Value: entryAt(1, noon).Source, Soft: soft}).At
				all.Wait()

				e, err := g.Get(ctx, cachetest.Key(1))
				if soft {
					want := *during
					want.Clocks.Fresh = purged
					if err != nil {
						t.Fatal(err)
					}
					cachetest.Same(t, e, &want)
				} else if !fault.Is(err, fault.NotFound) {
					t.Errorf("a fill that began before the purge survived it: %v, %v", e, err)
				}

				after := fill(2)
				if err := g.Put(ctx, cachetest.Key(1), after); err != nil {
					t.Fatal(err)
				}
				// The slow one comes again, after the one that counts.
				if err := g.Put(ctx, cachetest.Key(1), during); err != nil {
					t.Fatal(err)
				}
				if e, err = g.Get(ctx, cachetest.Key(1)); err != nil {
					t.Fatalf("a fill that began after the purge is not kept: %v", err)
				}
				cachetest.Same(t, e, after)
			})
		})
	}
}

// swapping stores a new entry right after the first Get, before the caller can do anything about what it got.
type swapping struct {
	cache.Store
	swap func()
}

func (s *swapping) Get(ctx context.Context, key cache.Key) (*cache.Entry, error) {
	e, err := s.Store.Get(ctx, key)
	if swap := s.swap; swap != nil {
		s.swap = nil
		swap()
	}
	return e, err
}

func TestDeletingACoveredEntrySparesItsSuccessor(t *testing.T) {
	ctx := context.Background()
	l, clock := inMemory(0)
	below := &swapping{Store: cachetest.NewMap()}
	g := Guard(below, l)
	if err := g.Put(ctx, cachetest.Key(1), entryAt(1, noon)); err != nil {
		t.Fatal(err)
	}
	add(t, l, Rule{Selector: All})
	clock.now = noon.Add(time.Second)
	successor := entryAt(1, clock.now)
	below.swap = func() {
		if err := g.Put(ctx, cachetest.Key(1), successor); err != nil {
			t.Error(err)
		}
	}
	for range 2 {
		e, err := g.Get(ctx, cachetest.Key(1))
		if err != nil {
			t.Fatalf("the successor is gone: %v", err)
		}
		cachetest.Same(t, e, successor)
	}
}

// blocking has its Put wait until it may go on.
type blocking struct {
	cache.Store
	goOn chan struct{}
}

func (b *blocking) Put(ctx context.Context, key cache.Key, e *cache.Entry) error {
	<-b.goOn
	return b.Store.Put(ctx, key, e)
}

func TestGetDoesNotWaitForASlowPut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		l, clock := inMemory(0)
		files := cachetest.NewMap()
		files.Put(ctx, cachetest.Key(1), entryAt(1, noon))
		below := &blocking{files, make(chan struct{})}
		g := Guard(below, l)
		add(t, l, Rule{Selector: All})
		clock.now = noon.Add(time.Second)
		var all sync.WaitGroup
		all.Go(func() { g.Put(ctx, cachetest.Key(1), entryAt(1, clock.now)) })
		synctest.Wait()
		if e, err := g.Get(ctx, cachetest.Key(1)); !fault.Is(err, fault.NotFound) { // or the bubble deadlocks
			t.Errorf("Get = %v, %v", e, err)
		}
		close(below.goOn)
		all.Wait()
		if _, err := g.Get(ctx, cachetest.Key(1)); err != nil {
			t.Errorf("what was put is gone: %v", err)
		}
	})
}

func TestTroubleBelowIsTold(t *testing.T) {
	ctx := context.Background()
	l, _ := inMemory(0)
	failing := cachetest.NewFailing(cachetest.NewMap(), cachetest.Delete, cachetest.Nth(1))
	failing.Put(ctx, cachetest.Key(1), entryAt(1, noon))
	g := Guard(failing, l)
	add(t, l, Rule{Selector: All})
	if e, err := g.Get(ctx, cachetest.Key(1)); e != nil || !fault.Is(err, fault.Internal) {
		t.Errorf("Get of an entry that cannot be deleted = %v, %v; want the store's error", e, err)
	}
	if e, err := g.Get(ctx, cachetest.Key(1)); e != nil || !fault.Is(err, fault.NotFound) {
		t.Errorf("Get = %v, %v; want NotFound", e, err)
	}
}

// A guard over what other machines put into hides and does not delete: what it would hit may be theirs, put there since.
func TestGuardSharedDeletesNothing(t *testing.T) {
	ctx := context.Background()
	below := cachetest.NewFiles(t)
	l, clock := inMemory(0)
	g := GuardShared(below, l)
	old := entryAt(1, noon)
	if err := g.Put(ctx, cachetest.Key(1), old); err != nil {
		t.Fatal(err)
	}
	clock.now = noon.Add(time.Second)
	add(t, l, Rule{Selector: All})
	for range 2 {
		if e, err := g.Get(ctx, cachetest.Key(1)); !fault.Is(err, fault.NotFound) {
			t.Errorf("Get = %v, %v; want NotFound", e, err)
		}
	}
	if e, err := below.Get(ctx, cachetest.Key(1)); err != nil {
		t.Errorf("what is hidden was deleted: %v", err)
	} else {
		cachetest.Same(t, e, old)
	}
	if err := g.Put(ctx, cachetest.Key(1), old); err != nil {
		t.Fatal(err) // declined, which is no error
	}
	renewed := entryAt(2, noon.Add(2*time.Second))
	if err := g.Put(ctx, cachetest.Key(1), renewed); err != nil {
		t.Fatal(err)
	}
	e, err := g.Get(ctx, cachetest.Key(1))
	if err != nil {
		t.Fatal(err)
	}
	cachetest.Same(t, e, renewed)
}

func TestSharedSuite(t *testing.T) {
	cachetest.Run(t, func(t *testing.T) cache.Store {
		l := NewMemory(0)
		if _, err := l.Merge(Rule{ID: "1", Selector: All, At: time.Now().Add(-time.Minute)}); err != nil {
			t.Fatal(err)
		}
		return GuardShared(cachetest.NewFiles(t), l)
	})
}

type sized struct{ cache.Store }

func (sized) Size() cache.Size        { return cache.Size{Entries: 7} }
func (sized) Accepts(size int64) bool { return size < 10 }

func TestExtrasGoThrough(t *testing.T) {
	l := NewMemory(0)
	if _, ok := Guard(cachetest.NewMap(), l).(cache.Sizer); ok {
		t.Error("a guard is a Sizer over a store that is none")
	}
	if sizer, ok := GuardShared(sized{cachetest.NewMap()}, l).(cache.Sizer); !ok || sizer.Size().Entries != 7 {
		t.Error("a guard over a shared store does not pass on its size")
	}
	g := Guard(sized{cachetest.NewMap()}, l)
	if sizer, ok := g.(cache.Sizer); !ok || sizer.Size().Entries != 7 {
		t.Error("a guard does not pass on the size of the store below")
	}
	if !cache.Accepts(g, 9) || cache.Accepts(g, 10) {
		t.Error("a guard does not pass on what the store below accepts")
	}
	if !cache.Accepts(Guard(cachetest.NewMap(), l), 1<<40) {
		t.Error("a guard declines what the store below would keep")
	}
}

// TestGuardConcurrently fills, reads and purges at once: nobody ever gets what a confirmed purge covers.
func TestGuardConcurrently(t *testing.T) {
	ctx := context.Background()
	l := NewMemory(0)
	g := Guard(cache.NewTiered(cache.TieredConfig{Tiers: []cache.Tier{
		{Name: "map", Store: cachetest.NewMap()}, {Name: "files", Store: cachetest.NewFiles(t)},
	}}), l)
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			for i := range 150 {
				n := (worker + i) % 4
				switch i % 5 {
				case 0, 1:
					if err := g.Put(ctx, cachetest.Key(n), entryAt(n, time.Now())); err != nil {
						t.Error(err)
					}
				case 2:
					rule := add(t, l, Rule{Selector: Source, Value: entryAt(n, noon).Source, Soft: i%2 == 0})
					e, err := g.Get(ctx, cachetest.Key(n))
					switch {
					case fault.Is(err, fault.NotFound):
					case err != nil:
						t.Error(err)
					case !e.Created.After(rule.At) && (!rule.Soft || e.Clocks.Fresh.After(rule.At)):
						t.Errorf("a purge at %v shows an entry made at %v, fresh until %v", rule.At, e.Created, e.Clocks.Fresh)
						fallthrough
					default:
						e.Body.Close()
					}
				default:
					if e, err := g.Get(ctx, cachetest.Key(n)); err == nil {
						e.Body.Close()
					} else if !fault.Is(err, fault.NotFound) {
						t.Error(err)
					}
				}
			}
		})
	}
	all.Wait()
}
