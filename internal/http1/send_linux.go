package http1

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// sendFile sends a head and n bytes of a file from off on: two calls where the socket has room, and no packet for the head
// alone, because the kernel keeps it until the body joins it (MSG_MORE of send(2)).
func (c *conn) sendFile(head []byte, f *os.File, off, n int64) (int64, error) {
	file, err := f.SyscallConn()
	if err != nil || c.raw == nil {
		return c.copyFile(head, f, off, n)
	}
	t := transfer{head: head, off: off, left: n}
	var waited error
	if err := file.Control(func(from uintptr) {
		waited = c.raw.Write(func(to uintptr) bool { return t.advance(int(to), int(from)) })
	}); err != nil {
		return 0, err
	}
	if t.err == nil {
		t.err = waited
	}
	return n - t.left, t.err
}

// transfer is what is left to send.
type transfer struct {
	head      []byte
	off, left int64
	err       error
}

// most is what the kernel sends in one call (sendfile(2)).
const most = 0x7ffff000

// advance sends until all is sent or fails, or the socket is full: then it reports false.
func (t *transfer) advance(to, from int) bool {
	for {
		var err error
		var call string
		switch {
		case len(t.head) > 0:
			call = "sendmsg"
			var n int
			n, err = unix.SendmsgN(to, t.head, nil, nil, unix.MSG_MORE|unix.MSG_NOSIGNAL)
			t.head = t.head[max(n, 0):]
		case t.left > 0:
			call = "sendfile"
			var n int
			n, err = unix.Sendfile(to, from, &t.off, int(min(t.left, most)))
			t.left -= int64(max(n, 0))
			if n == 0 && err == nil {
				t.err = io.ErrUnexpectedEOF
				return true
			}
		default:
			return true
		}
		switch err {
		case nil, unix.EINTR:
		case unix.EAGAIN:
			return false
		default:
			t.err = os.NewSyscallError(call, err)
			return true
		}
	}
}
