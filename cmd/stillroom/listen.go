package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/stillroom/stillroom/internal/config"
)

// listen opens the public listener.
func listen(ctx context.Context, c config.Server) (net.Listener, error) {
	var lc net.ListenConfig
	if c.ReusePort {
		lc.Control = reusePort
	}
	l, err := lc.Listen(ctx, c.Network, c.Bind)
	if err != nil {
		return nil, fmt.Errorf("STILLROOM_BIND: %w", err)
	}
	if c.MaxClients > 0 {
		l = &bounded{Listener: l, slots: make(chan struct{}, c.MaxClients), closed: make(chan struct{})}
	}
	return l, nil
}

func reusePort(_, _ string, conn syscall.RawConn) error {
	var failed error
	err := conn.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
	})
	if err != nil {
		return err
	}
	return failed
}

// bounded accepts no more connections than it has slots; the others wait in the kernel's backlog.
type bounded struct {
	net.Listener

	slots  chan struct{}
	closed chan struct{}
	once   sync.Once
}

// Accept implements net.Listener.
func (b *bounded) Accept() (net.Conn, error) {
	select {
	case b.slots <- struct{}{}:
	case <-b.closed:
		return nil, net.ErrClosed
	}
	conn, err := b.Listener.Accept()
	if err != nil {
		<-b.slots
		return nil, err
	}
	return &slotted{Conn: conn, free: func() { <-b.slots }}, nil
}

// Close implements net.Listener.
func (b *bounded) Close() error {
	b.once.Do(func() { close(b.closed) })
	return b.Listener.Close()
}

// slotted gives its slot back when it closes.
type slotted struct {
	net.Conn

	once sync.Once
	free func()
}

// Close implements net.Conn.
func (s *slotted) Close() error {
	err := s.Conn.Close()
	s.once.Do(s.free)
	return err
}

// Socket returns what is wrapped: bytes pass unchanged.
func (s *slotted) Socket() net.Conn { return s.Conn }

// ReadFrom implements io.ReaderFrom, so that a file still goes out through sendfile.
func (s *slotted) ReadFrom(r io.Reader) (int64, error) { return io.Copy(s.Conn, r) }
