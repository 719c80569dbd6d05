package fleet

import (
	"context"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/valkey-io/valkey-go"
	"go.uber.org/goleak"

	"github.com/stillroom/stillroom/internal/fleet/fleettest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long tests wait for what must happen; it costs time only where something is broken.
const patience = 20 * time.Second

// machine is a server that can be stopped, started and emptied.
type machine interface {
	address() string
	stop()
	start()
}

// machines are what the tests of the whole run against.
func machines(t *testing.T, test func(t *testing.T, m machine)) {
	t.Run("miniredis", func(t *testing.T) { test(t, newMini(t)) })
	t.Run("real", func(t *testing.T) { test(t, newProcess(t)) })
}

type mini struct {
	t *testing.T
	*miniredis.Miniredis
	at string
}

func newMini(t *testing.T) *mini {
	m := miniredis.RunT(t)
	return &mini{t, m, m.Addr()}
}

func (m *mini) address() string { return m.at }
func (m *mini) stop()           { m.Close() }
func (m *mini) start() {
	if err := m.Restart(); err != nil {
		m.t.Fatal(err)
	}
}

// process is a real server.
type process struct{ *fleettest.Server }

func newProcess(t *testing.T) process { return process{fleettest.Start(t)} }

func (p process) address() string { return p.Address() }
func (p process) stop()           { p.Stop() }
func (p process) start()          { p.Start() }

// proxy stands between a client and a server, to delay and to spoil what is answered and to cut connections.
type proxy struct {
	listener net.Listener
	to       atomic.Value // string: where connections that are made from now on lead to
	delay    atomic.Int64 // nanoseconds
	refuses  atomic.Bool
	adds     atomic.Value // string: what it adds to all that is answered

	mu    sync.Mutex
	conns []net.Conn
	wg    sync.WaitGroup
}

func newProxy(t *testing.T, to string) *proxy {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l}
	p.to.Store(to)
	p.wg.Go(p.serve)
	t.Cleanup(func() {
		l.Close()
		p.delay.Store(0)
		p.cut()
		p.wg.Wait()
	})
	return p
}

func (p *proxy) serve() {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			return
		}
		s, err := net.Dial("tcp", p.to.Load().(string))
		if err != nil || p.refuses.Load() {
			c.Close()
			if err == nil {
				s.Close()
			}
			continue
		}
		p.mu.Lock()
		p.conns = append(p.conns, c, s)
		p.mu.Unlock()
		p.wg.Go(func() { _, _ = io.Copy(s, c); s.Close() })
		p.wg.Go(func() { p.answer(c, s); c.Close() })
	}
}

func (p *proxy) answer(c, s net.Conn) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := s.Read(buffer)
		time.Sleep(time.Duration(p.delay.Load()))
		b := buffer[:n]
		if more, _ := p.adds.Load().(string); n > 0 {
			b = append(b, more...)
		}
		if _, failed := c.Write(b); err != nil || failed != nil {
			return
		}
	}
}

// cut ends all connections without a word.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.Close()
	}
	p.conns = nil
}

// connect returns a client that has a connection.
func connect(t *testing.T, address string) *Client {
	t.Helper()
	return connectWith(t, address, Config{})
}

func connectWith(t *testing.T, address string, c Config) *Client {
	t.Helper()
	c.URL = "redis://" + address
	if c.CallTimeout == 0 {
		c.CallTimeout = time.Second // of a busy machine under the race detector
	}
	c.Log = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
	f, err := Connect(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	up(t, f)
	return f
}

func up(t *testing.T, f *Client) {
	t.Helper()
	select {
	case <-f.circuit.whenClosed():
	case <-time.After(patience):
		t.Fatal("no connection")
	}
}

func down(t *testing.T, f *Client) {
	t.Helper()
	select {
	case <-f.circuit.whenOpen():
	case <-time.After(patience):
		t.Fatal("the circuit stays closed")
	}
}

// command sends a command of a test's own.
func command(t *testing.T, address string, words ...string) {
	t.Helper()
	option, err := parse("redis://" + address)
	if err != nil {
		t.Fatal(err)
	}
	c, err := valkey.NewClient(option)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := c.Do(ctx, c.B().Arbitrary(words[0]).Args(words[1:]...).Build()).Error(); err != nil {
		t.Fatalf("%v: %v", words, err)
	}
}

// eventually waits for what another process or goroutine brings about.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}
