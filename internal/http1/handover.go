package http1

import (
	"io"
	"net"
	"sync"
)

// handover is the listener from which the http.Server takes the connections that it is given.
type handover struct {
	addr   net.Addr
	given  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

var _ net.Listener = (*handover)(nil)

func newHandover() *handover {
	return &handover{given: make(chan net.Conn), closed: make(chan struct{})}
}

// give passes a connection on with the bytes that were read from it. It closes the connection if nobody takes it.
func (h *handover) give(c net.Conn, read []byte) {
	if len(read) > 0 {
		c = &replayed{Conn: c, read: read}
	}
	select {
	case h.given <- c:
	case <-h.closed:
		_ = c.Close() // the server ends
	}
}

// Accept implements net.Listener.
func (h *handover) Accept() (net.Conn, error) {
	select {
	case c := <-h.given:
		return c, nil
	case <-h.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (h *handover) Close() error {
	h.once.Do(func() { close(h.closed) })
	return nil
}

// Addr implements net.Listener.
func (h *handover) Addr() net.Addr { return h.addr }

// replayed is a connection that begins with bytes that were read from it.
type replayed struct {
	net.Conn

	read []byte
}

// Read implements net.Conn.
func (r *replayed) Read(p []byte) (int, error) {
	if len(r.read) == 0 {
		return r.Conn.Read(p)
	}
	n := copy(p, r.read)
	r.read = r.read[n:]
	return n, nil
}

// ReadFrom implements io.ReaderFrom, so that a file still goes out through the kernel.
func (r *replayed) ReadFrom(from io.Reader) (int64, error) { return io.Copy(r.Conn, from) }

// CloseWrite ends our half, which lets a client read an answer to what it has not finished sending.
func (r *replayed) CloseWrite() error {
	if half, ok := r.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
