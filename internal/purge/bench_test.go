package purge

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/cache"
)

func filled(tb testing.TB, n int) *Ledger {
	l := NewMemory(0)
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range n {
		r := Rule{Value: fmt.Sprintf("https://cdn%d.example.com/assets/%x/%d", rng.IntN(20), rng.IntN(1000), i)}
		switch i % 4 {
		case 0:
			r.Selector = Source
		case 1:
			r.Selector, r.Value = Prefix, r.Value+"/"
		case 2:
			r.Selector, r.Value = Tag, fmt.Sprint("product-", i)
		case 3:
			r.Selector, r.Value = URL, cache.Key{byte(i), byte(i >> 8), 1}.String()
		}
		add(tb, l, r)
	}
	return l
}

func TestCoversAllocatesNothing(t *testing.T) {
	for _, l := range []*Ledger{NewMemory(0), filled(t, 10_000)} {
		m := pictured(noon.AddDate(-10, 0, 0)) // older than all rules, so that every index is asked
		if n := testing.AllocsPerRun(100, func() { l.Covers(m); l.Last(m.Source, m.Group, m.Tags) }); n != 0 {
			t.Errorf("with %d rules a lookup allocates %v times", len(l.Rules()), n)
		}
	}
}

func BenchmarkCovers(b *testing.B) {
	for _, n := range []int{0, 100, 10_000, 100_000} {
		l := filled(b, n)
		old := pictured(noon.AddDate(-10, 0, 0))
		old.Source = "https://cdn1.example.com/assets/2a/17000/photo.jpg"
		for name, m := range map[string]*cache.Meta{"older": old, "newer": pictured(time.Now().Add(time.Hour))} {
			b.Run(fmt.Sprintf("rules=%d/entry=%s", n, name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, covered := l.Covers(m); covered {
						b.Fatal("covered")
					}
				}
			})
		}
	}
}

func BenchmarkAdd(b *testing.B) {
	l := filled(b, 10_000)
	l.bound = 1 << 30
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		add(b, l, Rule{Selector: Source, Value: fmt.Sprint("https://example.com/", i)})
	}
}
