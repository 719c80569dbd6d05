package board

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/purge"
)

// DefaultInterval is how often a node looks at the board. With what jitter, batching and two requests add, a purge is
// seen by every node well within ten seconds. A look is one listing: on Amazon's S3, a node's cost three dollars a month.
const DefaultInterval = 4 * time.Second

// Ledger is what of a purge.Ledger is needed here.
type Ledger interface {
	// MergeAll puts rules of other nodes in force.
	MergeAll(rules []purge.Rule) []purge.Outcome
	// Rules returns the rules that are in force.
	Rules() []purge.Rule
	// Superseded reports whether a newer rule covers all that one of the ledger's rules covers.
	Superseded(r purge.Rule) bool
}

var _ Ledger = (*purge.Ledger)(nil)

// Config says what is shared, and where.
type Config struct {
	// Bucket is one that there is. The board writes, lists, reads and deletes objects below Prefix + "/purges/".
	Bucket bucket.Bucket
	// Prefix is without a slash at its end; "" = none. Nodes that share a bucket for their entries have one in common.
	Prefix string
	// Ledger is this node's. Its Observer calls Offer.
	Ledger Ledger
	// Retention is the ledger's, and that of all nodes: rules that are older by a day are removed; 0 = never.
	Retention time.Duration
	// Interval is how often the board is looked at, a quarter more or less each time; 0 = DefaultInterval.
	Interval time.Duration
	// Log is told when the bucket fails and when it is back, and of what is not understood; nil = nobody is.
	Log *slog.Logger
	// Observer counts; nil = nobody does.
	Observer Observer
	// Now is the wall clock; nil = time.Now.
	Now func() time.Time
}

// Board shares the rules of a ledger with the nodes that have the same bucket. It is safe for concurrent use.
type Board struct {
	Config
	pace pace
	desk *desk

	record *record
	reader reader
	keeper keeper
	wake   chan struct{} // a rule came that is due
	read   atomic.Int64  // when the board was read as a whole at last, in nanoseconds since 1970; 0 = never

	stop    chan struct{} // closed by Close: nothing new is begun
	reading context.Context
	writing context.Context // outlives reading by closeTimeout
	endRead context.CancelFunc
	endAll  context.CancelFunc
	closing sync.Once
	tasks   sync.WaitGroup
}

// New returns what shares a ledger's rules once it is started. In between, the ledger's Observer is set. An error names
// what is wrong with the configuration.
func New(c Config) (*Board, error) { return newBoard(c, usual()) }

func newBoard(c Config, p pace) (*Board, error) {
	if c.Bucket == nil || c.Ledger == nil {
		return nil, errors.New("board: want a bucket and a ledger")
	}
	if c.Interval < 0 || c.Retention < 0 {
		return nil, fmt.Errorf("board: want an interval and a retention of 0 or more, got %v and %v", c.Interval, c.Retention)
	}
	folder := strings.Trim(c.Prefix, "/") + "/purges/"
	folder = strings.TrimPrefix(folder, "/")
	if err := bucket.CheckKey("board.new", folder+(name{kind: batch}).text()); err != nil {
		return nil, fmt.Errorf("board: prefix %.100q: %w", c.Prefix, err)
	}
	if c.Interval == 0 {
		c.Interval = DefaultInterval
	}
	p.away = max(p.away, 4*c.Interval)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Observer == nil {
		c.Observer = nobody{}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	b := &Board{
		Config: c, pace: p, record: newRecord(), wake: make(chan struct{}, 1), stop: make(chan struct{}),
		desk: &desk{pace: p, bucket: bucket.Prefixed(c.Bucket, folder), retention: c.Retention, now: c.Now, observer: c.Observer},
	}
	b.reader = reader{desk: b.desk, record: b.record, ledger: c.Ledger, log: c.Log, refused: map[string]time.Time{}}
	b.keeper = keeper{desk: b.desk, log: c.Log, failing: outage{log: c.Log,
		lost: "old purges cannot be cleared away in the bucket", back: "old purges are cleared away in the bucket again"}}
	b.reading, b.endRead = context.WithCancel(context.Background())
	b.writing, b.endAll = context.WithCancel(context.Background())
	return b, nil
}

// Start begins to share, until Close. It is called once.
func (b *Board) Start() {
	b.tasks.Go(b.watch)
	b.tasks.Go(b.write)
	b.tasks.Go(b.keep)
}

// Offer takes a rule that came to the ledger, for its Observer. It does not wait: the rule is written a moment later,
// together with those that come in that moment, and again and again if that fails. A merged rule came from another
// node, which writes it: it is written here if it is not on the board after a while.
func (b *Board) Offer(rule purge.Rule, merged bool) {
	now := time.Now()
	if merged {
		b.record.await(rule, now.Add(b.pace.patience+rand.N(b.pace.patience)))
		return
	}
	b.record.await(rule, now)
	b.stir()
}

// Pending returns how many rules the others cannot know of from the board though they should; many are told as 10,000.
func (b *Board) Pending() int { return b.record.pending(time.Now()) }

// Ready reports whether the rules of all other nodes are in force here: the whole board was read, and not so long ago that
// many others can have come since. Until then no entry from the bucket may be shown. It is not for telling whether a
// node can serve: one whose bucket is down does, from its other tiers.
func (b *Board) Ready() bool {
	read := b.read.Load()
	// By the wall clock: a machine that was suspended has missed what came meanwhile. One that was set back has read in time
	// to come, which says nothing.
	return read != 0 && time.Now().Round(0).Sub(time.Unix(0, read)).Abs() < b.pace.away
}

// Close ends sharing, after at most five seconds of attempts to write what is pending. The error says how many rules the
// others do not know of; a ledger that is kept in a file offers them again after a restart.
func (b *Board) Close() error {
	b.closing.Do(func() {
		close(b.stop)
		b.endRead()
		timer := time.AfterFunc(b.pace.closing, b.endAll)
		b.tasks.Wait()
		b.part()
		timer.Stop()
		b.endAll()
	})
	if n := b.Pending(); n > 0 {
		return fmt.Errorf("board: %d purges could not be written to the bucket: other nodes do not know of them", n)
	}
	return nil
}

func (b *Board) stir() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// rest waits for a time and reports false if the board is closed first.
func (b *Board) rest(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-b.stop:
		return false
	}
}
