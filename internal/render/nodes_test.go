package render

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/blob"
	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/purge"
)

// localFleet is a Fleet of nodes in one process: who holds a name fills, the others wait and look, then fill alone.
type localFleet struct {
	mu    sync.Mutex
	held  map[string]chan error
	names []string // of all that were asked for
}

func (f *localFleet) enter(name string) (given chan error, holds bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.names = append(f.names, name)
	if given, held := f.held[name]; held {
		return given, false
	}
	if f.held == nil {
		f.held = map[string]chan error{}
	}
	given = make(chan error, 1)
	f.held[name] = given
	return given, true
}

func (f *localFleet) Attempt(ctx context.Context, name string, look func(context.Context) bool, fill func(context.Context) error) (bool, error) {
	given, holds := f.enter(name)
	if !holds {
		return true, nil
	}
	defer func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.held, name)
		close(given)
	}()
	if look(ctx) {
		return false, nil
	}
	return false, fill(ctx)
}

func (f *localFleet) Collapse(ctx context.Context, name string, look func(context.Context) bool, fill func(context.Context) error) error {
	f.mu.Lock()
	given, held := f.held[name]
	f.mu.Unlock()
	if !held {
		if busy, err := f.Attempt(ctx, name, look, fill); !busy {
			return err
		}
		return f.Collapse(ctx, name, look, fill)
	}
	select {
	case <-given:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if look(ctx) {
		return nil
	}
	return fill(ctx)
}

func (f *localFleet) asked() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.names)
}

// depot is a store that all nodes share. What a node puts there arrives after a while.
type depot struct {
	shelf

	takes      time.Duration
	gets, puts atomic.Int64
	lost       error // what happens to everything that is on its way
}

// door is a node's end of the depot.
type door struct {
	*depot

	mu      sync.Mutex
	pending map[cache.Key]chan struct{}
}

func (d *door) Get(ctx context.Context, key cache.Key) (*cache.Entry, error) {
	d.gets.Add(1)
	return d.depot.Get(ctx, key)
}

func (d *door) Put(_ context.Context, key cache.Key, e *cache.Entry) error {
	d.puts.Add(1)
	arrived := make(chan struct{})
	d.mu.Lock()
	d.pending[key] = arrived
	d.mu.Unlock()
	kept, takes, lost := *e, d.takes, d.lost
	go func() {
		time.Sleep(takes)
		if lost == nil {
			_ = d.depot.Put(context.Background(), key, &kept) // it never fails
		}
		close(arrived)
	}()
	return nil
}

func (d *door) Settled(ctx context.Context, key cache.Key) error {
	d.mu.Lock()
	arrived := d.pending[key]
	d.mu.Unlock()
	if arrived == nil {
		return nil
	}
	select {
	case <-arrived:
		return d.lost
	case <-ctx.Done():
		return ctx.Err()
	}
}

// nodes are renderers that share a source, an engine and the store below their memories.
type nodes struct {
	list    []*Renderer
	memory  []*shelf
	depot   *depot
	sources *sources
	engine  *engine
	ledger  *purge.Ledger
	fleet   *localFleet

	mu     sync.Mutex
	failed []string
}

// newNodes returns two nodes, in a fleet unless change makes them lone ones.
func newNodes(t *testing.T, change ...func(*Config)) *nodes {
	t.Helper()
	n := &nodes{
		depot:   &depot{shelf: shelf{name: "object", entries: map[cache.Key]*cache.Entry{}}},
		sources: &sources{version: "v1", delay: time.Second}, engine: &engine{},
		ledger: purge.NewMemory(0), fleet: &localFleet{},
	}
	for range 2 {
		memory := &shelf{name: "memory", entries: map[cache.Key]*cache.Entry{}}
		way := &door{depot: n.depot, pending: map[cache.Key]chan struct{}{}}
		n.memory = append(n.memory, memory)
		c := Config{
			Store: cache.NewTiered(cache.TieredConfig{Tiers: []cache.Tier{
				{Name: "memory", Store: purge.Guard(memory, n.ledger)},
				{Name: "object", Store: purge.GuardShared(way, n.ledger), Shared: true},
			}}),
			Sources: n.sources, Processor: n.engine, Purges: n.ledger,
			Policy: cache.Policy{TTL: time.Hour, MaxTTL: 24 * time.Hour, Revalidate: time.Hour, IfError: 3 * time.Hour, Keep: time.Hour},
			Fleet:  n.fleet, Settled: way.Settled, Timeout: time.Minute,
			Negatives: cache.NewNegatives(cache.NegativesConfig{TTL: time.Minute}),
			Failed: func(what string, _ cache.Key, err error) {
				t.Logf("%s: %v", what, err)
				n.mu.Lock()
				defer n.mu.Unlock()
				n.failed = append(n.failed, what)
			},
		}
		for _, f := range change {
			f(&c)
		}
		n.list = append(n.list, New(c))
	}
	return n
}

func lone(c *Config) { c.Fleet, c.Settled = nil, nil }

func (n *nodes) get(t *testing.T, node int) Result {
	t.Helper()
	result, err := n.list[node].Render(t.Context(), picture(1), "")
	if err != nil {
		t.Errorf("node %d: %v", node, err)
		return Result{Entry: &cache.Entry{Body: blob.New(nil)}}
	}
	return result
}

// purge purges everything that was begun before now.
func (n *nodes) purge(t *testing.T, soft bool) {
	t.Helper()
	if _, err := n.ledger.Add(purge.Rule{Selector: purge.All, Soft: soft}); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Nanosecond) // what begins in the same nanosecond is purged, too
}

// went fails the test unless the source was asked and images were made as often as given since the start.
func (n *nodes) went(t *testing.T, fetches, made int64) {
	t.Helper()
	if f, m := n.sources.fetches.Load(), n.engine.made.Load(); f != fetches || m != made {
		t.Errorf("%d fetches and %d images made, want %d and %d", f, m, fetches, made)
	}
}

func (n *nodes) told() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Join(n.failed, " ")
}
