package admin

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/purge"
)

// peeked is a tier that can be asked without an effect.
type peeked struct {
	cache.None

	meta cache.Meta
	err  error
}

func (p peeked) Peek(context.Context, cache.Key) (cache.Meta, error) { return p.meta, p.err }

func TestLook(t *testing.T) {
	meta := cache.Meta{Tags: []string{"news"}, Created: noon()}
	other := cache.Meta{Tags: []string{"sport"}, Created: noon()}
	rule := purge.Rule{ID: "R1", Selector: purge.Tag, Value: "news", At: noon()}
	tiers := []cache.Tier{
		{Name: "a", Store: peeked{meta: meta}},
		{Name: "b", Store: peeked{meta: other}},
		{Name: "c", Store: peeked{err: cache.NotFound("not in c")}},
		{Name: "d", Store: peeked{err: fault.New(fault.Internal, "d.peek", "no disk")}},
		{Name: "e", Store: peeked{err: errors.New("no idea")}},
		{Name: "f", Store: cache.None{}},
	}
	covers := func(m *cache.Meta) (purge.Rule, bool) { return rule, rule.Covers(m) }
	want := []Held{
		{Tier: "a", Meta: &meta, Purged: &rule},
		{Tier: "b", Meta: &other},
		{Tier: "c", Absent: "not in c"},
		{Tier: "d", Absent: "in trouble: no disk"},
		{Tier: "e", Absent: "in trouble: no idea"},
		{Tier: "f", Absent: "unknown: this tier cannot be looked into without an effect", Unknown: true},
	}
	if diff := cmp.Diff(want, Look(tiers, covers)(t.Context(), cache.Key{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	want[0].Purged = nil
	if diff := cmp.Diff(want, Look(tiers, nil)(t.Context(), cache.Key{})); diff != "" {
		t.Errorf("without rules (-want +got):\n%s", diff)
	}
}

func TestRelative(t *testing.T) {
	const day = 24 * time.Hour
	for d, want := range map[time.Duration]string{
		0:                               "now",
		999 * time.Millisecond:          "now",
		-999 * time.Millisecond:         "now",
		time.Second:                     "in 1s",
		-59900 * time.Millisecond:       "59s ago",
		time.Minute:                     "in 1m",
		61 * time.Second:                "in 1m1s",
		34*time.Minute + 59*time.Second: "in 34m",
		-time.Hour:                      "1h ago",
		72 * time.Minute:                "in 1h12m",
		day:                             "in 1d",
		7*day - time.Minute:             "in 6d23h",
		-(377*day + time.Hour):          "1y12d ago",
	} {
		if got := relative(d); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
}
