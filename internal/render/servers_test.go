package render

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/fleet"
	"github.com/stillroom/stillroom/internal/fleet/fleettest"
)

var _ Fleet = (*fleet.Leases)(nil)

// patience is how long tests wait for what must happen; it costs time only where something is broken.
const patience = 20 * time.Second

// connected are nodes that meet at a real server.
type connected struct {
	*nodes

	server  *fleettest.Server
	clients []*fleet.Client
	leases  []*fleet.Leases
}

func newConnected(t *testing.T, c fleet.LeasesConfig) *connected {
	t.Helper()
	s := &connected{nodes: newNodes(t, func(c *Config) {
		c.Sources = &sources{version: "v1", delay: 50 * time.Millisecond} // a node's own
	}), server: fleettest.Start(t)}
	for i := range s.list {
		client, err := fleet.Connect(fleet.Config{
			URL: s.server.URL(), CallTimeout: time.Second, // of a busy machine under the race detector
			Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { client.Close() })
		s.clients = append(s.clients, client)
		s.leases = append(s.leases, fleet.NewLeases(client, c))
		s.list[i].Fleet = s.leases[i]
	}
	s.up(t, true)
	return s
}

// up waits until both nodes have a connection, or none.
func (s *connected) up(t *testing.T, up bool) {
	t.Helper()
	eventually(t, fmt.Sprint("connected: ", up), func() bool { return s.clients[0].Up() == up && s.clients[1].Up() == up })
}

func (s *connected) fetches() int64 {
	return s.list[0].Sources.(*sources).fetches.Load() + s.list[1].Sources.(*sources).fetches.Load()
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

func TestTwoNodesAtARealServer(t *testing.T) {
	s := newConnected(t, fleet.LeasesConfig{})
	s.depot.takes = 20 * time.Millisecond
	var wg sync.WaitGroup
	var bodies sync.Map
	for i := range 200 {
		wg.Go(func() { bodies.Store(string(s.get(t, i%2).Body.Bytes()), true) })
	}
	wg.Wait()
	different := 0
	bodies.Range(func(any, any) bool { different++; return true })
	if f, m := s.fetches(), s.engine.made.Load(); f != 1 || m != 1 || different != 1 {
		t.Errorf("%d fetches, %d images made, %d different answers; want 1 of each", f, m, different)
	}
	eventually(t, "no lease is held and nobody waits", func() bool {
		return s.leases[0].Held()+s.leases[1].Held()+s.leases[0].Waiting()+s.leases[1].Waiting() == 0
	})
}

// A node that dies while it fills costs the others the time of its lease.
func TestNodeDiesWhileItFills(t *testing.T) {
	const ttl = 500 * time.Millisecond
	s := newConnected(t, fleet.LeasesConfig{TTL: ttl, Poll: 50 * time.Millisecond})
	stuck := s.list[0].Sources.(*sources)
	stuck.delay = 2 * patience
	s.list[0].Timeout = 0
	ended := make(chan error)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		_, err := s.list[0].Render(ctx, picture(1), "")
		ended <- err
	}()
	eventually(t, "the first node holds the lease", func() bool { return s.leases[0].Held() == 1 })
	began := time.Now()
	s.clients[0].Close() // as if it were gone: it renews nothing and gives nothing back
	s.get(t, 1)
	if took := time.Since(began); took > ttl+time.Second {
		t.Errorf("answered after %v, want about the lease's %v and a fetch", took, ttl)
	}
	cancel()
	if err := <-ended; !fault.Is(err, fault.Canceled) {
		t.Errorf("the client of the node that is stuck got %v", err)
	}
	if m := s.engine.made.Load(); m != 1 {
		t.Errorf("%d images made, want 1", m)
	}
}

// Requests are answered, and none waits long, while the server stops, is away, comes back, and says nothing.
func TestServerFailsWhileNodesRender(t *testing.T) {
	s := newConnected(t, fleet.LeasesConfig{})
	for i := range s.list {
		s.list[i].Sources.(*sources).delay = time.Millisecond
	}
	var served atomic.Int64
	over := make(chan struct{})
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for n := byte(0); ; n++ {
				select {
				case <-over:
					return
				default:
				}
				p := picture(0)
				p.Key = cache.Key{byte(i / 4), n, byte(served.Load() >> 4)} // four workers, two of each node, want the same
				began := time.Now()
				if _, err := s.list[i%2].Render(t.Context(), p, ""); err != nil {
					t.Errorf("a request failed: %v", err)
				}
				if took := time.Since(began); took > 10*time.Second {
					t.Errorf("a request took %v", took)
				}
				served.Add(1)
			}
		})
	}
	serves := func() {
		t.Helper()
		before := served.Load()
		eventually(t, "requests are served", func() bool { return served.Load() > before+200 })
	}
	serves()
	s.server.Stop()
	serves()
	s.up(t, false)
	serves()
	s.server.Start()
	s.up(t, true)
	serves()
	close(over)
	wg.Wait()
}

// A server that was never there costs nothing.
func TestServerIsNotThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	n := newNodes(t)
	client, err := fleet.Connect(fleet.Config{URL: "redis://" + address})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	n.sources.delay = 0
	for i := range n.list {
		n.list[i].Fleet = fleet.NewLeases(client, fleet.LeasesConfig{})
	}
	began := time.Now()
	n.get(t, 0)
	n.get(t, 1)
	if took := time.Since(began); took > time.Second {
		t.Errorf("two requests took %v", took)
	}
}
