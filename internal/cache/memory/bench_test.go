package memory

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/cache/cachetest"
)

// TestOverhead measures what entries without a body take, with strings of usual length of their own.
func TestOverhead(t *testing.T) {
	const entries = 20_000
	s := open(t, Config{Size: 1 << 30})
	before := heap()
	for n := range uint32(entries) {
		e := cachetest.Entry(int(n), 0)
		e.Source = fmt.Sprintf("https://images.example.com/products/2030/%08d/front.jpg", n)
		e.ETag = cache.ETag("v1", keyOf(n), "1")
		e.SourceVersion, e.ETagAtSource = fmt.Sprintf("etag:%032x", n), fmt.Sprintf("\"%032x\"", n)
		e.Tags = []string{fmt.Sprintf("product-%08d", n), fmt.Sprintf("shop-%08d", n)}
		s.Put(context.Background(), keyOf(n), e)
	}
	each := (heap() - before) / entries
	t.Logf("%d bytes per entry", each)
	if size := s.Size(); size.Entries != entries {
		t.Fatalf("holds %d entries", size.Entries)
	}
	if each > overhead || each < overhead/2 {
		t.Errorf("an entry without a body takes %d bytes, and is counted as %d", each, overhead)
	}
	runtime.KeepAlive(s)
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestHitsAndMissesAllocateNothing(t *testing.T) {
	s := open(t, Config{Size: 1 << 20})
	ctx := context.Background()
	s.Put(ctx, cachetest.Key(1), cachetest.Entry(1, 10))
	for n := range 2 {
		if allocs := testing.AllocsPerRun(100, func() { s.Get(ctx, cachetest.Key(n)) }); allocs != 0 {
			t.Errorf("Get allocates %v times", allocs)
		}
	}
}

func BenchmarkGet(b *testing.B) {
	s := open(b, Config{Size: 64 << 20})
	ctx := context.Background()
	s.Put(ctx, cachetest.Key(1), cachetest.Entry(1, 20_000))
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := s.Get(ctx, cachetest.Key(1)); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkPutWhenFull(b *testing.B) {
	s := open(b, Config{Size: 64 << 20})
	ctx := context.Background()
	e := cachetest.Entry(1, 20_000)
	b.ReportAllocs()
	for n := uint32(0); b.Loop(); n++ {
		if err := s.Put(ctx, keyOf(n), e); err != nil {
			b.Fatal(err)
		}
	}
}
