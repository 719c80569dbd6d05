package http1

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
)

// exchange is a request and its answer. It is the handler's ResponseWriter.
type exchange struct {
	conn    *conn
	head    head
	context requestContext

	header  http.Header // the connection's, for no longer than this answer
	status  int         // 0 = WriteHeader has not been called
	held    bool        // the head is in conn.out and not yet sent
	silent  bool        // the answer has no body: to HEAD, and 204 and 304
	length  int64       // of the body as the header says; -1 = it does not
	sent    int64       // bytes of body
	failed  bool        // to write
	isFinal bool        // the connection ends after it
}

var _ http.ResponseWriter = (*exchange)(nil)

// answer lets the handler answer, and reports whether the connection may be used again.
func (x *exchange) answer() bool {
	c := x.conn
	x.context.conn = c
	x.header = c.header
	clear(x.header)
	x.isFinal = x.head.last || c.server.isClosed.Load()
	request := http.Request{
		Method: x.head.method, URL: &x.head.url, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: x.head.header, Host: x.head.host, Body: http.NoBody, RemoteAddr: c.remote, RequestURI: x.head.target,
		Close: x.head.last,
	}
	c.writeWithin(c.server.other.WriteTimeout)
	defer x.context.end()
	c.server.other.Handler.ServeHTTP(x, request.WithContext(&x.context))
	return x.finish()
}

// Header implements http.ResponseWriter.
func (x *exchange) Header() http.Header { return x.header }

// WriteHeader implements http.ResponseWriter. Statuses below 200 are sent at once; another one follows.
func (x *exchange) WriteHeader(status int) {
	switch {
	case status < 100 || status > 999:
		panic(fmt.Sprintf("http1: want a status of three digits, got %d", status))
	case x.status != 0:
		x.conn.server.logf("http1: a second status, %d after %d", status, x.status)
		return
	}
	c := x.conn
	if status < 200 {
		x.write(c.appendHead(c.out[:0], status, x.header, nil, false))
		return
	}
	x.status, x.held = status, true
	x.silent = x.head.method == http.MethodHead || bodiless(status)
	x.length = announced(x.header)
	if x.length < 0 && !x.silent {
		x.isFinal = true // the end of the connection is the end of the body
	}
	x.isFinal = x.isFinal || says(x.header, "Connection", "close")
	c.out = c.appendHead(c.out[:0], status, x.header, omitted(status, x.length), x.isFinal)
}

// Write implements http.ResponseWriter. What is more than the Content-Length is http.ErrContentLength.
func (x *exchange) Write(p []byte) (int, error) {
	if err := x.admit(int64(len(p))); err != nil {
		return 0, err
	}
	if x.silent { // HEAD: what is written counts, and goes nowhere
		x.sent += int64(len(p))
		return len(p), nil
	}
	var n int64
	var err error
	if x.held {
		x.held = false
		c := x.conn
		head := int64(len(c.out))
		c.parts = [2][]byte{c.out, p}
		both := net.Buffers(c.parts[:])
		n, err = both.WriteTo(c.socket)
		c.parts = [2][]byte{}
		n = max(n-head, 0)
	} else {
		var m int
		m, err = x.conn.socket.Write(p)
		n = int64(m)
	}
	x.sent += n
	x.failed = x.failed || err != nil
	return int(n), err
}

// WriteFile writes n bytes of a file from off on, if possible without reading them into the process. The file's
// own offset does not count and may change.
func (x *exchange) WriteFile(f *os.File, off, n int64) (int64, error) {
	if err := x.admit(n); err != nil {
		return 0, err
	}
	if x.silent {
		x.sent += n
		return n, nil
	}
	var head []byte
	if x.held {
		x.held, head = false, x.conn.out
	}
	sent, err := x.conn.sendFile(head, f, off, n)
	x.sent += sent
	x.failed = x.failed || err != nil
	return sent, err
}

// admit reports whether another n bytes may be written.
func (x *exchange) admit(n int64) error {
	if x.status == 0 {
		x.WriteHeader(http.StatusOK)
	}
	switch {
	case bodiless(x.status):
		return http.ErrBodyNotAllowed
	case x.length >= 0 && x.sent+n > x.length:
		x.failed = !x.silent // whatever the handler thinks it says, the client has not got it
		return http.ErrContentLength
	}
	return nil
}

func (x *exchange) write(p []byte) {
	if _, err := x.conn.socket.Write(p); err != nil {
		x.failed = true
	}
}

// finish completes the answer, and reports whether the connection may be used again.
func (x *exchange) finish() bool {
	if x.status == 0 {
		if announced(x.header) < 0 && x.head.method != http.MethodHead {
			x.header["Content-Length"] = []string{"0"}
		}
		x.WriteHeader(http.StatusOK)
	}
	if x.held {
		x.held = false
		x.write(x.conn.out)
	}
	whole := x.silent || x.length < 0 || x.sent == x.length
	return whole && !x.failed && !x.isFinal && !x.conn.server.isClosed.Load()
}

// announced returns the Content-Length of a header; -1 = it has none that makes sense.
func announced(h http.Header) int64 {
	lines := h["Content-Length"]
	if len(lines) != 1 {
		return -1
	}
	n, err := strconv.ParseInt(lines[0], 10, 64)
	if err != nil || n < 0 {
		return -1
	}
	return n
}
