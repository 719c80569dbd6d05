package purge

import (
	"time"

	"github.com/stillroom/stillroom/internal/cache"
)

// snapshot is every rule at one moment. It never changes, so that lookups need no lock.
type snapshot struct {
	rules  []*Rule // as they came
	newest time.Time
	index
}

// with returns the snapshot after a rule has come. A nil snapshot is empty.
func (s *snapshot) with(r *Rule) *snapshot {
	next := &snapshot{}
	if s != nil {
		*next = *s
	}
	// In place is safe: older snapshots end before the new element, and writers take turns.
	next.rules = append(next.rules, r)
	if r.At.After(next.newest) {
		next.newest = r.At
	}
	next.index = next.index.with(r)
	return next
}

// held returns the rules of a snapshot, which may be nil.
func (s *snapshot) held() []*Rule {
	if s == nil {
		return nil
	}
	return s.rules
}

// index finds rules by what they pick. A new rule makes a new index that shares all but the path to it.
type index struct {
	all     pair
	sources *node // by Meta.Source: the selectors source and prefix are both found on one way down
	tags    *node
	groups  *node // by the bytes of Meta.Group
}

func (x index) with(r *Rule) index {
	exact := func(n *node) { n.exact = n.exact.with(r) }
	switch r.Selector {
	case URL:
		key := r.group()
		x.groups = x.groups.with(string(key[:]), exact)
	case Source:
		x.sources = x.sources.with(r.Value, exact)
	case Prefix:
		x.sources = x.sources.with(r.Value, func(n *node) { n.prefix = n.prefix.with(r) })
	case Tag:
		x.tags = x.tags.with(r.Value, exact)
	case All:
		x.all = x.all.with(r)
	}
	return x
}

// pair is the newest rule of each strength for one subject. Older ones cover nothing that these do not.
type pair struct{ hard, soft *Rule }

// with returns the pair after a rule has come.
func (p pair) with(r *Rule) pair {
	place := &p.hard
	if r.Soft {
		place = &p.soft
	}
	if *place == nil || (*place).At.Before(r.At) {
		*place = r
	}
	return p
}

// find returns the newest rule of each strength that covers what was made at the given time of the source, in the
// group, with the tags.
func (x *index) find(created time.Time, source string, group *cache.Key, tags []string) pair {
	m := match{created: created}
	m.consider(x.all)
	x.sources.find(source, &m)
	if x.groups != nil && *group != (cache.Key{}) {
		x.groups.find(string(group[:]), &m) // 32 bytes are the most that are converted without an allocation
	}
	if x.tags != nil {
		for _, tag := range tags {
			x.tags.find(tag, &m)
		}
	}
	return m.pair
}

// makesNeedless reports whether the index holds rules for all that another rule, which it does not hold, covers: what is
// as old as the rule and picked by it is covered by one at least as strong.
func (x *index) makesNeedless(r *Rule) bool {
	m := match{created: r.At}
	m.consider(x.all)
	switch r.Selector {
	case URL:
		key := r.group()
		x.groups.find(string(key[:]), &m)
	case Source:
		x.sources.find(r.Value, &m)
	case Prefix:
		m.prefixesOnly = true
		x.sources.find(r.Value, &m)
	case Tag:
		x.tags.find(r.Value, &m)
	}
	return m.hard != nil || r.Soft && m.soft != nil
}
