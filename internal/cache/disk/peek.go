package disk

import (
	"context"

	"github.com/stillroom/stillroom/internal/cache"
)

// Peek returns the meta of an entry, or the error of a Get, without an effect: it is no use of the entry, and what is
// damaged or has expired stays until it is met. The body is not looked at.
func (s *Store) Peek(_ context.Context, key cache.Key) (cache.Meta, error) {
	h := s.look(idOf(key))
	switch {
	case h == nil || h.Key != key:
		return cache.Meta{}, errAbsent
	case !s.config.Now().Before(s.expires(h)):
		return cache.Meta{}, errExpired
	}
	return h.Meta, nil
}
