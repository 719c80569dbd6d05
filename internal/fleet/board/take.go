package board

import (
	"errors"
	"fmt"
	"time"

	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/purge"
)

// take puts the rules of an object in force. Rules that the ledger does not take yet, because it is full or their time has
// not come, have the object read again in a while.
func (r *reader) take(l listed, rules []purge.Rule) {
	var merged, held int
	var unwritten, why, unknown error
	var newest time.Time // of the unknown ones
	ids := identities(rules)
	r.record.arrive(ids)
	for i, outcome := range r.ledger.MergeAll(rules) {
		switch err := outcome.Err; {
		case outcome.Merged:
			merged++
			unwritten = err // nil as a rule; the ledger writes them when its disk works again
		case err == nil:
		case outcome.Later(rules[i], r.now()):
			held++
			why = err
		default:
			unknown = err
			if rules[i].At.After(newest) {
				newest = rules[i].At
			}
		}
	}
	var again time.Time
	if held > 0 {
		again = time.Now().Add(r.hold)
		if !r.record.has(l.name) { // else it was said then
			r.log.Warn("purges of other nodes are held back", "object", l.name, "rules", held, "error", why)
		}
	}
	if unwritten != nil {
		r.log.Error("purges of other nodes are in force, but not written", "object", l.name, "rules", merged, "error", unwritten)
	}
	if unknown != nil {
		id, full := r.purgeAll(l, newest, unknown)
		ids = append(ids, id)
		if full {
			again = time.Now().Add(r.hold)
		}
	}
	r.record.found(l.name, ids, time.Now(), again)
	if merged > 0 {
		r.observer.Read(merged)
	}
}

// lose has everything purged that an object which is not understood may have been about: whatever it is, the rules in it
// are older than itself, by the clock of the service or by that of its writer.
func (r *reader) lose(l listed, why error) {
	at, now := l.modified.Add(time.Second), r.now() // services tell whole seconds
	if n, ours := parseName(l.name); ours && n.written.After(at) {
		at = n.written
	}
	if l.modified.IsZero() || at.After(now) {
		at = now
	}
	var again time.Time
	id, full := r.purgeAll(l, at, why)
	if full {
		again = time.Now().Add(r.hold)
	}
	r.record.found(l.name, []string{id}, time.Now(), again)
}

// purgeAll puts a rule in force that covers everything older than a time, in place of what an object holds that is not
// understood, and returns its ID. All nodes give it the same, so that those who share their rules by other ways, too,
// have it once. It reports whether the ledger is too full for it.
func (r *reader) purgeAll(l listed, at time.Time, why error) (id string, full bool) {
	id = fmt.Sprintf("not understood: %s of %d", l.name, l.modified.Unix())
	r.record.arrive([]string{id})
	err := r.ledger.MergeAll([]purge.Rule{{ID: id, Selector: purge.All, At: at}})[0].Err
	if !r.record.has(l.name) { // else it was said then
		r.observer.Failed(Understand)
		r.log.Error("something among the purges in the bucket is not understood, so everything older is purged",
			"object", l.name, "at", at, "error", errors.Join(why, err))
	}
	return id, fault.Is(err, fault.Overloaded)
}
