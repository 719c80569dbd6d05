package purge

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/cache"
)

// random returns a rule out of few subjects, so that rules often meet.
func random(rng *rand.Rand) Rule {
	hosts := []string{"https://a/", "https://a/b/", "https://ab/", "https://b/\xff"}
	r := Rule{Soft: rng.IntN(2) == 0}
	switch rng.IntN(20) {
	case 0:
		r.Selector = All
	case 1, 2, 3, 4:
		r.Selector, r.Value = Tag, fmt.Sprint("t", rng.IntN(5))
	case 5, 6, 7, 8:
		r.Selector, r.Value = URL, cache.Key{31: byte(1 + rng.IntN(5))}.String()
	case 9, 10, 11, 12, 13:
		full := fmt.Sprint(hosts[rng.IntN(4)], rng.IntN(30))
		r.Selector, r.Value = Prefix, full[:1+rng.IntN(len(full))]
	default:
		r.Selector, r.Value = Source, fmt.Sprint(hosts[rng.IntN(4)], rng.IntN(30))
	}
	return r
}

func randomMeta(rng *rand.Rand) *cache.Meta {
	m := &cache.Meta{Created: noon.Add(time.Duration(rng.IntN(200)))}
	for m.Source == "" {
		if r := random(rng); r.Selector == Source {
			m.Source = r.Value
		}
	}
	for range rng.IntN(3) {
		m.Tags = append(m.Tags, fmt.Sprint("t", rng.IntN(5)))
	}
	m.Group[31] = byte(rng.IntN(6))
	return m
}

// oracle says what covers an entry by asking every rule.
func oracle(rules []Rule, m *cache.Meta) (found Rule, covered bool) {
	for _, r := range rules {
		if r.Covers(m) && (!covered || !r.Soft || found.Soft) {
			found, covered = r, true
		}
	}
	return found, covered
}

// TestAgainstAskingEveryRule compares lookups with a walk over all rules that ever came, through merges from the past,
// clean-ups and a restart.
func TestAgainstAskingEveryRule(t *testing.T) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 1))
		fs := newMemoryFolder()
		c := &clock{noon}
		l, err := open(fs, "l", 0, c.read)
		if err != nil {
			t.Fatal(err)
		}
		var all []Rule
		for n := range 60 {
			c.now = noon.Add(time.Duration(rng.IntN(200)))
			r := random(rng)
			if rng.IntN(3) == 0 {
				r.ID, r.At = fmt.Sprint(n), c.now
				if _, err := l.Merge(r); err != nil {
					t.Fatal(err)
				}
			} else {
				r = add(t, l, r)
			}
			all = append(all, r)
			switch rng.IntN(20) {
			case 0:
				l.drop()
			case 1:
				if l, err = open(fs, "l", 0, c.read); err != nil {
					t.Fatal(err)
				}
			}
		}
		// Rules of equal times are not told apart: strength and time are compared.
		sorted := NewMemory(0)
		for i := range all {
			sorted.current.Store(sorted.current.Load().with(&all[i]))
		}
		all = sorted.Rules()
		for range 100 {
			m := randomMeta(rng)
			want, wanted := oracle(all, m)
			if got, covered := sorted.Covers(m); covered != wanted || got.Soft != want.Soft || !got.At.Equal(want.At) {
				t.Fatalf("seed %d: of rules as they came, %+v is covered by %+v, want %+v", seed, m, got, want)
			}
			got, covered := l.Covers(m)
			if covered != wanted || got.Soft != want.Soft || !got.At.Equal(want.At) {
				t.Fatalf("seed %d: %+v is covered by %+v, want %+v", seed, m, got, want)
			}
			m.Created = time.Time{}
			last := int64(0)
			for _, r := range all {
				if r.Covers(m) {
					last = max(last, r.At.UnixNano())
				}
			}
			if got := l.Last(m.Source, m.Group, m.Tags); got != last {
				t.Fatalf("seed %d: Last(%+v) = %d, want %d", seed, m, got, last)
			}
		}
	}
}
