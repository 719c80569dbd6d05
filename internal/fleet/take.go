package fleet

import (
	"fmt"
	"slices"
	"time"

	"github.com/stillroom/stillroom/internal/purge"
)

// maxDeferred bounds the rules that a ledger does not take yet. Those beyond it are read from the log again.
const maxDeferred = 1000

// take puts a page of the log in force, all at once: a ledger in a file waits for its disk each time. It takes note of the
// IDs in it.
func (r *reader) take(texts []placed, seen map[string]struct{}) {
	if len(texts) > 0 && texts[0] == r.last {
		texts = texts[1:]
	}
	var rules []purge.Rule
	var before []placed // what stands before each of them
	for _, text := range texts {
		if rule, err := purge.ParseRule(text.text); err != nil {
			r.lose(text.text, err)
		} else {
			seen[rule.ID] = struct{}{}
			rules, before = append(rules, rule), append(before, r.last)
		}
		r.last = text
	}
	for i, later := range r.merge(rules) {
		if later && !r.defers(rules[i]) && !r.left {
			r.left, r.before, r.again = true, before[i], time.Now().Add(r.hold)
			r.warn.Warn("purges of other nodes are not in force here: too many are held back already",
				"first", rules[i].ID, "at", rules[i].At)
		}
	}
}

// merge puts rules in force and reports which of them the ledger may take later: their node's clock is ahead, or the ledger is
// full.
func (r *reader) merge(rules []purge.Rule) (later []bool) {
	if len(rules) == 0 {
		return nil
	}
	later = make([]bool, len(rules))
	merged := 0
	var unwritten error
	for i, outcome := range r.ledger.MergeAll(rules) {
		switch err := outcome.Err; {
		case outcome.Merged:
			merged++
			unwritten = err // nil as a rule; the ledger writes them when its disk works again
		case err == nil:
		case outcome.Later(rules[i], r.now()):
			later[i] = true
		default:
			r.purgeAll(rules[i].ID, rules[i].At, err)
		}
	}
	if unwritten != nil {
		r.warn.Error("purges of other nodes are in force, but not written", "rules", merged, "error", unwritten)
	}
	if merged > 0 {
		r.merged(merged)
	}
	return later
}

// lose is for a rule that cannot be read. Versions to come may say in it what this one does not understand, but begin with
// its time, without which it is nobody's.
func (r *reader) lose(text string, why error) {
	at, err := purge.RuleTime(text)
	if err != nil {
		r.warn.Warn("something in the log of purges is none", "error", err)
		return
	}
	r.purgeAll(text, at, why)
}

// purgeAll puts a rule in force that covers everything older than one that is not understood, which may have been about any
// of it. All nodes give it the same ID, so that they have it once.
func (r *reader) purgeAll(id string, at time.Time, why error) {
	everything := purge.Rule{ID: fmt.Sprintf("not understood: %.100s", id), Selector: purge.All, At: at}
	outcome := r.ledger.MergeAll([]purge.Rule{everything})[0]
	log := r.warn.With("rule", everything.ID, "at", at, "error", why)
	switch {
	case outcome.Merged:
		log.Error("a purge of another node is not understood, so everything older is purged")
	case outcome.Err != nil && !r.defers(everything):
		log.Error("a purge of another node is not understood, and too many are held back already")
	}
}

// defers keeps a rule for later. It reports false if there is no room for it.
func (r *reader) defers(rule purge.Rule) bool {
	if slices.ContainsFunc(r.deferred, func(d purge.Rule) bool { return d.ID == rule.ID }) {
		return true // the log was read from its start again
	}
	if len(r.deferred) >= maxDeferred {
		return false
	}
	if len(r.deferred) == 0 {
		r.warn.Warn("purges of other nodes are held back: a clock is ahead, or the ledger is full", "first", rule.ID, "at", rule.At)
	}
	r.deferred = append(r.deferred, rule)
	return true
}

// retry offers the ledger what was held back, and has read again what was left out, every while.
func (r *reader) retry() {
	held := r.deferred
	r.deferred = nil
	for i, later := range r.merge(held) {
		if later {
			r.deferred = append(r.deferred, held[i])
		}
	}
	if r.left && r.joined && !time.Now().Before(r.again) {
		r.left, r.last = false, r.before
	}
}
