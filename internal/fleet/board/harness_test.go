package board

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/buckettest"
	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/purge"
)

// promised is how soon every node sees what another one has written.
const promised = 10 * time.Second

const prefix = "cache/of/pictures"

// memory returns a bucket in memory.
func memory(t *testing.T) bucket.Bucket {
	t.Helper()
	b, err := buckettest.NewMemory("b").Open("b")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// node is a ledger that is shared through a board.
type node struct {
	*Board
	*purge.Ledger

	way *way
	log *journal
	counts
}

// counts is an Observer.
type counts struct {
	mu            sync.Mutex
	read, written int
	failed        map[Operation]int
	wrote         time.Time
}

func (c *counts) Read(rules int) { c.mu.Lock(); c.read += rules; c.mu.Unlock() }

func (c *counts) Written(rules int) {
	c.mu.Lock()
	c.written, c.wrote = c.written+rules, time.Now()
	c.mu.Unlock()
}

func (c *counts) Failed(o Operation) { c.mu.Lock(); c.failed[o]++; c.mu.Unlock() }

// get returns how many rules were read and written and how often an operation failed.
func (c *counts) get(o Operation) (read, written, failed int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.read, c.written, c.failed[o]
}

func (c *counts) lastWritten() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wrote
}

// setting is what a node is made with; the zero value does.
type setting struct {
	ledger    *purge.Ledger
	retention time.Duration
	pace      pace
	interval  time.Duration
	now       func() time.Time
}

// join makes a node that is started and ends with the test.
func join(t *testing.T, b bucket.Bucket, s setting) *node {
	t.Helper()
	n := prepare(t, b, s)
	n.Start()
	return n
}

func prepare(t *testing.T, b bucket.Bucket, s setting) *node {
	t.Helper()
	if s.ledger == nil {
		s.ledger = purge.NewMemory(s.retention)
	}
	if s.now != nil {
		s.ledger.Now = s.now
	}
	if s.pace == (pace{}) {
		s.pace = usual()
	}
	n := &node{Ledger: s.ledger, way: &way{Bucket: b}, log: &journal{}}
	n.failed = map[Operation]int{}
	var err error
	n.Board, err = newBoard(Config{
		Bucket: n.way, Prefix: prefix, Ledger: s.ledger, Retention: s.retention, Log: slog.New(n.log), Observer: &n.counts,
		Interval: s.interval, Now: s.now,
	}, s.pace)
	if err != nil {
		t.Fatal(err)
	}
	s.ledger.Observer = n.Offer
	t.Cleanup(func() { n.Board.Close() })
	return n
}

func (n *node) Close() error { return n.Board.Close() }

func (n *node) purge(t *testing.T, r purge.Rule) purge.Rule {
	t.Helper()
	r, err := n.Add(r)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// purgeSource purges a source.
func (n *node) purgeSource(t *testing.T, name any) purge.Rule {
	t.Helper()
	return n.purge(t, purge.Rule{Selector: purge.Source, Value: fmt.Sprint("https://example.com/", name)})
}

func (n *node) holds(rules ...purge.Rule) bool {
	if n.Len() < len(rules) {
		return false
	}
	held := map[purge.Rule]bool{}
	for _, r := range n.Rules() {
		held[r] = true
	}
	return !slices.ContainsFunc(rules, func(r purge.Rule) bool { return !held[r] })
}

// sees waits for rules to be in force, as they are at their origin.
func (n *node) sees(t *testing.T, within time.Duration, rules ...purge.Rule) {
	t.Helper()
	eventually(t, within, fmt.Sprintf("%d rules of another node are in force", len(rules)), func() bool { return n.holds(rules...) })
}

func eventually(t *testing.T, within time.Duration, what string, done func() bool) {
	t.Helper()
	for until := time.Now().Add(within); !done(); time.Sleep(max(10*time.Millisecond, within/200)) {
		if time.Now().After(until) {
			t.Fatalf("not within %v: %s", within, what)
		}
	}
}

// objects returns what is on the board of a bucket, by name.
func objects(t *testing.T, b bucket.Bucket) map[string]bucket.Info {
	t.Helper()
	found := map[string]bucket.Info{}
	folder := prefix + "/purges/"
	err := b.List(context.Background(), folder, "", 0, func(key string, info bucket.Info) bool {
		found[strings.TrimPrefix(key, folder)] = info
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// place puts an object on the board.
func place(t *testing.T, b bucket.Bucket, name, content string) {
	t.Helper()
	_, err := b.Put(context.Background(), prefix+"/purges/"+name, strings.NewReader(content), int64(len(content)), bucket.PutOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

// rulesOf returns what a node that comes now learns from a bucket.
func rulesOf(t *testing.T, b bucket.Bucket) []purge.Rule {
	t.Helper()
	d := &desk{pace: usual(), bucket: bucket.Prefixed(b, prefix+"/purges/"), now: time.Now, observer: nobody{}}
	found, err := d.list(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	byID := map[string]purge.Rule{}
	for _, l := range found {
		rules, err := d.fetch(context.Background(), l)
		if err != nil {
			t.Fatalf("%s: %v", l.name, err)
		}
		for _, r := range rules {
			byID[r.ID] = r
		}
	}
	var rules []purge.Rule
	for _, r := range byID {
		rules = append(rules, r)
	}
	return rules
}

func sameRules(t *testing.T, what string, want, got []purge.Rule) {
	t.Helper()
	byID := cmpopts.SortSlices(func(a, b purge.Rule) bool { return a.ID < b.ID })
	if d := cmp.Diff(want, got, byID, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("%s (-want +got):\n%.2000s", what, d)
	}
}

// way is a node's way to its bucket. It may be shut, slow, or worse.
type way struct {
	bucket.Bucket

	mu     sync.Mutex
	before func(ctx context.Context, operation Operation, key string) error // nil = nothing happens
	listed atomic.Int64                                                     // objects that listings told of
}

// do sets what happens to each call before it reaches the bucket.
func (w *way) do(before func(context.Context, Operation, string) error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.before = before
}

// shut has all calls fail, or those of some operations.
func (w *way) shut(operations ...Operation) {
	w.do(func(_ context.Context, o Operation, _ string) error {
		if len(operations) > 0 && !slices.Contains(operations, o) {
			return nil
		}
		return errShut
	})
}

func (w *way) open() { w.do(nil) }

var errShut = fault.Wrap(fault.Unreachable, "test.call", errors.New("no way to the bucket"))

func (w *way) pass(ctx context.Context, o Operation, key string) error {
	w.mu.Lock()
	before := w.before
	w.mu.Unlock()
	if ctx.Err() != nil {
		return fault.Wrap(fault.KindOf(ctx.Err()), "test.call", ctx.Err())
	}
	if before == nil {
		return nil
	}
	return before(ctx, o, key)
}

func (w *way) Get(ctx context.Context, key string, options bucket.GetOptions) (*bucket.Object, error) {
	if err := w.pass(ctx, Get, key); err != nil {
		return nil, err
	}
	return w.Bucket.Get(ctx, key, options)
}

func (w *way) Put(ctx context.Context, key string, body io.ReadSeeker, size int64, options bucket.PutOptions) (bucket.Info, error) {
	if err := w.pass(ctx, Put, key); err != nil {
		return bucket.Info{}, err
	}
	return w.Bucket.Put(ctx, key, body, size, options)
}

func (w *way) Delete(ctx context.Context, key string) error {
	if err := w.pass(ctx, Delete, key); err != nil {
		return err
	}
	return w.Bucket.Delete(ctx, key)
}

func (w *way) List(ctx context.Context, prefix, after string, limit int, visit func(string, bucket.Info) bool) error {
	if err := w.pass(ctx, List, prefix); err != nil {
		return err
	}
	return w.Bucket.List(ctx, prefix, after, limit, func(key string, info bucket.Info) bool {
		w.listed.Add(1)
		return visit(key, info)
	})
}

// journal is a log that can be read.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

func (j *journal) Handle(_ context.Context, r slog.Record) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	line := r.Level.String() + " " + r.Message
	r.Attrs(func(a slog.Attr) bool {
		line += " " + a.String()
		return true
	})
	j.lines = append(j.lines, line)
	return nil
}

func (j *journal) WithAttrs([]slog.Attr) slog.Handler { return j }
func (j *journal) WithGroup(string) slog.Handler      { return j }

// about returns the lines that hold a text.
func (j *journal) about(text string) []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	var lines []string
	for _, line := range j.lines {
		if strings.Contains(line, text) {
			lines = append(lines, line)
		}
	}
	return lines
}
