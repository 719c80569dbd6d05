package board

import (
	"slices"
	"time"

	"github.com/stillroom/stillroom/internal/purge"
)

// maxWaiting bounds the rules that wait to be written: some 10 MB. Where there are more, the ledger has them, and the
// next comparison finds what is not on the board.
const maxWaiting = 10_000

// waiting is a rule that is not known to be on the board.
type waiting struct {
	rule purge.Rule
	due  time.Time // when it is written
}

// await takes a rule that is to be written from a time on, unless it comes from the board itself. It reports false if
// there is no room for it.
func (r *record) await(rule purge.Rule, due time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, there := r.waiting[rule.ID]; there || r.arriving[rule.ID] {
		return true
	}
	if len(r.waiting) >= maxWaiting {
		r.overflow = true
		return false
	}
	r.waiting[rule.ID] = waiting{rule, due}
	return true
}

// due returns the rules that are due at a time, oldest first.
func (r *record) due(at time.Time) []purge.Rule {
	r.mu.Lock()
	var rules []purge.Rule
	for _, w := range r.waiting {
		if !w.due.After(at) {
			rules = append(rules, w.rule)
		}
	}
	r.mu.Unlock()
	slices.SortFunc(rules, func(a, b purge.Rule) int { return a.At.Compare(b.At) })
	return rules
}

// next returns when the next rule is due, or any that is.
func (r *record) next() (due time.Time, some bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, w := range r.waiting {
		if !some || w.due.Before(due) {
			due, some = w.due, true
		}
	}
	return due, some
}

// pending counts the rules that are due.
func (r *record) pending(at time.Time) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.overflow {
		return maxWaiting
	}
	n := 0
	for _, w := range r.waiting {
		if !w.due.After(at) {
			n++
		}
	}
	return n
}

// overflowed reports whether rules were left out for which there is room now.
func (r *record) overflowed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.overflow && len(r.waiting) < maxWaiting/2
}

// resume takes note that the rules that were left out are going to be offered again.
func (r *record) resume() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.overflow = false
}
