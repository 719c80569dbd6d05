package memory

import (
	"context"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/cache/cachetest"
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
	cachetest.Run(t, func(t *testing.T) cache.Store { return open(t, Config{Size: 8 << 20}) })
}

func TestBoundInBytes(t *testing.T) {
	s := open(t, Config{Size: 1 << 20})
	for n := range 1000 {
		if err := s.Put(context.Background(), cachetest.Key(n), cachetest.Entry(n, 10_000)); err != nil {
			t.Fatal(err)
		}
	}
	s.entries.CleanUp()
	size := s.Size()
	if size.Bytes > size.MaxBytes {
		t.Errorf("holds %d bytes, the bound is %d", size.Bytes, size.MaxBytes)
	}
	if size.Entries < 50 {
		t.Errorf("holds %d entries of 11 kB in 1 MiB, want nearly 95", size.Entries)
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
}

// A scan of entries that are read once must leave most of a set that is read again and again.
func TestScanLeavesWhatIsWanted(t *testing.T) {
	s := open(t, Config{Size: 1 << 20})
	ctx := context.Background()
	const wanted = 40
	for range 20 {
		for n := range wanted {
			if _, err := s.Get(ctx, cachetest.Key(n)); err != nil {
				s.Put(ctx, cachetest.Key(n), cachetest.Entry(n, 10_000))
			}
		}
	}
	for n := 1000; n < 3000; n++ {
		s.Put(ctx, cachetest.Key(n), cachetest.Entry(n, 10_000))
	}
	s.entries.CleanUp()
	left := 0
	for n := range wanted {
		if _, err := s.Get(ctx, cachetest.Key(n)); err == nil {
			left++
		}
	}
	if left < wanted*3/4 {
		t.Errorf("%d of %d wanted entries are left after the scan", left, wanted)
	}
}

func BenchmarkGet(b *testing.B) {
	s := open(b, Config{Size: 64 << 20})
	ctx := context.Background()
	e := cachetest.Entry(1, 20_000)
	e.Clocks.Keep = time.Now().Add(time.Hour)
	s.Put(ctx, cachetest.Key(1), e)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Get(ctx, cachetest.Key(1)); err != nil {
			b.Fatal(err)
		}
	}
}
