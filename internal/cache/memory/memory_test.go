package memory

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/cache/cachetest"
	"github.com/stillroom/stillroom/internal/fault"
)

func open(t testing.TB, c Config) *Store {
	t.Helper()
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestSuite(t *testing.T) {
	for name, c := range map[string]Config{
		"bytes":   {Size: 8 << 20},
		"entries": {Size: 8 << 20, Capacity: 25},
		"time":    {Size: 8 << 20, TTL: time.Hour},
	} {
		t.Run(name, func(t *testing.T) { cachetest.Run(t, func(t *testing.T) cache.Store { return open(t, c) }) })
	}
}

func TestSuiteAboveFiles(t *testing.T) {
	cachetest.Run(t, func(t *testing.T) cache.Store {
		return cache.NewTiered(cache.TieredConfig{Tiers: []cache.Tier{
			{Name: "memory", Store: open(t, Config{Size: 1 << 20, EntrySize: 1000})},
			{Name: "files", Store: cachetest.NewFiles(t)},
		}})
	})
}

func TestConfigIsChecked(t *testing.T) {
	for _, c := range []Config{{}, {Size: -1}, {Size: 1, EntrySize: -1}, {Size: 1, Capacity: -1}, {Size: 1, TTL: -1}} {
		if s, err := New(c); err == nil {
			t.Errorf("New(%+v) = %v, want an error", c, s)
		}
	}
}

// TestBounds fills tiers from many goroutines: neither bound is ever exceeded, and the room is used.
func TestBounds(t *testing.T) {
	for _, c := range []struct {
		name    string
		config  Config
		atLeast cache.Size
	}{
		{"bytes", Config{Size: 1 << 20}, cache.Size{Bytes: 1 << 20 * 9 / 10}},
		{"entries", Config{Size: 64 << 20, Capacity: 100}, cache.Size{Entries: 100}},
		{"both", Config{Size: 1 << 20, Capacity: 60}, cache.Size{Entries: 20}},
		{"one entry", Config{Size: 1 << 20, Capacity: 1}, cache.Size{Entries: 1}},
		{"one byte", Config{Size: 1}, cache.Size{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t, c.config)
			ctx := context.Background()
			var all sync.WaitGroup
			for g := range 4 {
				all.Go(func() {
					for i := range 500 {
						n := g*500 + i
						if err := s.Put(ctx, cachetest.Key(n), cachetest.Entry(n, 1+n*7919%40_000)); err != nil {
							t.Error(err)
						}
						s.Get(ctx, cachetest.Key(n*31%2000))
						if i%7 == 0 {
							s.Delete(ctx, cachetest.Key(n))
						}
						if size := s.Size(); size.Bytes > size.MaxBytes || size.MaxEntries > 0 && size.Entries > size.MaxEntries {
							t.Errorf("holds %+v", size)
						}
					}
				})
			}
			all.Wait()
			size := s.Size()
			if size.Bytes < c.atLeast.Bytes || size.Entries < c.atLeast.Entries {
				t.Errorf("holds %+v in the end, want at least %+v", size, c.atLeast)
			}
			checkBooks(t, s)
		})
	}
}

func TestEntryAboveLimitIsDeclinedAndForgotten(t *testing.T) {
	s := open(t, Config{Size: 1 << 20, EntrySize: 1000})
	ctx := context.Background()
	s.Put(ctx, cachetest.Key(1), cachetest.Entry(1, 1000))
	if _, err := s.Get(ctx, cachetest.Key(1)); err != nil {
		t.Fatalf("an entry at the limit is not kept: %v", err)
	}
	if err := s.Put(ctx, cachetest.Key(1), cachetest.Entry(2, 1001)); err != nil {
		t.Fatalf("Put: %v", err)
	}
	if e, err := s.Get(ctx, cachetest.Key(1)); err == nil {
		t.Errorf("found %s, which the refused entry replaced", e.ETag)
	}
	if !s.Accepts(1000) || s.Accepts(1001) {
		t.Error("what it accepts is not what it keeps")
	}
}

func TestLimitPerEntryNeverExceedsTheTier(t *testing.T) {
	s := open(t, Config{Size: 10_000, EntrySize: 50_000})
	largest := 10_000 - overhead
	for size, want := range map[int]bool{largest: true, largest + 1: false} {
		if got := s.Accepts(int64(size)); got != want {
			t.Errorf("accepts %d bytes = %t, want %t", size, got, want)
		}
		s.Put(context.Background(), cachetest.Key(size), cachetest.Entry(1, size))
		if _, err := s.Get(context.Background(), cachetest.Key(size)); (err == nil) != want {
			t.Errorf("keeps %d bytes = %t, want %t", size, err == nil, want)
		}
	}
}

func TestTTL(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct {
		ttl, keep, stays time.Duration
	}{
		{0, 2 * time.Hour, 2 * time.Hour},
		{time.Hour, 2 * time.Hour, time.Hour},
		{3 * time.Hour, 2 * time.Hour, 2 * time.Hour},
	} {
		t.Run(c.ttl.String(), func(t *testing.T) {
			now := time.Now()
			s := open(t, Config{Size: 1 << 20, TTL: c.ttl, Now: func() time.Time { return now }})
			e := cachetest.Entry(1, 10)
			e.Clocks.Keep = now.Add(c.keep)
			s.Put(ctx, cachetest.Key(1), e)
			now = now.Add(c.stays - 1)
			got, err := s.Get(ctx, cachetest.Key(1))
			if err != nil {
				t.Fatalf("gone before its time: %v", err)
			}
			cachetest.Same(t, got, e) // its own clocks included
			now = now.Add(1)
			for range 2 {
				if _, err := s.Get(ctx, cachetest.Key(1)); !fault.Is(err, fault.NotFound) {
					t.Errorf("still there after %v: %v", c.stays, err)
				}
			}
			if size, stats := s.Size(), s.Stats(); size.Entries != 0 || size.Bytes != 0 || stats != (Evictions{Expired: 1}) {
				t.Errorf("holds %+v after %+v", size, stats)
			}
		})
	}
}

func TestTTLBeginsAnewWithEachPut(t *testing.T) {
	ctx := context.Background()
	now := time.Now()
	s := open(t, Config{Size: 1 << 20, TTL: time.Minute, Now: func() time.Time { return now }})
	for range 5 {
		s.Put(ctx, cachetest.Key(1), cachetest.Entry(1, 10))
		now = now.Add(50 * time.Second)
		if _, err := s.Get(ctx, cachetest.Key(1)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEvictionsByReason(t *testing.T) {
	ctx := context.Background()
	now := time.Now()
	s := open(t, Config{Size: 10 * (1000 + overhead), EntrySize: 5000, Capacity: 20, Now: func() time.Time { return now }})
	put := func(from, to, size int, keep time.Duration) {
		for n := from; n < to; n++ {
			e := cachetest.Entry(n, size)
			e.Clocks.Keep = now.Add(keep)
			if err := s.Put(ctx, cachetest.Key(n), e); err != nil {
				t.Fatal(err)
			}
		}
	}
	check := func(what string, want Evictions) {
		t.Helper()
		if got := s.Stats(); got != want {
			t.Errorf("%s: %+v, want %+v", what, got, want)
		}
	}
	put(0, 10, 1000, time.Hour)
	check("as many as fit", Evictions{})
	put(0, 1, 1000, time.Hour)
	check("one of them again", Evictions{Replaced: 1})
	put(10, 13, 1000, time.Hour)
	check("three more", Evictions{Replaced: 1, Size: 3})
	s.Delete(ctx, cachetest.Key(12))
	check("one deleted", Evictions{Replaced: 1, Size: 3})
	now = now.Add(2 * time.Hour)
	put(20, 25, 1000, time.Hour)
	check("five more, when all others have expired", Evictions{Replaced: 1, Size: 3, Expired: 4})

	s = open(t, Config{Size: 1 << 20, Capacity: 20})
	put(0, 23, 10, 24*time.Hour)
	check("23 small ones", Evictions{Capacity: 3})
}

func TestABodyInAFileIsRead(t *testing.T) {
	ctx := context.Background()
	files := cachetest.NewFiles(t)
	want := cachetest.Entry(1, 5000)
	files.Put(ctx, cachetest.Key(1), want)
	e, err := files.Get(ctx, cachetest.Key(1))
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, Config{Size: 1 << 20})
	if err := s.Put(ctx, cachetest.Key(1), e); err != nil {
		t.Fatal(err)
	}
	if files.Open() != 1 {
		t.Error("the body was closed; it belongs to the caller")
	}
	e.Body.Close()
	for range 2 {
		got, err := s.Get(ctx, cachetest.Key(1))
		if err != nil || !got.Body.InMemory() {
			t.Fatalf("Get = %v, in memory = %t", err, err == nil && got.Body.InMemory())
		}
		cachetest.Same(t, got, want)
	}

	if err := s.Put(ctx, cachetest.Key(1), e); err == nil { // e's body is closed by now
		t.Error("a body that cannot be read is kept")
	}
	if _, err := s.Get(ctx, cachetest.Key(1)); !fault.Is(err, fault.NotFound) {
		t.Errorf("what it should have replaced is still there: %v", err)
	}
}
