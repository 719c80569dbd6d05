package render

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stillroom/stillroom/internal/cache"
)

// stale lets both nodes hold what is past its freshness now.
func (n *nodes) stale(t *testing.T) {
	t.Helper()
	for node := range n.list {
		n.get(t, node)
		synctest.Wait()
	}
	time.Sleep(time.Hour)
}

// One node makes a stale entry anew. The others serve the stale one meanwhile, wait for nobody, ask the fleet now and
// then, and find what was made.
func TestFleetRefreshesOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNodes(t)
		n.stale(t)
		n.sources.set("v2")
		n.sources.delay = 10 * time.Second
		began, asked := time.Now(), n.fleet.asked()
		for range 100 { // for five seconds
			for node := range n.list {
				if result := n.get(t, node); result.Status.Detail != "stale-while-revalidate" {
					t.Errorf("node %d: %s", node, result.Status.Append(nil))
				}
			}
			time.Sleep(50 * time.Millisecond)
		}
		if took := time.Since(began); took != 5*time.Second {
			t.Errorf("requests waited: the whole took %v", took)
		}
		if times := n.fleet.asked() - asked; times > 7 {
			t.Errorf("the fleet was asked %d times in five seconds, want once by one node and about once a second by the other", times)
		}
		time.Sleep(10 * time.Second)
		for node := range n.list {
			n.get(t, node) // of the node that left the work to the other, it finds the result
			synctest.Wait()
		}
		for node := range n.list {
			want(t, n.get(t, node), "stillroom; hit; ttl=3585; detail=memory")
		}
		n.went(t, 2, 2)
		if puts := n.depot.puts.Load(); puts != 2 {
			t.Errorf("%d writes to the shared store, want one for each version", puts)
		}
	})
}

// A place for background work is not held while a result is on its way to the others.
func TestSettlingHoldsNoPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNodes(t, func(c *Config) { c.Background, c.SettleTimeout = 1, time.Hour })
		for i := range 3 {
			if _, err := n.list[0].Render(t.Context(), picture(i), ""); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		n.depot.takes = time.Hour
		n.sources.delay = 0
		for i := range 3 {
			if _, err := n.list[0].Render(t.Context(), picture(i), ""); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		if f := n.sources.fetches.Load(); f != 6 {
			t.Errorf("%d fetches, want one more for each of three stale pictures", f)
		}
		time.Sleep(2 * time.Hour)
	})
}

// Who must wait for a result does not get along with a refresh that left it to another node.
func TestRequestJoinsARefreshThatLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &slowFleet{before: time.Second}
		n := newNodes(t)
		slow.localFleet = n.fleet
		n.list[1].Fleet = slow
		n.stale(t)
		n.sources.delay = 10 * time.Second
		n.get(t, 0) // begins to refresh
		synctest.Wait()
		n.get(t, 1) // begins to ask
		synctest.Wait()
		if err := n.memory[1].Delete(t.Context(), picture(1).Key); err != nil {
			t.Fatal(err)
		}
		n.depot.clear()
		began := time.Now()
		want(t, n.get(t, 1), "stillroom; hit; ttl=3590; detail=object")
		if took := time.Since(began); took != 10*time.Second {
			t.Errorf("answered after %v, want what the other node's fetch takes", took)
		}
		n.went(t, 2, 1)
	})
}

// slowFleet takes its time to answer an Attempt and to take note of what a Collapse has made.
type slowFleet struct {
	*localFleet

	before, after time.Duration
}

func (s *slowFleet) Attempt(ctx context.Context, name string, look func(context.Context) bool, fill func(context.Context) error) (bool, error) {
	time.Sleep(s.before)
	return s.localFleet.Attempt(ctx, name, look, fill)
}

func (s *slowFleet) Collapse(ctx context.Context, name string, look func(context.Context) bool, fill func(context.Context) error) error {
	err := s.localFleet.Collapse(ctx, name, look, fill)
	time.Sleep(s.after)
	return err
}

// Nodes that share a store and nothing else find what one of them has made anew.
func TestStaleHereLooksIntoWhatIsShared(t *testing.T) {
	for name, stale := range map[string]time.Duration{"in the background": 0, "while the request waits": time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNodes(t, lone)
				n.stale(t)
				time.Sleep(stale)
				for node := range n.list {
					n.get(t, node)
					time.Sleep(2 * time.Second)
				}
				for node := range n.list {
					if result := n.get(t, node); result.Status.Detail != "memory" || result.Status.TTL < 0 {
						t.Errorf("node %d: %s", node, result.Status.Append(nil))
					}
				}
				n.went(t, 2, 1)
				if puts := n.depot.puts.Load(); puts != 2 {
					t.Errorf("%d writes to the shared store, want one by each fetch", puts)
				}
			})
		})
	}
}

// A shared entry that is newer than the one here and stale as well is the one that is made anew.
func TestNewerButStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNodes(t, lone)
		n.stale(t)
		n.sources.set("v2")
		n.get(t, 0)
		time.Sleep(time.Hour + 2*time.Second) // both are stale, the one of node 1 too much so to be served
		want(t, n.get(t, 1), "stillroom; fwd=stale; fwd-status=304; stored")
		n.went(t, 3, 2)
	})
}

// A cold miss pays for one look into what is shared, not for two.
func TestColdMissAsksSharedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNodes(t, lone)
		want(t, n.get(t, 0), "stillroom; fwd=uri-miss; stored")
		if gets := n.depot.gets.Load(); gets != 1 {
			t.Errorf("%d look-ups in the shared store, want 1", gets)
		}
	})
}

// Flights from before and after a purge, and of different keys, have different names between nodes.
func TestNamesOfFlights(t *testing.T) {
	seen := map[string]flight{}
	for _, f := range []flight{{}, {purged: 1}, {purged: 1 << 60}, {key: cache.Key{1}}, {key: cache.Key{1}, purged: 1}} {
		if other, ok := seen[f.name()]; ok {
			t.Errorf("%v and %v are both called %s", f, other, f.name())
		}
		seen[f.name()] = f
	}
}
