package memory

import (
	"context"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/blob"
	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/cache/cachetest"
)

// filling is the tier as a policy: what is not there is put there.
type filling struct {
	*Store
	zeros []byte // all bodies are slices of it
}

func (f filling) Get(object uint32, size int64) bool {
	ctx, key := context.Background(), keyOf(object)
	if _, err := f.Store.Get(ctx, key); err == nil {
		return true
	}
	e := &cache.Entry{Body: blob.New(f.zeros[:size])}
	e.Clocks.Keep = time.Unix(1<<40, 0)
	_ = f.Put(ctx, key, e) // does not fail with a body in memory
	return false
}

// keyOf spreads numbers as hashes are.
func keyOf(n uint32) (key cache.Key) {
	h := uint64(n) + 1
	for i := range key {
		h ^= h >> 29
		h *= 0xbf58476d1ce4e5b9
		key[i] = byte(h >> 56)
	}
	return key
}

// TestAgainstLRU has the tier keep at least as much of what is asked for as an LRU does, with the limit per entry as it is
// by default.
func TestAgainstLRU(t *testing.T) {
	zeros := make([]byte, 16<<20)
	charge := func(size int64) int64 { return size + overhead }
	cachetest.CompareWithLRU(t, charge, func(t *testing.T, limit int64) cachetest.Policy {
		return filling{open(t, Config{Size: limit}), zeros}
	})
}
