package fleet

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"sync"
)

// conn is a connection on which the server's answers are looked at before the library reads them. The library (valkey-go
// 1.0.79) ends the process where there is one answer too many, or one with a length that cannot be, as what stands between
// us and a server may send; here that is a connection that broke.
type conn struct {
	net.Conn

	asked, answered frames // each is one goroutine's at a time

	mu  sync.Mutex
	due []int // what is to be answered, in order: 0 = a command, more = a SUBSCRIBE to so many channels
	// subscribed says that what is published comes unasked.
	subscribed bool
}

// dial connects over whatever the options say.
func dial(ctx context.Context, network, address string, dialer *net.Dialer, secure *tls.Config) (net.Conn, error) {
	var c net.Conn
	var err error
	if secure != nil {
		c, err = (&tls.Dialer{NetDialer: dialer, Config: secure}).DialContext(ctx, network, address)
	} else {
		c, err = dialer.DialContext(ctx, network, address)
	}
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c}, nil
}

// Write implements net.Conn.
func (c *conn) Write(b []byte) (int, error) {
	// Counted before they are sent, or an answer could come before that.
	if err := c.asked.feed(b, c.ask); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

// Read implements net.Conn.
func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if wrong := c.answered.feed(b[:n], c.answer); wrong != nil {
		return 0, wrong
	}
	return n, err
}

// ask takes note of a command.
func (c *conn) ask(m frame) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	channels := 0
	if strings.EqualFold(m.first, "SUBSCRIBE") {
		c.subscribed, channels = true, m.size-1
	}
	c.due = append(c.due, channels)
	return nil
}

// answer takes note of a message of the server, and refuses one that is no answer to what is due.
func (c *conn) answer(m frame) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.subscribed && m.first == "message" {
		return nil
	}
	confirms := strings.HasSuffix(m.first, "subscribe") && !strings.HasPrefix(m.first, "un")
	switch {
	case len(c.due) == 0:
		return fmt.Errorf("%w: it answers what it was not asked", errProtocol)
	case c.due[0] > 1 && confirms:
		c.due[0]--
	case (c.due[0] > 0) == confirms, m.kind == '-': // all channels may be refused at once
		c.due = c.due[1:]
	default:
		return fmt.Errorf("%w: it answers something else than it was asked", errProtocol)
	}
	return nil
}
