package fleet

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/stillroom/stillroom/internal/purge"
)

// DefaultPurgesInterval is how often a node looks for purges that it was not told of.
const DefaultPurgesInterval = 2 * time.Second

// maxPending bounds the rules that wait for the server. Where there are more, all that the ledger holds are compared with
// the log instead.
const maxPending = 10_000

// Ledger is what of a purge.Ledger is needed here.
type Ledger interface {
	// Merge puts another node's rule in force.
	Merge(r purge.Rule) (merged bool, err error)
	// Rules returns the rules that are in force.
	Rules() []purge.Rule
}

var _ Ledger = (*purge.Ledger)(nil)

// PurgesConfig says what is shared.
type PurgesConfig struct {
	// Ledger is this node's. Its Observer calls Offer.
	Ledger Ledger
	// Retention is the ledger's: rules that are older are let go; 0 = never.
	Retention time.Duration
	// Interval is how often the log is read without having been told to; 0 = DefaultPurgesInterval.
	Interval time.Duration
	// Now is the clock; nil = time.Now.
	Now func() time.Time
}

// Purges brings the rules of a ledger to those of all other nodes and theirs to it. Every rule stands in a log at the
// server, which nodes read when they are told that it grew, when they come back, and every few seconds. When the server
// lost its log, or some of it, the nodes write it anew from their ledgers.
type Purges struct {
	PurgesConfig

	client *Client
	log    *ruleLog
	wake   chan struct{}

	mu       sync.Mutex
	pending  []purge.Rule // not yet known to be in the log
	overflow bool         // there were too many of them

	// The goroutine's own.
	reader     reader
	complained bool // of a full log
}

// NewPurges returns what shares a ledger's rules once it is started. In between, the ledger's Observer is set.
func NewPurges(f *Client, c PurgesConfig) *Purges {
	if c.Interval <= 0 {
		c.Interval = DefaultPurgesInterval
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	p := &Purges{PurgesConfig: c, client: f, log: newRuleLog(f), wake: make(chan struct{}, 1)}
	p.reader = reader{log: p.log, ledger: c.Ledger, now: c.Now, warn: f.log, merged: f.observer.Read}
	f.signals.on(purgesChannel, func(string) { p.stir() }, p.stir)
	return p
}

// Start begins to share, until the client is closed. It is called once.
func (p *Purges) Start() { p.client.spawn(p.run) }

// Offer takes a rule that came to the ledger, for its Observer. It does not wait: the rule goes out as soon as the
// server answers. merged rules came from there and are left alone.
func (p *Purges) Offer(r purge.Rule, merged bool) {
	if merged {
		return
	}
	p.mu.Lock()
	if len(p.pending) < maxPending {
		p.pending = append(p.pending, r)
	} else {
		p.pending, p.overflow = nil, true
	}
	p.mu.Unlock()
	p.stir()
}

// Pending returns how many rules of this node the others cannot know of yet.
func (p *Purges) Pending() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.overflow {
		return maxPending
	}
	return len(p.pending)
}

func (p *Purges) stir() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// run keeps ledger and log alike.
func (p *Purges) run() {
	ctx := p.client.ctx
	ticks := time.NewTicker(p.Interval)
	defer ticks.Stop()
	for ctx.Err() == nil {
		select {
		case <-p.client.circuit.whenClosed():
		case <-ctx.Done():
			return
		}
		if err := p.sync(ctx); err != nil && ctx.Err() == nil {
			p.client.log.Debug("purges cannot be shared at the moment", "error", err)
		}
		select {
		case <-p.wake:
		case <-ticks.C:
		case <-ctx.Done():
		}
	}
}

// sync reads what is new in the log and writes what is not in it.
func (p *Purges) sync(ctx context.Context) error {
	p.mu.Lock()
	count := len(p.pending)
	if p.overflow {
		p.reader.forget()
		p.overflow = false
	}
	p.mu.Unlock()
	seen, whole, err := p.reader.advance(ctx) // forgets again if it fails
	if err != nil {
		return err
	}
	var rules []purge.Rule
	if whole {
		// Taken after reading, so all that is pending is among them; some may have gone out already.
		rules = p.Ledger.Rules()
	} else {
		p.mu.Lock()
		rules = slices.Clone(p.pending[:min(count, len(p.pending))])
		p.mu.Unlock()
	}
	if err := p.offer(ctx, rules, seen); err != nil {
		if whole {
			p.reader.forget() // what was left out must be offered another time
		}
		return err
	}
	p.complained = false
	p.mu.Lock()
	p.pending = slices.Delete(p.pending, 0, min(count, len(p.pending)))
	p.mu.Unlock()
	return nil
}

// offer writes rules that were not seen in the log to it.
func (p *Purges) offer(ctx context.Context, rules []purge.Rule, seen map[string]struct{}) error {
	var texts []string
	size := 0
	flush := func() error {
		if len(texts) == 0 {
			return nil
		}
		epoch, err := p.log.Offer(ctx, p.oldest(), texts)
		if errors.Is(err, errFull) {
			return p.renew(ctx, epoch)
		}
		if err == nil {
			p.client.observer.Written(len(texts))
		}
		if err == nil && epoch != p.reader.epoch && !p.reader.begun(epoch) {
			p.stir() // written to another log than the one that was read
		}
		texts, size = texts[:0], 0
		return err
	}
	oldest := p.oldest()
	for _, r := range rules {
		// The ledger lets go of what is too old when the next rule comes, the log at once.
		if _, there := seen[r.ID]; there || r.At.Before(oldest) {
			continue
		}
		text := purge.FormatRule(r)
		if size+len(text) > batch {
			if err := flush(); err != nil {
				return err
			}
		}
		texts, size = append(texts, text), size+len(text)
	}
	return flush()
}

func (p *Purges) oldest() time.Time {
	if p.Retention <= 0 {
		return time.Time{}
	}
	return p.Now().Add(-p.Retention)
}

// renew begins a full log anew. Ledgers let go of rules that others have made needless, the log does not: what the ledgers
// still hold is written again, by whoever reads next.
func (p *Purges) renew(ctx context.Context, epoch string) error {
	if held := len(p.Ledger.Rules()); held > p.log.bound/10*9 {
		if !p.complained {
			p.client.log.Error("purges cannot be shared: too many rules are in force; purge by tag, prefix or all instead",
				"rules", held, "most", p.log.bound)
		}
		p.complained = true
		return errFull
	}
	p.stir()
	if err := p.log.Drop(ctx, epoch); err != nil {
		return err
	}
	return errFull
}
