package fleet

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/purge"
)

// maxDeferred bounds the rules that a ledger does not take yet.
const maxDeferred = 1000

// reader brings the rules of the log to the ledger. It is one goroutine's.
type reader struct {
	log    *ruleLog
	ledger Ledger
	now    func() time.Time
	warn   *slog.Logger
	merged func(rules int) // is told how many came into force

	joined   bool   // what follows is true of the log
	epoch    string // "" = it was empty
	last     placed // the last rule that was read; place 0 = none
	deferred []purge.Rule
}

// forget makes the next advance begin from the start.
func (r *reader) forget() { r.joined = false }

// begun takes note of the epoch that a log got which was empty when it was read. It reports false if the log was not.
func (r *reader) begun(epoch string) bool {
	if !r.joined || r.epoch != "" || r.last.place != 0 {
		return false
	}
	r.epoch = epoch
	return true
}

// advance merges what has come to the log since the last time. whole says that the log was read from its start, because
// it is another one or has lost what was read last, as after a fail-over; seen then holds the IDs of all its rules.
func (r *reader) advance(ctx context.Context) (seen map[string]struct{}, whole bool, err error) {
	r.mergeDeferred()
	if r.joined {
		epoch, rules, err := r.log.Read(ctx, r.last.place)
		if err != nil {
			return nil, false, err
		}
		if epoch == r.epoch && r.continues(rules) {
			return nil, false, r.follow(ctx, rules, nil)
		}
	}
	r.joined = false
	r.last = placed{}
	epoch, rules, err := r.log.Read(ctx, 0)
	if err != nil {
		return nil, false, err
	}
	r.epoch = epoch
	seen = map[string]struct{}{}
	if err := r.follow(ctx, rules, seen); err != nil {
		return nil, false, err
	}
	r.joined = true
	return seen, true, nil
}

// continues reports whether a page begins with the last rule that was read.
func (r *reader) continues(rules []placed) bool {
	return r.last.place == 0 || len(rules) > 0 && rules[0] == r.last
}

// follow merges a page and those behind it.
func (r *reader) follow(ctx context.Context, rules []placed, seen map[string]struct{}) error {
	for {
		for _, text := range rules {
			if text != r.last {
				r.merge(text.text, seen)
			}
			r.last = text
		}
		if len(rules) < page {
			return nil
		}
		epoch, more, err := r.log.Read(ctx, r.last.place)
		if err != nil {
			r.joined = false
			return err
		}
		if epoch != r.epoch || !r.continues(more) {
			r.joined = false
			return errMoved
		}
		rules = more
	}
}

var errMoved = fault.New(fault.Internal, "fleet.purges", "the log was begun anew while it was read")

// merge puts one rule in force here.
func (r *reader) merge(text string, seen map[string]struct{}) {
	rule, err := purge.ParseRule(text)
	if err != nil {
		r.warn.Warn("a purge in the log cannot be read", "error", err)
		return
	}
	if seen != nil {
		seen[rule.ID] = struct{}{}
	}
	if !r.tryMerge(rule) {
		r.hold(rule)
	}
}

// tryMerge reports false for a rule that the ledger may take later: its node's clock is ahead, or the ledger is full.
func (r *reader) tryMerge(rule purge.Rule) bool {
	merged, err := r.ledger.Merge(rule)
	if merged {
		r.merged(1)
	}
	switch {
	case err == nil:
	case fault.Is(err, fault.Overloaded), rule.At.After(r.now()):
		return false
	default:
		// Of a kind that this version does not know, or in force but not written, which the ledger sees to.
		r.warn.Error("a purge of another node", "rule", rule.ID, "error", err)
	}
	return true
}

// hold keeps a rule for later.
func (r *reader) hold(rule purge.Rule) {
	if slices.ContainsFunc(r.deferred, func(d purge.Rule) bool { return d.ID == rule.ID }) {
		return // the log was read from its start again
	}
	if len(r.deferred) >= maxDeferred {
		r.warn.Error("a purge of another node is not in force here: too many are held back already", "rule", rule.ID, "at", rule.At)
		return
	}
	r.warn.Warn("a purge of another node is held back: its clock is ahead, or the ledger is full", "rule", rule.ID, "at", rule.At)
	r.deferred = append(r.deferred, rule)
}

func (r *reader) mergeDeferred() {
	kept := r.deferred[:0]
	for _, rule := range r.deferred {
		if !r.tryMerge(rule) {
			kept = append(kept, rule)
		}
	}
	r.deferred = kept
}
