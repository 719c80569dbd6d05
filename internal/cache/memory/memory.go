// Package memory is the tier that keeps entries in this process, bounded in bytes and in number. Which entries stay is
// decided by S3-FIFO in bytes: a scan of pictures that nobody asks for twice drives out none that many want.
package memory

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/stillroom/stillroom/internal/blob"
	"github.com/stillroom/stillroom/internal/cache"
)

// Config bounds the tier.
type Config struct {
	// Size is how many bytes of bodies are kept, overhead included; at least 1.
	Size int64
	// EntrySize is the largest body that is kept; 0 = an eighth of Size. One picture that fills the
	// tier would empty it of everything else.
	EntrySize int64
	// Capacity is how many entries are kept; 0 = as many as Size has room for.
	Capacity int64
	// TTL is how long an entry stays after it came in, whatever its own clocks say, which it does not change; 0 = as
	// long as those say.
	TTL time.Duration
	// Now is the clock; nil = time.Now.
	Now func() time.Time
}

// overhead is what an entry costs beside its body: its Meta with strings of usual length, its node, its place in the
// map and its ghost. TestOverhead measures it.
const overhead = 1024

// shards is how many locks lookups are spread over, so that those of many CPUs seldom meet.
const shards = 64

// Store is the memory tier. A hit takes no lock but one shard's, shared, and allocates nothing.
type Store struct {
	config Config
	shards [shards]shard

	mu      sync.Mutex // taken before a shard's
	policy  policy
	evicted Evictions
}

// shard is a part of the table. Writers hold Store.mu too, so that they may read without its lock.
type shard struct {
	sync.RWMutex
	nodes map[cache.Key]*node
}

var (
	_ cache.Store    = (*Store)(nil)
	_ cache.Sizer    = (*Store)(nil)
	_ cache.Accepter = (*Store)(nil)
)

// New returns an empty tier.
func New(c Config) (*Store, error) {
	switch {
	case c.Size < 1:
		return nil, errors.New("memory tier: the size must be at least 1 byte")
	case c.EntrySize < 0, c.Capacity < 0, c.TTL < 0:
		return nil, errors.New("memory tier: entry size, capacity and TTL must not be negative")
	}
	if c.EntrySize == 0 {
		c.EntrySize = c.Size / 8
	}
	c.EntrySize = min(c.EntrySize, max(c.Size-overhead, 0))
	if c.Now == nil {
		c.Now = time.Now
	}
	s := &Store{config: c, policy: newPolicy()}
	for i := range s.shards {
		s.shards[i].nodes = map[cache.Key]*node{}
	}
	return s, nil
}

// Prepared, because a miss is the normal answer to a scan and should allocate nothing.
var (
	errAbsent  = cache.NotFound("not in memory")
	errExpired = cache.NotFound("kept too long")
)

// shard returns the shard of a key. Keys are hashes, so any byte will do; the first one is what stores above this one
// go by.
func (s *Store) shard(key cache.Key) *shard { return &s.shards[key[1]%shards] }

// Get implements cache.Store.
func (s *Store) Get(_ context.Context, key cache.Key) (*cache.Entry, error) {
	shard := s.shard(key)
	shard.RLock()
	n := shard.nodes[key]
	shard.RUnlock()
	if n == nil {
		return nil, errAbsent
	}
	if !s.config.Now().Before(n.until) {
		s.expire(n)
		return nil, errExpired
	}
	n.touch()
	return n.entry, nil
}

// Put implements cache.Store. A body above the limit per entry is declined, and what was kept under the
// key is forgotten, for it is out of date.
func (s *Store) Put(ctx context.Context, key cache.Key, e *cache.Entry) error {
	now := s.config.Now()
	until := e.Clocks.Keep
	if s.config.TTL > 0 && now.Add(s.config.TTL).Before(until) {
		until = now.Add(s.config.TTL)
	}
	if !s.Accepts(e.Body.Len()) || !now.Before(until) {
		return s.Delete(ctx, key)
	}
	kept := *e
	kept.Tier = "memory"
	if !kept.Body.InMemory() {
		// The body belongs to the caller, who closes it.
		var err error
		if kept.Body, err = readAll(kept.Body); err != nil {
			return errors.Join(err, s.Delete(ctx, key))
		}
	}
	s.keep(&node{key: key, entry: &kept, until: until, size: kept.Body.Len() + overhead}, now)
	return nil
}

func readAll(b *blob.Blob) (*blob.Blob, error) {
	buf := bytes.NewBuffer(make([]byte, 0, b.Len()+bytes.MinRead))
	if _, err := buf.ReadFrom(b.Reader()); err != nil {
		return nil, err
	}
	return blob.New(buf.Bytes()), nil
}

// Delete implements cache.Store.
func (s *Store) Delete(_ context.Context, key cache.Key) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := s.shard(key).nodes[key]; n != nil {
		s.remove(n)
	}
	return nil
}

// Accepts implements cache.Accepter: bodies up to the limit per entry are kept.
func (s *Store) Accepts(size int64) bool { return size <= s.config.EntrySize }

// Size implements cache.Sizer. What has expired counts until it is met.
func (s *Store) Size() cache.Size {
	s.mu.Lock()
	defer s.mu.Unlock()
	return cache.Size{
		Entries: s.policy.len(), MaxEntries: s.config.Capacity,
		Bytes: s.policy.bytes(), MaxBytes: s.config.Size,
	}
}

// Close has nothing to end: the tier does no work of its own.
func (s *Store) Close() error { return nil }
