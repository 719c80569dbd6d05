package http1

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// requestContext is a request's context. It begins to watch the connection when somebody first asks to be told.
type requestContext struct {
	conn *conn

	mu      sync.Mutex
	done    chan struct{}
	err     error
	watched chan struct{} // closed when the watching has ended; nil = nobody watches
}

var _ context.Context = (*requestContext)(nil)

// Deadline implements context.Context.
func (*requestContext) Deadline() (deadline time.Time, ok bool) { return }

// Done implements context.Context: the channel is closed when the client leaves or the request has been answered.
func (r *requestContext) Done() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.done == nil {
		r.done = make(chan struct{})
		if r.err != nil {
			close(r.done)
		} else {
			r.watched = make(chan struct{})
			r.conn.beginWatch() // here and not by the goroutine, so that end comes after it
			go r.watch()
		}
	}
	return r.done
}

// Err implements context.Context.
func (r *requestContext) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// Value implements context.Context.
func (r *requestContext) Value(key any) any {
	switch key {
	case http.ServerContextKey:
		return r.conn.server.other
	case http.LocalAddrContextKey:
		return r.conn.rwc.LocalAddr()
	}
	return nil
}

// watch waits for the client to leave. Bytes that come are the next request, and whoever sends them is still there.
func (r *requestContext) watch() {
	defer close(r.watched)
	if gone := r.conn.watch(); gone {
		r.cancel()
	}
}

func (r *requestContext) cancel() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = context.Canceled
		if r.done != nil {
			close(r.done)
		}
	}
}

// end ends the context and the watching. The connection's buffer belongs to its own goroutine afterwards.
func (r *requestContext) end() {
	r.cancel()
	// Nobody begins to watch from here on.
	if r.watched != nil {
		r.conn.interruptWatch()
		<-r.watched
		r.conn.readBy = time.Time{}
	}
}
