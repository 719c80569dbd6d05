package purge

import (
	"crypto/rand"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/fault"
)

const (
	// maxRules bounds a ledger: some 150 MB of memory. Whoever purges more one by one means a tag or a prefix.
	maxRules = 500_000
	// firstPrune is how many rules are held before needless ones are looked for.
	firstPrune = 1024
	// maxAhead is how far the clock of another machine may be ahead. A rule from further ahead covers all that is
	// made until then, so one machine in the wrong year would end the caching of all others.
	maxAhead = 5 * time.Minute
)

// Ledger holds the rules. Lookups take no lock and allocate nothing. It is safe for concurrent use once its
// exported fields are set.
type Ledger struct {
	// Now is the clock. It may be set before the first rule comes.
	Now func() time.Time
	// Observer, unless nil, is told of every rule that comes, once, when it is in force; merged says that it came by
	// Merge. It is called by the goroutine that brings the rule, without a lock held.
	Observer func(rule Rule, merged bool)

	current   atomic.Pointer[snapshot] // nil = no rules
	retention time.Duration

	mu      sync.Mutex // held by whoever changes something
	ids     map[string]struct{}
	pruneAt int      // look for needless rules when there are so many
	bound   int      // maxRules
	journal *journal // nil = in memory only
	lost    int
}

// NewMemory returns an empty ledger that ends with the process. retention is the longest time from an entry's
// Created to its Keep: rules older than that cover nothing that could be found, and are dropped; 0 = never.
func NewMemory(retention time.Duration) *Ledger {
	return &Ledger{Now: time.Now, retention: max(retention, 0), ids: map[string]struct{}{}, pruneAt: firstPrune, bound: maxRules}
}

// Add puts a rule in force and returns it with its ID and time, which is later than that of every other rule. A
// rule that picks nothing it could mean is an error of kind BadURL, a full ledger one of kind Overloaded. An
// error of kind Internal says that the rule is in force but could not be written, so that it would
// not survive a restart; the next rule that comes tries to write it again.
func (l *Ledger) Add(r Rule) (Rule, error) {
	const op = "purge.add"
	r, err := r.check(op)
	if err != nil {
		return Rule{}, err
	}
	r.ID = rand.Text()
	l.mu.Lock()
	if err := l.room(op); err != nil {
		l.mu.Unlock()
		return Rule{}, err
	}
	r.At = l.Now().Round(0).UTC() // without the monotonic reading, which means nothing after a restart
	if s := l.current.Load(); s != nil && !r.At.After(s.newest) {
		r.At = s.newest.Add(1)
	}
	l.enforce(&r)
	err = l.keep(op, []*Rule{&r})
	l.mu.Unlock()
	l.observe(r, false)
	return r, err
}

// Merge puts a rule of another ledger in force, as it is there. It reports false, and does nothing, for a rule that is known, too
// old to matter, or made needless by others. A rule that its own ledger would have refused is an error of kind
// BadURL, as is one from more than five minutes ahead of this clock; other errors are as with Add.
func (l *Ledger) Merge(r Rule) (merged bool, err error) {
	outcome := l.MergeAll([]Rule{r})[0]
	return outcome.Merged, outcome.Err
}

// Outcome is what Merge returns for a rule.
type Outcome struct {
	Merged bool
	Err    error
}

// Later reports whether the ledger may take r another time, which it has not taken now: it is full, or r is from ahead.
func (o Outcome) Later(r Rule, now time.Time) bool {
	return !o.Merged && o.Err != nil && (fault.Is(o.Err, fault.Overloaded) || r.At.After(now))
}

// MergeAll merges many rules, in their order, and returns an outcome for each. They are written together: ten thousand wait
// for the disk once, which one by one takes ten seconds on a disk of a millisecond.
func (l *Ledger) MergeAll(rules []Rule) []Outcome {
	const op = "purge.merge"
	outcomes := make([]Outcome, len(rules))
	var came []*Rule
	l.mu.Lock()
	for i := range outcomes {
		r, err := l.admit(op, rules[i])
		if outcomes[i].Err = err; r == nil {
			continue
		}
		outcomes[i].Merged = true
		came = append(came, r)
		l.enforce(r)
	}
	failed := l.keep(op, came)
	l.mu.Unlock()
	for i := range outcomes {
		if outcomes[i].Merged {
			outcomes[i].Err = failed
		}
	}
	for _, r := range came {
		l.observe(*r, true)
	}
	return outcomes
}

// admit returns a rule of another ledger in the spelling of this one, or nil if it is not put in force. The caller holds
// l.mu.
func (l *Ledger) admit(op string, r Rule) (*Rule, error) {
	r, err := r.check(op)
	if err != nil {
		return nil, err
	}
	if r.ID == "" || len(r.ID) > maxValue || r.At.IsZero() {
		return nil, fault.New(fault.BadURL, op, "want a rule with id and time, got id %q and time %v", r.ID, r.At)
	}
	r.At = r.At.Round(0).UTC()
	if ahead := r.At.Sub(l.Now()); ahead > maxAhead {
		return nil, fault.New(fault.BadURL, op, "rule %s: its time is %v ahead of this machine's clock, want at most %v",
			r.ID, ahead.Round(time.Second), maxAhead)
	}
	if _, known := l.ids[r.ID]; known || l.expired(&r) || l.needless(&r) {
		return nil, nil
	}
	if err := l.room(op); err != nil {
		return nil, err
	}
	return &r, nil
}

func (l *Ledger) observe(r Rule, merged bool) {
	if l.Observer != nil {
		l.Observer(r, merged)
	}
}

// enforce puts a checked rule in force, before it is written: what the disk does must not keep a purge from holding here
// and now. The caller holds l.mu.
func (l *Ledger) enforce(r *Rule) {
	l.ids[r.ID] = struct{}{}
	l.current.Store(l.current.Load().with(r))
}

// keep writes rules that are in force. The caller holds l.mu.
func (l *Ledger) keep(op string, rules []*Rule) error {
	if l.journal == nil || len(rules) == 0 {
		return nil
	}
	if err := l.journal.append(rules, l.current.Load().rules); err != nil {
		others := ""
		if n := len(rules) - 1; n > 0 {
			others = fmt.Sprintf(" (and %d more)", n)
		}
		return fault.New(fault.Internal, op, "rule %s%s is in force until a restart, but it could not be written: %w", rules[0].ID, others, err)
	}
	return nil
}

// Rules returns the rules that are in force, oldest first. Those that others have made needless may be among them.
func (l *Ledger) Rules() []Rule {
	held := l.current.Load().held()
	rules := make([]Rule, len(held))
	for i, r := range held {
		rules[i] = *r
	}
	slices.SortStableFunc(rules, func(a, b Rule) int { return a.At.Compare(b.At) })
	return rules
}

// Len returns how many rules there are, without listing them.
func (l *Ledger) Len() int { return len(l.current.Load().held()) }

// Covers returns the newest hard rule that covers an entry, else the newest soft one. A hard rule wins over a
// newer soft one: what was taken down does not come back as stale.
func (l *Ledger) Covers(m *cache.Meta) (Rule, bool) {
	s := l.current.Load()
	if s == nil || m.Created.After(s.newest) {
		return Rule{}, false
	}
	p := s.find(m.Created, m.Source, &m.Group, m.Tags)
	switch {
	case p.hard != nil:
		return *p.hard, true
	case p.soft != nil:
		return *p.soft, true
	}
	return Rule{}, false
}

// Last returns the time, in nanoseconds since 1970, of the newest rule that picks what is made of a source in a
// group with tags; 0 = none does. Fills before and after a purge differ in it, so they do not collapse into
// one when it is part of what they collapse by.
func (l *Ledger) Last(source string, group cache.Key, tags []string) int64 {
	s := l.current.Load()
	if s == nil {
		return 0
	}
	var last int64
	p := s.find(time.Time{}, source, &group, tags)
	if p.hard != nil {
		last = p.hard.At.UnixNano()
	}
	if p.soft != nil {
		last = max(last, p.soft.At.UnixNano())
	}
	return last
}

// Lost returns how many rules the ledger's file held that could not be read. If there were any, Open put a purge of everything in
// their place.
func (l *Ledger) Lost() int { return l.lost }

// Close closes the ledger's file. Lookups go on; rules that come later are in force but not written.
func (l *Ledger) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.journal == nil {
		return nil
	}
	return l.journal.close()
}
