// Package memory is the tier that keeps entries in this process, bounded in bytes. Which entries stay
// is decided by how often they are asked for (W-TinyLFU), so a scan of pictures that nobody
// asks for twice does not drive out those that many want.
package memory

import (
	"context"
	"errors"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/stillroom/stillroom/internal/cache"
)

// Config bounds the tier.
type Config struct {
	// Size is how many bytes of bodies are kept, overhead included; at least 1.
	Size int64
	// EntrySize is the largest body that is kept; 0 = an eighth of Size. One picture that fills the
	// tier would empty it of everything else.
	EntrySize int64
	// Now is the clock; nil = time.Now.
	Now func() time.Time
}

// overhead is what an entry costs beside its body: the Meta with its strings (about 600 bytes on a
// 64-bit machine) and otter's node, measured with 100,000 empty entries.
const overhead = 1024

// Store is the memory tier.
type Store struct {
	entries *otter.Cache[cache.Key, *cache.Entry]
	size    int64
	largest int64
	now     func() time.Time
}

var (
	_ cache.Store = (*Store)(nil)
	_ cache.Sizer = (*Store)(nil)
)

// New returns an empty tier.
func New(c Config) (*Store, error) {
	if c.Size < 1 {
		return nil, errors.New("memory tier: the size must be at least 1 byte")
	}
	if c.EntrySize == 0 {
		c.EntrySize = c.Size / 8
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	entries, err := otter.New(&otter.Options[cache.Key, *cache.Entry]{
		MaximumWeight: uint64(c.Size),
		Weigher:       weigh,
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[cache.Key, *cache.Entry]) time.Duration {
			return max(e.Value.Clocks.Keep.Sub(c.Now()), 1)
		}),
	})
	if err != nil {
		return nil, err
	}
	return &Store{entries: entries, size: c.Size, largest: min(c.EntrySize, maxWeight-overhead), now: c.Now}, nil
}

const maxWeight = 1<<32 - 1 // otter weighs in uint32

func weigh(_ cache.Key, e *cache.Entry) uint32 {
	return uint32(min(e.Body.Len()+overhead, maxWeight))
}

// Prepared, because a miss is the normal answer to a scan and should allocate nothing.
var (
	errAbsent  = cache.NotFound("not in memory")
	errExpired = cache.NotFound("kept too long")
)

// Get implements cache.Store.
func (s *Store) Get(_ context.Context, key cache.Key) (*cache.Entry, error) {
	e, ok := s.entries.GetIfPresent(key)
	if !ok {
		return nil, errAbsent
	}
	if !s.now().Before(e.Clocks.Keep) {
		s.entries.Invalidate(key)
		return nil, errExpired
	}
	return e, nil
}

// Put implements cache.Store. A body above the limit per entry is declined, and what was kept under the
// key is forgotten, for it is out of date.
func (s *Store) Put(_ context.Context, key cache.Key, e *cache.Entry) error {
	if e.Body.Len() > s.largest || !s.now().Before(e.Clocks.Keep) {
		s.entries.Invalidate(key)
		return nil
	}
	kept := *e
	kept.Tier = "memory"
	s.entries.Set(key, &kept)
	return nil
}

// Delete implements cache.Store.
func (s *Store) Delete(_ context.Context, key cache.Key) error {
	s.entries.Invalidate(key)
	return nil
}

// Size implements cache.Sizer. Evictions run a moment behind writes, so Bytes may stand a little above
// MaxBytes for that moment.
func (s *Store) Size() cache.Size {
	return cache.Size{
		Entries:  int64(s.entries.EstimatedSize()),
		Bytes:    int64(s.entries.WeightedSize()),
		MaxBytes: s.size,
	}
}

// Close ends the tier's background work.
func (s *Store) Close() error {
	s.entries.StopAllGoroutines()
	return nil
}
