// Package fleet lets several nodes act as one: purges reach all of them, and one of them makes a result while the
// others wait for it. They meet at a Valkey or Redis server, which holds nothing that is not held elsewhere: it may be
// slow, be away, be emptied or say what it must not at any time. Whatever cannot be asked there within a moment is decided
// without it, so that the worst it can do to a request is to cost that moment.
package fleet

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valkey-io/valkey-go"
)

// The settings of a client that says nothing.
const (
	// DefaultPrefix begins the name of every key and channel.
	DefaultPrefix = "stillroom:"
	// DefaultCallTimeout is some hundred times what a server next door takes.
	DefaultCallTimeout = 100 * time.Millisecond
	// DefaultDialTimeout covers a name look-up, TCP, TLS and authentication. No request waits for it.
	DefaultDialTimeout = 2 * time.Second
)

// Config says where the nodes meet.
type Config struct {
	// URL is redis://, rediss://, valkey:// or valkeys://[user:password@]host[:port][/db], or
	// unix://[user:password@]/path[?db=n].
	URL string
	// Prefix begins every key and channel, so that fleets can share a server; "" = DefaultPrefix.
	Prefix string
	// CallTimeout bounds every call that a request waits for; 0 = DefaultCallTimeout.
	CallTimeout time.Duration
	// DialTimeout bounds making a connection, which happens in the background; 0 = DefaultDialTimeout.
	DialTimeout time.Duration
	// Log is told when the server comes and goes; nil = nobody is.
	Log *slog.Logger
	// Observer is told of every call; nil = nobody is.
	Observer Observer
}

// Client is a node's connection to the others. It is safe for concurrent use.
type Client struct {
	prefix      string
	callTimeout time.Duration
	option      valkey.ClientOption
	log         *slog.Logger
	observer    Observer

	circuit *circuit
	server  atomic.Pointer[link] // nil = there is no connection
	signals signals

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	mu     sync.Mutex
	closed bool
	tasks  sync.WaitGroup
}

// Connect returns a client and connects in the background, again and again: a server that is down is no error, one that
// is not understood is, of kind Internal.
func Connect(c Config) (*Client, error) {
	option, err := parse(c.URL)
	if err != nil {
		return nil, err
	}
	f := newClient(c, option)
	f.spawn(f.keepConnected)
	f.spawn(f.listen)
	return f, nil
}

// link is the way to the server: a client of the library.
type link struct {
	valkey.Client

	dropped chan struct{} // closed when another one takes its place
}

func newClient(c Config, option valkey.ClientOption) *Client {
	f := &Client{
		prefix: c.Prefix, callTimeout: c.CallTimeout, option: option, log: c.Log, observer: c.Observer,
	}
	if f.prefix == "" {
		f.prefix = DefaultPrefix
	}
	if f.callTimeout <= 0 {
		f.callTimeout = DefaultCallTimeout
	}
	if f.log == nil {
		f.log = slog.New(slog.DiscardHandler)
	}
	if f.observer == nil {
		f.observer = nobody{}
	}
	f.option.Dialer.Timeout = c.DialTimeout
	if c.DialTimeout <= 0 {
		f.option.Dialer.Timeout = DefaultDialTimeout
	}
	f.circuit = newCircuit(f.observer.Circuit)
	f.ctx, f.cancel = context.WithCancel(context.Background())
	return f
}

// Up reports whether the server is being asked. While it is not, everything is decided without it.
func (f *Client) Up() bool { return f.circuit.closed() }

// Close ends the connection and everything that was built on the client, and waits for it: some seconds where the server is
// silent. What is asked afterwards is decided alone. Leases that are held end by themselves.
func (f *Client) Close() error {
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	f.cancel()
	f.tasks.Wait()
	return nil
}

// spawn runs a task that Close waits for. It reports false, and does nothing, after Close.
func (f *Client) spawn(task func()) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return false
	}
	f.tasks.Go(task)
	return true
}
