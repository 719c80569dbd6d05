package purge

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/fault"
)

var noon = time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)

// clock is a clock that stands until it is moved.
type clock struct{ now time.Time }

func (c *clock) read() time.Time { return c.now }

// inMemory returns a ledger whose clock stands at noon.
func inMemory(retention time.Duration) (*Ledger, *clock) {
	c := &clock{noon}
	l := NewMemory(retention)
	l.Now = c.read
	return l, c
}

func add(t testing.TB, l *Ledger, r Rule) Rule {
	t.Helper()
	r, err := l.Add(r)
	if err != nil {
		t.Fatalf("Add: %v", err)
	}
	return r
}

const photo = "https://example.com/a/photo.jpg"

var group = cache.Key{1, 2, 3}

// pictured returns the meta of a result of photo that began to be made at the given time.
func pictured(created time.Time) *cache.Meta {
	return &cache.Meta{Source: photo, Group: group, Tags: []string{"summer", "shop"}, Created: created}
}

func TestTimesRise(t *testing.T) {
	l, c := inMemory(0)
	var before Rule
	for i, step := range []time.Duration{0, 0, 0, time.Second, -time.Hour, 0, 2 * time.Hour} {
		c.now = c.now.Add(step)
		r := add(t, l, Rule{Selector: Source, Value: photo})
		if !r.At.After(before.At) || r.ID == before.ID || r.ID == "" {
			t.Errorf("rule %d: %+v does not come after %+v", i, r, before)
		}
		if r.At.Before(c.now) {
			t.Errorf("rule %d: its time %v is before the clock's %v, so it would miss what exists", i, r.At, c.now)
		}
		if got := l.Last(photo, group, nil); got != r.At.UnixNano() {
			t.Errorf("rule %d: Last = %d, want %d", i, got, r.At.UnixNano())
		}
		before = r
	}
}

func TestMerge(t *testing.T) {
	type seen struct {
		Rule
		merged bool
	}
	var told []seen
	l, c := inMemory(time.Hour)
	l.Observer = func(r Rule, merged bool) {
		_ = l.Rules() // an observer may ask
		told = append(told, seen{r, merged})
	}
	own := add(t, l, Rule{Selector: Tag, Value: "own"})
	merge := func(r Rule, want bool) Rule {
		t.Helper()
		if merged, err := l.Merge(r); merged != want || err != nil {
			t.Fatalf("Merge(%+v) = %t, %v; want %t", r, merged, err, want)
		}
		return r
	}
	older := merge(Rule{ID: "1", Selector: Source, Value: photo, At: noon.Add(-time.Minute)}, true)
	merge(older, false)
	merge(own, false)
	ahead := merge(Rule{ID: "2", Selector: Source, Value: photo, At: noon.Add(4 * time.Minute), Soft: true}, true)
	merge(Rule{ID: "3", Selector: Source, Value: photo, At: noon, Soft: true}, false)                    // needless
	merge(Rule{ID: "4", Selector: Source, Value: photo, At: noon.Add(-2 * time.Minute)}, false)          // needless
	merge(Rule{ID: "5", Selector: Source, Value: "x", At: noon.Add(-time.Hour).Add(-1)}, false)          // expired
	between := merge(Rule{ID: "6", Selector: Source, Value: photo, At: noon.Add(3 * time.Minute)}, true) // harder than 2

	want := []seen{{own, false}, {older, true}, {ahead, true}, {between, true}}
	if diff := cmp.Diff(want, told, cmp.AllowUnexported(seen{})); diff != "" {
		t.Errorf("the observer was told (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]Rule{older, own, between, ahead}, l.Rules()); diff != "" {
		t.Errorf("rules in order of time (-want +got):\n%s", diff)
	}
	if got, _ := l.Covers(pictured(noon)); got != between {
		t.Errorf("covered by %+v, want %+v", got, between)
	}
	if got := l.Last(photo, group, nil); got != ahead.At.UnixNano() {
		t.Errorf("Last = %d, want that of the newest, %d", got, ahead.At.UnixNano())
	}
	if next := add(t, l, Rule{Selector: All}); !next.At.After(ahead.At) {
		t.Errorf("a rule of our own at %v does not come after the merged one at %v", next.At, ahead.At)
	}

	for _, bad := range []Rule{
		{Selector: All, At: noon},
		{ID: "x", Selector: All},
		{ID: "x", Selector: All, At: c.now.Add(5*time.Minute + 1)},
	} {
		if merged, err := l.Merge(bad); merged || !fault.Is(err, fault.BadURL) {
			t.Errorf("Merge(%+v) = %t, %v; want a refusal", bad, merged, err)
		}
	}
}

// TestConcurrently has rules come while entries are looked up: under the race detector it shows what is not guarded, and
// a rule that Add has returned must be seen by whoever looks afterwards.
func TestConcurrently(t *testing.T) {
	l := NewMemory(0)
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(g), 2))
			for i := range 500 {
				source := fmt.Sprintf("https://%d/%d", g, i)
				created := time.Now()
				r, err := l.Add(Rule{Selector: Source, Value: source})
				if err != nil {
					t.Error(err)
				}
				if got, covered := l.Covers(&cache.Meta{Source: source, Created: created}); !covered || got != r {
					t.Errorf("a purge that was confirmed is not in force")
				}
				l.Covers(randomMeta(rng))
				if rules := l.Rules(); len(rules) == 0 {
					t.Error("there are no rules")
				}
			}
		})
	}
	all.Wait()
	if n := len(l.Rules()); n != 2000 || l.Len() != n {
		t.Errorf("%d rules, said to be %d, want 2000", n, l.Len())
	}
}

// sameRules compares rules in any order.
func sameRules(t *testing.T, what string, want, got []Rule) {
	t.Helper()
	byID := cmpopts.SortSlices(func(a, b Rule) bool { return a.ID < b.ID })
	if diff := cmp.Diff(want, got, byID, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}
