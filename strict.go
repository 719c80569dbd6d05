package stillroom

import (
	"context"
	"time"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/cache/object"
	"github.com/stillroom/stillroom/internal/fault"
)

// strictObjects is the object tier for whoever wants errors of the cache reported. That it is left alone, because its bucket
// failed or does not tell what was purged, is a miss otherwise, and would hide that failure from the second request on.
type strictObjects struct {
	*object.Store

	ready func() bool
}

var (
	_ cache.Store    = strictObjects{}
	_ cache.Accepter = strictObjects{}
)

// Get implements cache.Store.
func (s strictObjects) Get(ctx context.Context, key cache.Key) (*cache.Entry, error) {
	e, err := s.Store.Get(ctx, key)
	switch {
	case !fault.Is(err, fault.NotFound):
		return e, err
	case !s.ready():
		return nil, fault.New(fault.Unreachable, "cache.object.get", "the purges in the bucket cannot be read")
	case s.Suspended():
		return nil, fault.New(fault.Unreachable, "cache.object.get", "the bucket failed and is left alone")
	}
	return nil, err
}

// await waits until a condition holds, for a while at most.
func await(holds func() bool, while time.Duration) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(while); !holds() && time.Now().Before(end); {
		<-tick.C
	}
}
