package object

import (
	"fmt"
	"testing"

	"github.com/stillroom/stillroom/internal/cache/cachetest"
)

// BenchmarkGet reads entries out of a bucket in memory, which copies nothing: what is allocated is the body, once, and
// about 3 KB more.
func BenchmarkGet(b *testing.B) {
	for _, size := range []int{20_000, 200_000, 2_000_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			s := open(b, Config{Bucket: memory(b), Timeout: patience})
			stored(b, s, cachetest.Key(1), lasting(1, size))
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				// What a Get does unless it finds another one reading.
				if _, err := s.find(b.Context(), cachetest.Key(1), 0); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkMiss looks for what is not there.
func BenchmarkMiss(b *testing.B) {
	s := open(b, Config{Bucket: memory(b), Timeout: patience})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Get(b.Context(), cachetest.Key(1)); err == nil {
			b.Fatal("found")
		}
	}
}

// BenchmarkPut is what a fill waits for.
func BenchmarkPut(b *testing.B) {
	s := open(b, Config{Bucket: memory(b)})
	e := lasting(1, 20_000)
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Put(b.Context(), cachetest.Key(1), e); err != nil {
			b.Fatal(err)
		}
	}
}

// A body is allocated once, in its size.
func TestGetAllocates(t *testing.T) {
	s := open(t, Config{Bucket: memory(t), Timeout: patience})
	const size = 4 << 20
	stored(t, s, cachetest.Key(1), lasting(1, size))
	result := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := s.find(b.Context(), cachetest.Key(1), 0); err != nil {
				b.Fatal(err)
			}
		}
	})
	if got := result.AllocedBytesPerOp(); got < size || got > size+64<<10 {
		t.Errorf("%d bytes are allocated for a body of %d", got, size)
	}
}
