package cache_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/cache/cachetest"
)

func TestAHitIsPromotedToAllTiersAbove(t *testing.T) {
	top, middle, bottom := cachetest.NewMap(), cachetest.NewFiles(t), cachetest.NewFiles(t)
	s := tiers(top, middle, bottom)
	want := cachetest.Entry(1, 3000)
	put(t, bottom, 1, want)

	first := get(t, s, 1)
	if first.Tier != "files" || !first.Body.InMemory() {
		t.Errorf("the first came from %q, in memory = %t; want the lower tier's name and what was read for the upper one",
			first.Tier, first.Body.InMemory())
	}
	cachetest.Same(t, first, want)
	for _, tier := range []cache.Store{top, middle, bottom} {
		cachetest.Same(t, get(t, tier, 1), want) // clocks included
	}
	if second := get(t, s, 1); second.Tier != "map" {
		t.Errorf("the second came from %q, want the upper tier", second.Tier)
	}
}

func TestWhatNoTierAboveAcceptsIsHandedOnUnread(t *testing.T) {
	top, bottom := cachetest.NewMap(), cachetest.NewFiles(t)
	s := tiers(small{top}, bottom)
	want := cachetest.Entry(1, 1001)
	put(t, bottom, 1, want)
	for range 2 {
		e := get(t, s, 1)
		if e.Body.InMemory() {
			t.Error("the body was read although nobody above keeps it")
		}
		cachetest.Same(t, e, want)
	}
	missing(t, top, 1)

	fits := cachetest.Entry(2, 1000)
	put(t, bottom, 2, fits)
	if e := get(t, s, 2); !e.Body.InMemory() {
		t.Error("the body was not read although the tier above accepts it")
	}
	cachetest.Same(t, get(t, top, 2), fits)
}

func TestOnlyTiersThatAcceptGetACopy(t *testing.T) {
	top, middle, bottom := cachetest.NewMap(), cachetest.NewMap(), cachetest.NewFiles(t)
	s := tiers(small{top}, middle, bottom)
	e := cachetest.Entry(1, 5000)
	put(t, bottom, 1, e)
	cachetest.Same(t, get(t, s, 1), e)
	missing(t, top, 1)
	cachetest.Same(t, get(t, middle, 1), e)
}

// TestDamageBelow has bodies that are not whole: they are misses, told, deleted, and never promoted.
func TestDamageBelow(t *testing.T) {
	whole := cachetest.Entry(1, 600)
	for name, damage := range map[string]func(t *testing.T, below *cachetest.Files){
		"written short": func(t *testing.T, below *cachetest.Files) { put(t, cachetest.Short{Store: below}, 1, whole) },
		"cut after it was opened": func(t *testing.T, below *cachetest.Files) {
			put(t, below, 1, whole)
			below.Cut()
		},
	} {
		t.Run(name, func(t *testing.T) {
			top, below := cachetest.NewMap(), cachetest.NewFiles(t)
			s, told := listening(configOf(top, below))
			damage(t, below)
			missing(t, s, 1)
			missing(t, top, 1)
			missing(t, below, 1)
			if diff := cmp.Diff([]string{"1 get"}, *told); diff != "" {
				t.Errorf("the hook was told (-want +got):\n%s", diff)
			}
		})
	}
}

// meanwhile does something after its first Get, before the caller has the answer.
type meanwhile struct {
	cache.Store
	do func()
}

func (m *meanwhile) Get(ctx context.Context, key cache.Key) (*cache.Entry, error) {
	e, err := m.Store.Get(ctx, key)
	if do := m.do; do != nil {
		m.do = nil
		do()
	}
	return e, err
}

// TestAPromotionUndoesNothing has a Put or a Delete come between finding an entry below and promoting it.
func TestAPromotionUndoesNothing(t *testing.T) {
	before, after := cachetest.Entry(1, 10), cachetest.Entry(2, 20)
	for name, c := range map[string]struct {
		change func(t *testing.T, s cache.Store)
		want   *cache.Entry
	}{
		"put":    {func(t *testing.T, s cache.Store) { put(t, s, 1, after) }, after},
		"delete": {func(t *testing.T, s cache.Store) { s.Delete(t.Context(), cachetest.Key(1)) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			below := &meanwhile{Store: cachetest.NewFiles(t)}
			s := tiers(cachetest.NewMap(), below)
			put(t, below, 1, before)
			below.do = func() { c.change(t, s) }
			cachetest.Same(t, get(t, s, 1), before) // what was there when it was asked for
			if c.want == nil {
				missing(t, s, 1)
				return
			}
			cachetest.Same(t, get(t, s, 1), c.want)
		})
	}
}

// TestDamageBelowStaysBelow has a tier whose bodies are whole but wrong, which only the tier itself can notice. What is
// above is not replaced by it.
func TestDamageBelowStaysBelow(t *testing.T) {
	s := tiers(cachetest.NewMap(), cachetest.Flipping{Store: cachetest.NewFiles(t)})
	e := cachetest.Entry(1, 100)
	put(t, s, 1, e)
	for range 3 {
		cachetest.Same(t, get(t, s, 1), e)
	}
}

// slow has Put wait until it may go on.
type slow struct {
	cache.Store
	goOn chan struct{}
}

func (s slow) Put(ctx context.Context, key cache.Key, e *cache.Entry) error {
	<-s.goOn
	return s.Store.Put(ctx, key, e)
}

func TestGetWaitsForNoPut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		top, below := cachetest.NewMap(), slow{cachetest.NewFiles(t), make(chan struct{})}
		s := tiers(top, below)
		before, after := cachetest.Entry(1, 10), cachetest.Entry(2, 20)
		put(t, below.Store, 1, before)
		go func() {
			if err := s.Put(t.Context(), cachetest.Key(1), after); err != nil {
				t.Error(err)
			}
		}()
		synctest.Wait()
		top.Delete(t.Context(), cachetest.Key(1)) // as if evicted while the lower tier is being written
		e := get(t, s, 1)                         // or the bubble deadlocks
		if e.Body.InMemory() {
			t.Error("an entry that is being replaced was promoted")
		}
		cachetest.Same(t, e, before)
		missing(t, top, 1)
		close(below.goOn)
		synctest.Wait()
		cachetest.Same(t, get(t, s, 1), after)
	})
}

func TestPromotionOutlivesTheRequest(t *testing.T) {
	top, below := cachetest.NewMap(), &meanwhile{Store: cachetest.NewFiles(t)}
	ctx, leave := context.WithCancel(t.Context())
	below.do = leave
	watching := contextStore{top}
	s, told := listening(configOf(watching, below))
	want := cachetest.Entry(1, 10)
	put(t, below, 1, want)
	e, err := s.Get(ctx, cachetest.Key(1))
	if err != nil {
		t.Fatal(err)
	}
	cachetest.Same(t, e, want)
	cachetest.Same(t, get(t, top, 1), want)
	if len(*told) > 0 {
		t.Errorf("the hook was told %q", *told)
	}
}

// contextStore is a store whose Put fails when its context has ended.
type contextStore struct{ cache.Store }

func (c contextStore) Put(ctx context.Context, key cache.Key, e *cache.Entry) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return c.Store.Put(ctx, key, e)
}
