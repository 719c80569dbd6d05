package cache_test

import (
	"context"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/cache/cachetest"
	"github.com/stillroom/stillroom/internal/fault"
)

// of returns an entry whose making began so many minutes after noon.
func of(n, minutes int) *cache.Entry {
	e := cachetest.Entry(n, 100)
	e.Created = time.Date(2026, 1, 1, 12, minutes, 0, 0, time.UTC)
	return e
}

func find(t *testing.T, s cache.Store, w cache.Wanted) *cache.Entry {
	t.Helper()
	e, err := cache.Find(t.Context(), s, cachetest.Key(1), w)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		t.Fatalf("Find: %v", err)
	}
	return e
}

// asked counts the Gets of a store.
type asked struct {
	cache.Store
	gets int
}

func (a *asked) Get(ctx context.Context, key cache.Key) (*cache.Entry, error) {
	a.gets++
	return a.Store.Get(ctx, key)
}

func TestSharedSuite(t *testing.T) {
	cachetest.Run(t, func(t *testing.T) cache.Store {
		return cache.NewTiered(cache.TieredConfig{Tiers: []cache.Tier{
			{Name: "memory", Store: cachetest.NewMap()}, {Name: "object", Store: cachetest.NewFiles(t), Shared: true},
		}})
	})
}

// What is newer below takes the place of what is older above, and is not written back to where it was found.
func TestFindNewer(t *testing.T) {
	top, middle, shared := cachetest.NewMap(), cachetest.NewFiles(t), &putless{Store: cachetest.NewFiles(t)}
	s := cache.NewTiered(cache.TieredConfig{Tiers: []cache.Tier{
		{Name: "memory", Store: top}, {Name: "disk", Store: middle}, {Name: "object", Store: shared, Shared: true},
	}})
	old, renewed := of(1, 0), of(2, 10)
	put(t, top, 1, old)
	put(t, middle, 1, old)
	put(t, shared.Store, 1, old)
	if e := find(t, s, cache.Wanted{After: old.Created}); e != nil {
		t.Errorf("found an entry of %v, which is not after %v", e.Created, old.Created)
	}
	put(t, shared.Store, 1, renewed)
	cachetest.Same(t, get(t, s, 1), old) // a Get asks the fastest tier
	cachetest.Same(t, find(t, s, cache.Wanted{}), old)
	cachetest.Same(t, find(t, s, cache.Wanted{After: old.Created}), renewed)
	cachetest.Same(t, get(t, top, 1), renewed)
	cachetest.Same(t, get(t, middle, 1), renewed)
	if shared.puts != 0 {
		t.Errorf("%d writes to the tier where it was found", shared.puts)
	}
}

// putless counts Puts, which it is not meant to get.
type putless struct {
	cache.Store
	puts int
}

func (p *putless) Put(ctx context.Context, key cache.Key, e *cache.Entry) error {
	p.puts++
	return p.Store.Put(ctx, key, e)
}

func TestFindLocal(t *testing.T) {
	local, shared := cachetest.NewMap(), &asked{Store: cachetest.NewMap()}
	s := cache.NewTiered(cache.TieredConfig{Tiers: []cache.Tier{
		{Name: "memory", Store: local}, {Name: "object", Store: shared, Shared: true},
	}})
	put(t, shared, 1, of(1, 0))
	if e := find(t, s, cache.Wanted{Local: true}); e != nil || shared.gets != 0 {
		t.Errorf("found %v after asking the shared tier %d times, want neither", e, shared.gets)
	}
	put(t, local, 1, of(1, 0))
	if e := find(t, s, cache.Wanted{Local: true}); e == nil {
		t.Error("what is held here is not found")
	}
}

// A store that is no Finder holds one entry, which is the wanted one or not.
func TestFindInOneStore(t *testing.T) {
	s := cachetest.NewFiles(t) // fails the test if a body that is not handed out stays open
	put(t, s, 1, of(1, 5))
	for minutes, found := range map[int]bool{4: true, 5: false, 6: false} {
		e := find(t, s, cache.Wanted{After: of(1, minutes).Created, Local: true})
		if (e != nil) != found {
			t.Errorf("after minute %d: found %v, want %v", minutes, e != nil, found)
		}
		if e != nil {
			cachetest.Same(t, e, of(1, 5))
		}
	}
	if e := find(t, cache.None{}, cache.Wanted{}); e != nil {
		t.Errorf("found %v in nothing", e)
	}
}

func TestFindInATierInTrouble(t *testing.T) {
	old, renewed := of(1, 0), of(2, 10)
	broken := cachetest.NewFailing(cachetest.NewMap(), cachetest.Get, cachetest.Every(1))
	shared := cachetest.NewMap()
	put(t, shared, 1, renewed)
	s, told := listening(configOf(broken, shared))
	cachetest.Same(t, find(t, s, cache.Wanted{After: old.Created}), renewed)
	if len(*told) != 1 || (*told)[0] != "0 get" {
		t.Errorf("the hook was told %q", *told)
	}
}
