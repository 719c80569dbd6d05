package render

import (
	"context"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/blob"
	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/source"
)

// BenchmarkRender is what the way of a request costs beside its ports: with a fleet and, which must not pay for it, alone.
func BenchmarkRender(b *testing.B) {
	for name, c := range map[string]struct {
		fleet  Fleet
		misses bool
	}{
		"alone/hit": {}, "alone/miss": {misses: true}, "fleet/hit": {fleet: &nobodyElse{}}, "fleet/miss": {fleet: &nobodyElse{}, misses: true},
	} {
		b.Run(name, func(b *testing.B) {
			fetched := &source.Fetched{Body: blob.New([]byte("pixels")), Version: "v1", Began: time.Now()}
			r := New(Config{
				Store: &shelf{entries: map[cache.Key]*cache.Entry{}}, Sources: &fixed{&sources{}, fetched}, Processor: &engine{},
				Policy: cache.Policy{TTL: time.Hour, Keep: time.Hour}, Fleet: c.fleet,
			})
			p := picture(1)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if c.misses {
					p.Key[8], p.Key[9], p.Key[10] = byte(i), byte(i>>8), byte(i>>16)
				}
				if _, err := r.Render(b.Context(), p, ""); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// nobodyElse is a fleet of one.
type nobodyElse struct{}

func (nobodyElse) Collapse(ctx context.Context, _ string, look func(context.Context) bool, fill func(context.Context) error) error {
	if look(ctx) {
		return nil
	}
	return fill(ctx)
}

func (n nobodyElse) Attempt(ctx context.Context, name string, look func(context.Context) bool, fill func(context.Context) error) (bool, error) {
	return false, n.Collapse(ctx, name, look, fill)
}

// fixed is a source that is there already.
type fixed struct {
	*sources

	fetched *source.Fetched
}

func (f *fixed) Fetch(context.Context, source.Ref, int64, time.Time) (*source.Fetched, error) {
	return f.fetched, nil
}
