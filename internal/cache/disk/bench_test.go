package disk

import (
	"context"
	"fmt"
	"testing"

	"github.com/stillroom/stillroom/internal/cache"
)

func BenchmarkGet(b *testing.B) {
	for _, size := range []int{2_000, 20_000, 200_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			s := open(b, Config{Path: b.TempDir(), MaxBytes: 64 << 20})
			ctx := context.Background()
			for n := range 100 {
				put(b, s, n, size)
				holds(s, key(n))
			}
			keys := keysOf(100)
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for n := 0; pb.Next(); n++ {
					e, err := s.Get(ctx, keys[n%100])
					if err != nil {
						b.Error(err)
						return
					}
					e.Body.Close()
				}
			})
		})
	}
}

func BenchmarkMiss(b *testing.B) {
	s := open(b, Config{Path: b.TempDir()})
	ctx := context.Background()
	k := key(1)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Get(ctx, k); err == nil {
			b.Fatal("found")
		}
	}
}

// BenchmarkPut writes into a tier that is full, so that each Put evicts.
func BenchmarkPut(b *testing.B) {
	for _, size := range []int{2_000, 20_000, 200_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			s := open(b, Config{Path: b.TempDir(), MaxBytes: 64 << 20, AgeFloor: -1})
			e := entry(1, size)
			ctx := context.Background()
			b.SetBytes(int64(size))
			n := 0
			for b.Loop() {
				n++
				if err := s.Put(ctx, key(n), e); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkOpen opens and closes a tier of 10,000 entries.
func BenchmarkOpen(b *testing.B) {
	c := Config{Path: b.TempDir(), MaxBytes: 1 << 30}
	s := open(b, c)
	for n := range 10_000 {
		put(b, s, n, 100)
	}
	s.Close()
	for b.Loop() {
		s, err := Open(c)
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func keysOf(n int) (keys []cache.Key) {
	for k := range n {
		keys = append(keys, key(k))
	}
	return keys
}
