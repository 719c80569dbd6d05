package memory

import (
	"context"

	"github.com/stillroom/stillroom/internal/cache"
)

// Peek returns the meta of an entry, or the error of a Get, without an effect: it is no use of the entry, and what has
// expired stays until it is met.
func (s *Store) Peek(_ context.Context, key cache.Key) (cache.Meta, error) {
	shard := s.shard(key)
	shard.RLock()
	n := shard.nodes[key]
	shard.RUnlock()
	switch {
	case n == nil:
		return cache.Meta{}, errAbsent
	case !s.config.Now().Before(n.until):
		return cache.Meta{}, errExpired
	}
	return n.entry.Meta, nil
}

// Walk calls do with the key and meta of each entry, in no order, until it returns false or ctx ends. It has no effect.
// Entries that come or go meanwhile may be met or not; what has expired is not. Do may call the tier.
func (s *Store) Walk(ctx context.Context, do func(cache.Key, cache.Meta) bool) error {
	now := s.config.Now()
	var nodes []*node
	for i := range s.shards {
		if err := ctx.Err(); err != nil {
			return err
		}
		nodes = nodes[:0]
		shard := &s.shards[i]
		shard.RLock()
		for _, n := range shard.nodes {
			nodes = append(nodes, n)
		}
		shard.RUnlock()
		for _, n := range nodes {
			if now.Before(n.until) && !do(n.key, n.entry.Meta) {
				return nil
			}
		}
	}
	return nil
}
