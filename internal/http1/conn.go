package http1

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"
)

// grace is how long a connection on which nothing has come yet is left open when the server ends: its first request may be
// on the way. It is net/http's time.
const grace = 5 * time.Second

// The states of a connection.
const (
	unused  int32 = iota // nothing has come yet
	waiting              // for another request
	busy                 // with a request
	retired              // closed by whoever ends the server
)

// conn is a connection and what is kept from one request to the next on it.
type conn struct {
	server *Server
	rwc    net.Conn
	socket net.Conn        // rwc, or what it wraps
	raw    syscall.RawConn // of socket; nil = it has none
	remote string
	born   time.Time
	state  atomic.Int32

	buffer []byte // what was read and not yet understood is buffer[:filled]
	filled int
	parts  [2][]byte // of an answer, for writing them in one call
	out    []byte    // heads of answers are made here
	names  []string  // of their fields
	header http.Header
	date   date

	// Deadlines are set anew only when the one that stands has become too short: setting one takes a lock of the runtime's
	// timers, and four settings for each request are a tenth of what net/http takes for one.
	readBy, writeBy time.Time
}

func newConn(s *Server, rwc net.Conn) *conn {
	c := &conn{
		server: s, rwc: rwc, socket: socketOf(rwc), remote: rwc.RemoteAddr().String(), born: time.Now(),
		buffer: make([]byte, maxHead/2), header: make(http.Header, 16),
	}
	if socket, ok := c.socket.(syscall.Conn); ok {
		c.raw, _ = socket.SyscallConn() // where there is none, there is no short cut
	}
	return c
}

// socketOf returns the socket in a wrapper that lets bytes through unchanged and says so.
func socketOf(c net.Conn) net.Conn {
	if w, ok := c.(interface{ Socket() net.Conn }); ok {
		return w.Socket()
	}
	return c
}

// serve answers requests until the connection ends or goes to the http.Server.
func (c *conn) serve() {
	given := false
	defer func() {
		c.server.forget(c)
		if !given {
			_ = c.rwc.Close() // the client has its answer, or is gone
		}
	}()
	defer c.survive()
	for {
		length, err := c.next()
		if err != nil {
			return
		}
		x := &exchange{conn: c}
		if length == 0 || !x.head.parse(string(c.buffer[:length])) {
			given = true
			c.handOver()
			return
		}
		c.filled = copy(c.buffer, c.buffer[length:c.filled])
		if !x.answer() {
			return
		}
		if c.filled == 0 {
			c.state.Store(waiting)
		}
	}
}

// survive keeps a handler that panics from ending the process. As in net/http, the client loses its connection and
// http.ErrAbortHandler is not logged.
func (c *conn) survive() {
	if p := recover(); p != nil && p != http.ErrAbortHandler { //nolint:errorlint // net/http compares it so, too
		c.server.logf("http1: panic serving %s: %v\n%s", c.remote, p, debug.Stack())
	}
}

// next reads until a head is whole and returns its length; 0 = it will not be a plain one.
func (c *conn) next() (int, error) {
	if c.filled == 0 {
		if err := c.await(); err != nil {
			return 0, err
		}
	}
	for begun := false; ; {
		if length := headLength(c.buffer[:c.filled]); length > 0 {
			return length, nil
		}
		if c.filled == maxHead || !promising(c.buffer[:c.filled]) {
			return 0, nil
		}
		if !begun {
			begun = true
			c.readBy = time.Time{} // what stands is for waiting
			c.readWithin(c.server.other.ReadHeaderTimeout)
		}
		if c.filled == len(c.buffer) {
			c.buffer = append(c.buffer, make([]byte, maxHead-len(c.buffer))...)
		}
		if err := c.read(); errors.Is(err, io.EOF) {
			return 0, nil // what begins and does not end has an answer, too
		} else if err != nil {
			return 0, err
		}
	}
}

// await waits for the first bytes of a request.
func (c *conn) await() error {
	state := c.state.Load()
	if state == unused {
		c.readWithin(c.server.other.ReadHeaderTimeout)
	} else {
		c.readWithin(c.server.other.IdleTimeout)
	}
	if err := c.read(); err != nil {
		return err
	}
	if !c.state.CompareAndSwap(state, busy) {
		return net.ErrClosed
	}
	return nil
}

// read reads at least one byte.
func (c *conn) read() error {
	n, err := c.rwc.Read(c.buffer[c.filled:])
	c.filled += n
	if n > 0 {
		return nil // an error comes again
	}
	return err
}

// slack is the share of a time by which it may be exceeded, so that deadlines need not be set for each request.
const slack = 16

func (c *conn) readWithin(limit time.Duration) {
	c.readBy = within(limit, c.readBy, c.rwc.SetReadDeadline)
}

func (c *conn) writeWithin(limit time.Duration) {
	c.writeBy = within(limit, c.writeBy, c.rwc.SetWriteDeadline)
}

// within sees to a deadline at least limit from now, or none for a limit of 0, and returns the one that stands. last is
// what it returned before; zero = something else may stand.
func within(limit time.Duration, last time.Time, set func(time.Time) error) time.Time {
	var by time.Time
	if limit <= 0 {
		if last.Equal(never) {
			return never
		}
		_ = set(by) // a connection that is closed says so when it is used
		return never
	}
	now := time.Now()
	if !last.Equal(never) && !last.Before(now.Add(limit)) {
		return last
	}
	by = now.Add(limit + limit/slack)
	_ = set(by) // as above
	return by
}

// never stands for no deadline.
var never = time.Unix(1<<40, 0)

// beginWatch prepares for watch.
func (c *conn) beginWatch() { _ = c.rwc.SetReadDeadline(time.Time{}) } // a connection that is closed says so when it is read

// watch waits for the client to leave, and reports whether it did. It ends early when bytes come, which it keeps, and
// when it is interrupted.
func (c *conn) watch() (gone bool) {
	if c.filled == len(c.buffer) {
		return false // it has sent what nobody reads before the next request
	}
	err := c.read()
	return err != nil && !errors.Is(err, os.ErrDeadlineExceeded)
}

// interruptWatch ends watch.
func (c *conn) interruptWatch() { _ = c.rwc.SetReadDeadline(time.Unix(1, 0)) } // see beginWatch

// handOver gives the connection and all that was read to the http.Server.
func (c *conn) handOver() {
	_ = c.rwc.SetDeadline(time.Time{}) // it sets its own
	c.server.handover.give(c.rwc, c.buffer[:c.filled])
}

// retire closes a connection that waits for a request, and reports whether it does.
func (c *conn) retire() bool {
	if !c.state.CompareAndSwap(waiting, retired) &&
		(time.Since(c.born) < grace || !c.state.CompareAndSwap(unused, retired)) {
		return false
	}
	_ = c.rwc.Close() // nobody is being answered
	return true
}
