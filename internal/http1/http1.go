// Package http1 stands in front of an http.Server and answers plain requests with few system calls.
//
// A request's way:
//
//	accept    a connection gets a goroutine and a buffer
//	read      bytes, until a head is whole
//	judge     is it plain? GET or HEAD, HTTP/1.1, no body, every byte as RFC 9112 wants it
//	            yes: the handler is called here, in the connection's own goroutine, and its answer is
//	                 written: head and body in one call, a file by the kernel
//	            no:  the connection goes to the http.Server with the bytes that were read, and stays there
//
// What is not plain, or only looks odd, is never judged twice: net/http reads it from its first byte and is the one
// place that knows about bodies, upgrades, HTTP/2, HTTP/1.0 and malformed requests. So nothing can be read here in a way that
// net/http would not read it in; a fuzz test compares the two.
//
// Why at all: where an answer is in the cache, most of what net/http does for it is about what could have been. It starts a
// reader beside each handler to notice that the client leaves, wakes two goroutines for every request, sets four
// deadlines and writes the answer in two parts. Here a reader is started when a handler first asks whether the client is
// there (Context.Done), which a hit never does. BenchmarkServer has the figures.
//
// Differences that a handler can see: an answer without a Content-Type gets none (net/http would guess), one without a
// Content-Length ends with its connection, and the ResponseWriter neither flushes nor hijacks.
package http1

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Server answers plain requests itself and leaves all others to an http.Server.
type Server struct {
	// other also says what the handler is and how long anybody may take.
	other    *http.Server
	handover *handover
	isClosed atomic.Bool // no answer is followed by another on its connection

	mu        sync.Mutex
	closing   bool
	listeners map[*net.Listener]struct{} // by address: a listener need not be comparable
	conns     map[*conn]struct{}
	started   sync.WaitGroup // the http.Server's own loop
}

// New returns a server in front of s, which must not be started by anybody else. Of its fields count: Handler,
// ReadHeaderTimeout, WriteTimeout, IdleTimeout and ErrorLog; a time of 0 is none.
func New(s *http.Server) *Server {
	return &Server{
		other:     s,
		handover:  newHandover(),
		listeners: map[*net.Listener]struct{}{},
		conns:     map[*conn]struct{}{},
	}
}

// Serve accepts connections until the listener fails or the server ends, which is http.ErrServerClosed. It closes the
// listener.
func (s *Server) Serve(l net.Listener) error {
	defer func() { _ = l.Close() }() // closing twice does no harm
	if !s.begin(&l) {
		return http.ErrServerClosed
	}
	var pause time.Duration
	for {
		rwc, err := l.Accept()
		if err != nil {
			if s.ending() {
				return http.ErrServerClosed
			}
			if pause = wait(err, pause); pause > 0 {
				s.logf("http1: accept: %v; again in %v", err, pause)
				time.Sleep(pause)
				continue
			}
			return err
		}
		pause = 0
		c := newConn(s, rwc)
		if !s.add(c) {
			_ = rwc.Close() // nothing was said on it
			return http.ErrServerClosed
		}
		go c.serve()
	}
}

// wait returns how long to wait after an error of Accept: too many open files pass. 0 = the listener is done.
func wait(err error, last time.Duration) time.Duration {
	const least, most = 5 * time.Millisecond, time.Second
	var n net.Error
	if !errors.As(err, &n) || !n.Temporary() { //nolint:staticcheck // what net/http asks for the same reason
		return 0
	}
	return min(max(least, 2*last), most)
}

func (s *Server) begin(l *net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return false
	}
	if len(s.listeners) == 0 {
		s.handover.addr = (*l).Addr()
		s.started.Go(func() {
			// It ends when it is closed, and fails in no other way: its listener does not.
			_ = s.other.Serve(s.handover)
		})
	}
	s.listeners[l] = struct{}{}
	return true
}

func (s *Server) ending() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closing
}

func (s *Server) add(c *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return false
	}
	s.conns[c] = struct{}{}
	return true
}

func (s *Server) forget(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

// SetKeepAlivesEnabled says whether a connection may be used again after an answer. Switching it off closes those
// that wait for a request.
func (s *Server) SetKeepAlivesEnabled(enabled bool) {
	s.isClosed.Store(!enabled)
	s.other.SetKeepAlivesEnabled(enabled)
	if !enabled {
		s.closeIdle()
	}
}

// Shutdown closes the listeners, then connections as soon as they have answered. It returns when all are closed, or the
// cause of ctx.
func (s *Server) Shutdown(ctx context.Context) error {
	s.isClosed.Store(true)
	err := s.closeListeners()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !s.closeIdle() {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
	err = errors.Join(err, s.other.Shutdown(ctx))
	s.started.Wait()
	return err
}

// Close closes the listeners and all connections at once.
func (s *Server) Close() error {
	s.isClosed.Store(true)
	err := s.closeListeners()
	s.mu.Lock()
	for c := range s.conns {
		_ = c.rwc.Close() // whoever reads from it sees that
	}
	s.mu.Unlock()
	err = errors.Join(err, s.other.Close())
	s.started.Wait()
	return err
}

func (s *Server) closeListeners() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closing = true
	var all error
	for l := range s.listeners {
		if err := (*l).Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			all = errors.Join(all, err)
		}
	}
	clear(s.listeners)
	return all
}

// closeIdle closes the connections that wait for a request, and reports whether there are no others.
func (s *Server) closeIdle() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		if c.retire() {
			delete(s.conns, c)
		}
	}
	return len(s.conns) == 0
}

func (s *Server) logf(format string, args ...any) {
	if s.other.ErrorLog != nil {
		s.other.ErrorLog.Printf(format, args...)
	}
}
