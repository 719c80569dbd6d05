package purge

import (
	"slices"

	"github.com/stillroom/stillroom/internal/fault"
)

// expired reports whether a rule is older than any entry that could still be found.
func (l *Ledger) expired(r *Rule) bool {
	return l.retention > 0 && r.At.Add(l.retention).Before(l.Now())
}

// needless reports whether the rules that are in force make another one needless.
func (l *Ledger) needless(r *Rule) bool {
	s := l.current.Load()
	return s != nil && s.makesNeedless(r)
}

// Superseded reports whether the ledger holds a newer rule for all that one of its rules covers: who keeps rules for the
// nodes to come need not keep that one.
func (l *Ledger) Superseded(r Rule) bool {
	r.At = r.At.Add(1) // or it would make itself needless
	return l.needless(&r)
}

// room makes room for one more rule: it drops needless rules when twice as many are held as were left the last
// time, which keeps the cost per rule constant. The caller holds l.mu.
func (l *Ledger) room(op string) error {
	if len(l.current.Load().held()) < l.pruneAt {
		return nil
	}
	if l.drop() && l.journal != nil {
		// If the shorter file cannot be written, the next rule that comes tries again.
		_ = l.journal.rewrite(l.current.Load().held())
	}
	if left := len(l.current.Load().held()); left >= l.bound {
		return fault.New(fault.Overloaded, op, "the ledger holds %d rules, which is the bound: purge by tag, prefix or all instead", left)
	}
	return nil
}

// drop forgets rules that are expired or needless and reports whether there were any. Without it, a tag that is
// purged every minute would have half a million rules in a year, which is how long entries may live. The
// caller holds l.mu.
func (l *Ledger) drop() bool {
	s := l.current.Load()
	rules := slices.Clone(s.held())
	// From the newest: only a rule that is not older makes another one needless.
	slices.SortStableFunc(rules, func(a, b *Rule) int { return b.At.Compare(a.At) })
	kept := &snapshot{}
	for _, r := range rules {
		if !l.expired(r) && !kept.makesNeedless(r) {
			kept.rules = append(kept.rules, r)
			kept.index = kept.index.with(r)
		}
	}
	clear(l.ids)
	for _, r := range kept.rules {
		l.ids[r.ID] = struct{}{}
	}
	l.pruneAt = min(max(firstPrune, 2*len(kept.rules)), l.bound)
	if len(kept.rules) == len(rules) {
		return false
	}
	kept.newest = s.newest // even if that rule is gone, no later one may have its time
	slices.Reverse(kept.rules)
	l.current.Store(kept)
	return true
}
