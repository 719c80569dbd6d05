package render

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/source"
)

func TestFleetFillsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNodes(t)
		n.depot.takes = 500 * time.Millisecond
		var wg sync.WaitGroup
		var mu sync.Mutex
		statuses, bodies := map[string]int{}, map[string]bool{}
		for i := range 200 {
			wg.Go(func() {
				result := n.get(t, i%2)
				mu.Lock()
				defer mu.Unlock()
				statuses[string(result.Status.Append(nil))]++
				bodies[string(result.Body.Bytes())] = true
			})
		}
		wg.Wait()
		n.went(t, 1, 1)
		if len(bodies) != 1 {
			t.Errorf("%d different answers", len(bodies))
		}
		for status, times := range map[string]int{
			"stillroom; fwd=uri-miss; stored":          1,
			"stillroom; fwd=uri-miss; collapsed":       99,
			"stillroom; hit; ttl=3598; detail=object":  100, // a second to fetch, half a one to arrive
			"stillroom; hit; ttl=3600; detail=pending": 0,
		} {
			if statuses[status] != times {
				t.Errorf("%d answers say %q, want %d of %v", statuses[status], status, times, statuses)
			}
		}
		synctest.Wait()
		for node := range n.list {
			want(t, n.get(t, node), "stillroom; hit; ttl=3598; detail=memory") // promoted where it was found
		}
		if puts := n.depot.puts.Load(); puts != 1 {
			t.Errorf("%d writes to the shared store, want 1", puts)
		}
	})
}

// Clients of the node that fills do not wait until the others can find the result.
func TestSettlingDelaysNoClientHere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNodes(t)
		n.depot.takes = 1500 * time.Millisecond
		began := time.Now()
		done := make(chan time.Duration)
		go func() { n.get(t, 0); done <- time.Since(began) }()
		synctest.Wait()
		go func() { n.get(t, 1); done <- time.Since(began) }()
		if took := <-done; took != time.Second {
			t.Errorf("the client here was answered after %v, want the fetch's second", took)
		}
		if took := <-done; took != 2500*time.Millisecond {
			t.Errorf("the client there was answered after %v, want the fetch's second and the 1.5 of the way", took)
		}
		n.went(t, 1, 1)
	})
}

func TestWhatDoesNotArrive(t *testing.T) {
	for name, c := range map[string]struct {
		takes, answered time.Duration
		lost            error
	}{
		"late": {takes: time.Hour, answered: 4 * time.Second}, // two fetches and what settling may take
		"lost": {takes: time.Second, answered: 3 * time.Second, lost: errors.New("the queue is full")},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNodes(t)
				n.depot.takes, n.depot.lost = c.takes, c.lost
				began := time.Now()
				go n.get(t, 0)
				synctest.Wait()
				want(t, n.get(t, 1), "stillroom; fwd=uri-miss; stored")
				if took := time.Since(began); took != c.answered {
					t.Errorf("the node that waited answered after %v, want %v", took, c.answered)
				}
				n.went(t, 2, 2)
				time.Sleep(2 * time.Hour)
				if told := n.told(); told != "" {
					t.Errorf("reported %q, which the tier has to report", told)
				}
			})
		})
	}
}

// A request that comes after a purge neither waits for a fill from before it nor gets what that made.
func TestPurgeWhileAnotherNodeFills(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNodes(t)
		n.sources.delay = 10 * time.Second
		before := make(chan Result, 1)
		go func() { before <- n.get(t, 0) }()
		time.Sleep(5 * time.Second)
		n.purge(t, false)
		n.sources.set("v2")
		began := time.Now()
		after := n.get(t, 1)
		if took := time.Since(began); took != 10*time.Second {
			t.Errorf("answered after %v, want a fetch of its own", took)
		}
		<-before
		synctest.Wait()
		for node := range n.list {
			if got := string(n.get(t, node).Body.Bytes()); got != string(after.Body.Bytes()) || !strings.HasSuffix(got, "of pixels v2") {
				t.Errorf("node %d has %q after the purge", node, got)
			}
		}
		n.went(t, 2, 2)
	})
}

// What nodes hold from before a purge does not hide what one of them has made since, and is not deleted with it.
func TestOneFillAfterAPurge(t *testing.T) {
	for name, soft := range map[string]bool{"hard": false, "soft": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNodes(t)
				for node := range n.list {
					n.get(t, node)
					time.Sleep(time.Second)
				}
				n.sources.set("v2")
				n.purge(t, soft)
				for range 3 { // soft: the first is answered with the stale one
					for node := range n.list {
						n.get(t, node)
						time.Sleep(2 * time.Second)
					}
				}
				for node := range n.list {
					if got := string(n.get(t, node).Body.Bytes()); !strings.HasSuffix(got, "of pixels v2") {
						t.Errorf("node %d has %q", node, got)
					}
				}
				n.went(t, 2, 2)
			})
		})
	}
}

func TestWhatMustNotBeStoredIsNotWaitedForTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNodes(t)
		n.sources.freshness = source.Freshness{NoStore: true}
		began := time.Now()
		go n.get(t, 0)
		synctest.Wait()
		want(t, n.get(t, 1), "stillroom; fwd=uri-miss")
		if took := time.Since(began); took != 2*time.Second {
			t.Errorf("answered after %v, want two fetches' time", took)
		}
		n.went(t, 2, 2)
	})
}

func TestLastingFailureIsEachNodesOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNodes(t)
		n.engine.fails = fault.New(fault.Broken, "test", "cut short")
		fails := func(node int) {
			t.Helper()
			var cause *fault.Error
			if _, err := n.list[node].Render(t.Context(), picture(1), ""); !errors.As(err, &cause) || cause.Kind != fault.Broken || cause.Until.IsZero() {
				t.Errorf("node %d: %v, want a broken image that is remembered", node, err)
			}
		}
		var wg sync.WaitGroup
		wg.Go(func() { fails(0) })
		synctest.Wait()
		wg.Go(func() { fails(1) })
		wg.Wait()
		n.went(t, 2, 2)
		asked := n.fleet.asked()
		fails(0)
		fails(1)
		n.went(t, 2, 2)
		if n.fleet.asked() != asked {
			t.Error("the fleet is asked for what is remembered here")
		}
	})
}

// Work that all clients of a node have left is taken over by the next node.
func TestWorkThatIsLeftIsTakenOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNodes(t)
		n.sources.delay = 20 * time.Second
		ctx, leave := context.WithCancel(t.Context())
		gone := make(chan error, 1)
		go func() {
			_, err := n.list[0].Render(ctx, picture(1), "")
			gone <- err
		}()
		synctest.Wait()
		time.AfterFunc(5*time.Second, leave)
		began := time.Now()
		want(t, n.get(t, 1), "stillroom; fwd=uri-miss; stored")
		if took := time.Since(began); took != 25*time.Second {
			t.Errorf("answered after %v, want the 5s until the other's client left and a fetch", took)
		}
		if err := <-gone; !fault.Is(err, fault.Canceled) {
			t.Errorf("the client that left got %v", err)
		}
	})
}

func TestWaitingEndsWithTheRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNodes(t)
		n.sources.delay = 20 * time.Second
		go n.get(t, 0)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		began := time.Now()
		if _, err := n.list[1].Render(ctx, picture(1), ""); !fault.Is(err, fault.Timeout) {
			t.Errorf("got %v, want kind Timeout", err)
		}
		if took := time.Since(began); took != 5*time.Second {
			t.Errorf("the request took %v, its deadline was after 5s", took)
		}
		synctest.Wait()
		if running := n.list[1].fills.Running(); running != 0 {
			t.Errorf("%d flights wait on for nobody", running)
		}
		time.Sleep(20 * time.Second)
		n.went(t, 1, 1)
	})
}

// A flight goes on for a while after its answer: what is kept is handed to who comes then, what must not be kept is not.
func TestRequestDuringTheRestOfAFlight(t *testing.T) {
	for name, c := range map[string]struct {
		says   source.Freshness
		second string
		made   int64
	}{
		"kept":     {source.Freshness{}, "stillroom; hit; ttl=3599; detail=pending", 1},
		"no-store": {source.Freshness{NoStore: true}, "stillroom; fwd=uri-miss", 2},
		"private":  {source.Freshness{Private: true}, "stillroom; fwd=uri-miss", 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNodes(t)
				n.list[0].Fleet = &slowFleet{localFleet: n.fleet, after: 5 * time.Second}
				n.list[0].Store, n.list[0].Again = forgetful{n.list[0].Store}, forgetful{n.list[0].Again}
				n.sources.freshness = c.says
				n.get(t, 0)
				want(t, n.get(t, 0), c.second)
				n.went(t, c.made, c.made)
				time.Sleep(time.Minute)
			})
		})
	}
}

// forgetful is a store that finds nothing.
type forgetful struct{ cache.Store }

func (forgetful) Get(context.Context, cache.Key) (*cache.Entry, error) {
	return nil, cache.NotFound("forgotten")
}
