package fleet

import (
	"context"
	"log/slog"
	"time"

	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/purge"
)

// reader brings the rules of the log to the ledger. It is one goroutine's.
type reader struct {
	log    *ruleLog
	ledger Ledger
	now    func() time.Time
	warn   *slog.Logger
	merged func(rules int) // is told how many came into force
	hold   time.Duration   // after this, the log is read again from where rules were left out

	joined bool   // what follows is true of the log
	epoch  string // "" = it was empty
	last   placed // the last rule that was read; place 0 = none

	deferred []purge.Rule // that the ledger does not take yet
	left     bool         // there was no room for some of them
	before   placed       // the rule before the first that was left out; place 0 = none
	again    time.Time    // when it is tried again
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

// advance merges what has come to the log since the last time, and returns the IDs of all that it read. whole says that it
// read the log from its start, because it is another one or has lost what was read last, as after a fail-over.
func (r *reader) advance(ctx context.Context) (seen map[string]struct{}, whole bool, err error) {
	r.retry()
	seen = map[string]struct{}{}
	if r.joined {
		epoch, rules, err := r.log.Read(ctx, r.last.place)
		if err != nil {
			return nil, false, err
		}
		if epoch == r.epoch && r.continues(rules) {
			return seen, false, r.follow(ctx, rules, seen)
		}
	}
	r.joined, r.left = false, false
	r.last = placed{}
	epoch, rules, err := r.log.Read(ctx, 0)
	if err != nil {
		return nil, false, err
	}
	r.epoch = epoch
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
		r.take(rules, seen)
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
