package fleet

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stillroom/stillroom/internal/purge"
)

// DefaultPurgesInterval is how often a node looks for purges that it was not told of.
const DefaultPurgesInterval = 2 * time.Second

// maxPending bounds the rules that wait for the server. Where there are more, all that the ledger holds are compared with
// the log instead.
const maxPending = 10_000

// closeTimeout is how long Close waits for the server to take what is pending.
const closeTimeout = 5 * time.Second

// holdFor is after how many intervals what found no room among the rules that are held back is read again.
const holdFor = 30

// Ledger is what of a purge.Ledger is needed here.
type Ledger interface {
	// MergeAll puts rules of other nodes in force.
	MergeAll(rules []purge.Rule) []purge.Outcome
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
//
// A rule counts as written when it was read in the log: a primary that fails takes along what it had accepted and not
// passed on.
type Purges struct {
	PurgesConfig

	client *Client
	log    *ruleLog
	wake   chan struct{}
	synced chan struct{} // told after each round that went well
	most   time.Duration // closeTimeout
	known  atomic.Bool   // the log was read

	mu       sync.Mutex
	pending  []purge.Rule // not yet known to be in the log
	overflow int          // how often there were too many of them, since all were known to be

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
	p := &Purges{
		PurgesConfig: c, client: f, log: newRuleLog(f),
		wake: make(chan struct{}, 1), synced: make(chan struct{}, 1), most: closeTimeout,
	}
	p.reader = reader{log: p.log, ledger: c.Ledger, now: c.Now, warn: f.log, merged: f.observer.Read, hold: holdFor * c.Interval}
	f.signals.on(purgesChannel, func(string) { p.stir() }, p.stir)
	return p
}

// Start begins to share, until the client is closed. It is called once.
func (p *Purges) Start() { p.client.spawn(p.run) }

// Offer takes a rule that came to the ledger, for its Observer. It does not wait: the rule goes out as soon as the
// server answers. merged rules came from other nodes, which offer them themselves.
func (p *Purges) Offer(r purge.Rule, merged bool) {
	if merged {
		return
	}
	p.mu.Lock()
	if len(p.pending) < maxPending {
		p.pending = append(p.pending, r)
	} else {
		p.pending = nil
		p.overflow++
	}
	p.mu.Unlock()
	p.stir()
}

// Close waits until what is pending has gone out, for five seconds at most. The error says how many rules the others do not
// know of; a ledger that is kept in a file offers them again after a restart. Rules are shared until the client is closed.
func (p *Purges) Close() error {
	enough := time.NewTimer(p.most)
	defer enough.Stop()
	for p.Pending() > 0 {
		select {
		case <-p.synced:
			continue
		case <-p.client.ctx.Done():
		case <-enough.C:
		}
		return fmt.Errorf("fleet: %d purges could not be written to the Valkey server: other nodes do not learn of them there",
			p.Pending())
	}
	return nil
}

// Pending returns how many rules of this node the others cannot know of yet.
func (p *Purges) Pending() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.overflow > 0 {
		return maxPending
	}
	return len(p.pending)
}

// Ready reports whether the rules of other nodes that were in the log when this one came are in force.
func (p *Purges) Ready() bool { return p.known.Load() }

func (p *Purges) stir() { tell(p.wake) }

func tell(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
