package http1

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener of connections within the process, which keep time by a test's clock.
type pipes struct {
	given  chan net.Conn
	closed chan struct{}
}

func newPipes() *pipes { return &pipes{make(chan net.Conn), make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.given:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	select {
	case <-p.closed:
	default:
		close(p.closed)
	}
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func (p *pipes) dial() net.Conn {
	ours, theirs := net.Pipe()
	p.given <- theirs
	return ours
}

// start starts a server within a bubble, until the test ends.
func start(t *testing.T, s *http.Server) (*Server, *pipes) {
	t.Helper()
	p, front := newPipes(), New(s)
	ended := make(chan error)
	go func() { ended <- front.Serve(p) }()
	t.Cleanup(func() {
		if err := front.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("Serve ended with %v", err)
		}
	})
	return front, p
}

func say(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
}

// hear reads one answer and returns its body.
func hear(t *testing.T, r *bufio.Reader) string {
	t.Helper()
	response, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// closedWithin reports whether a connection is closed by the other side after at least and at most so long.
func closedWithin(t *testing.T, r *bufio.Reader, least, most time.Duration) {
	t.Helper()
	began := time.Now()
	if n, err := r.Read(make([]byte, 1)); n > 0 || !errors.Is(err, io.EOF) {
		t.Fatalf("%d bytes, %v; want the end of the connection", n, err)
	}
	if took := time.Since(began); took < least || took > most {
		t.Errorf("closed after %v, want %v to %v", took, least, most)
	}
}

const get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

func greet(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "2")
	_, _ = io.WriteString(w, "hi") // a client may leave
}

func TestTimes(t *testing.T) {
	s := func(h http.HandlerFunc) *http.Server {
		return &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, WriteTimeout: 40 * time.Second, IdleTimeout: time.Minute}
	}
	tests := map[string]func(t *testing.T, p *pipes){
		"a client that says nothing": func(t *testing.T, p *pipes) {
			c := p.dial()
			closedWithin(t, bufio.NewReader(c), 10*time.Second, 11*time.Second)
		},
		"a head that does not end": func(t *testing.T, p *pipes) {
			c := p.dial()
			time.Sleep(5 * time.Second)
			say(t, c, "GET / HTTP/1.1\r\n")
			var drip sync.WaitGroup
			drip.Go(func() {
				for err := error(nil); err == nil; time.Sleep(time.Second) {
					_, err = io.WriteString(c, "X: 1\r\n")
				}
			})
			closedWithin(t, bufio.NewReader(c), 10*time.Second, 11*time.Second)
			drip.Wait()
		},
		"between requests": func(t *testing.T, p *pipes) {
			c := p.dial()
			r := bufio.NewReader(c)
			for range 5 { // each time anew
				say(t, c, get)
				hear(t, r)
				time.Sleep(59 * time.Second)
			}
			say(t, c, get)
			hear(t, r)
			closedWithin(t, r, time.Minute, 64*time.Second)
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, p := start(t, s(greet))
				test(t, p)
			})
		})
	}
}

// A client that does not read its answer loses its connection.
func TestTimeToWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failed := make(chan error, 1)
		_, p := start(t, &http.Server{WriteTimeout: 40 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "10000")
			_, err := w.Write(make([]byte, 10_000))
			failed <- err
		})})
		c := p.dial()
		began := time.Now()
		say(t, c, get)
		if err := <-failed; err == nil {
			t.Error("nobody read, and it was written")
		}
		if took := time.Since(began); took < 40*time.Second || took > 43*time.Second {
			t.Errorf("given up after %v, want 40 to 43 seconds", took)
		}
	})
}

// Without times nobody is cut off.
func TestNoTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p := start(t, &http.Server{Handler: http.HandlerFunc(greet)})
		c := p.dial()
		r := bufio.NewReader(c)
		for range 3 {
			time.Sleep(1000 * time.Hour)
			say(t, c, get)
			hear(t, r)
		}
	})
}

// patient is a handler that waits for the client to leave or the test to go on.
type patient struct {
	entered, goOn, left chan struct{}
}

func newPatient() *patient {
	return &patient{make(chan struct{}), make(chan struct{}), make(chan struct{})}
}

func (p *patient) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.entered <- struct{}{}
	select {
	case <-p.goOn:
		greet(w, r)
	case <-r.Context().Done():
		if !errors.Is(r.Context().Err(), context.Canceled) {
			panic(fmt.Sprint("left, and the context says ", r.Context().Err()))
		}
		close(p.left)
	}
}

func TestClientLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newPatient()
		_, p := start(t, &http.Server{Handler: h})
		c := p.dial()
		say(t, c, get)
		<-h.entered
		_ = c.Close() // that is the point
		<-h.left
	})
}

// What comes while a handler works is the next request, whole or in part, and no sign of leaving.
func TestNextRequestComesEarly(t *testing.T) {
	for _, split := range []int{1, 5, len(get)} {
		t.Run(fmt.Sprint(split), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newPatient()
				_, p := start(t, &http.Server{Handler: h, ReadHeaderTimeout: time.Minute})
				c := p.dial()
				r := bufio.NewReader(c)
				say(t, c, get)
				<-h.entered
				synctest.Wait() // it watches
				say(t, c, get[:split])
				synctest.Wait() // it has seen that
				h.goOn <- struct{}{}
				if got := hear(t, r); got != "hi" {
					t.Errorf("answer %q", got)
				}
				go func() { _, _ = io.WriteString(c, get[split:]) }() // what is missing shows below
				<-h.entered
				h.goOn <- struct{}{}
				if got := hear(t, r); got != "hi" {
					t.Errorf("second answer %q", got)
				}
			})
		})
	}
}

// A context that outlives its request has ended, also for who asks only then.
func TestContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var kept context.Context
		s := &http.Server{}
		s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			kept = r.Context()
			if kept.Err() != nil {
				t.Errorf("ended before the answer: %v", kept.Err())
			}
			if kept.Value(http.ServerContextKey) != s || kept.Value(http.LocalAddrContextKey) == nil {
				t.Error("the context does not know its server and address")
			}
			greet(w, r)
		})
		_, p := start(t, s)
		c := p.dial()
		say(t, c, get)
		hear(t, bufio.NewReader(c))
		synctest.Wait()
		<-kept.Done()
		if !errors.Is(kept.Err(), context.Canceled) {
			t.Errorf("ended with %v", kept.Err())
		}
	})
}

func TestShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newPatient()
		s, p := start(t, &http.Server{Handler: h})
		idle, busy, other, unused := p.dial(), p.dial(), p.dial(), p.dial()
		readers := map[net.Conn]*bufio.Reader{}
		for _, c := range []net.Conn{idle, busy, other, unused} {
			readers[c] = bufio.NewReader(c)
		}
		say(t, idle, get)
		<-h.entered
		h.goOn <- struct{}{}
		hear(t, readers[idle])
		say(t, busy, get)
		<-h.entered
		say(t, other, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n") // net/http's
		<-h.entered

		began, ended := time.Now(), make(chan error)
		go func() { ended <- s.Shutdown(t.Context()) }()
		closedWithin(t, readers[idle], 0, 10*time.Millisecond)
		// Its first request may be on the way.
		closedWithin(t, readers[unused], 4*time.Second, 6*time.Second)
		time.Sleep(time.Minute)
		select {
		case err := <-ended:
			t.Fatalf("ended with requests unanswered: %v", err)
		default:
		}
		h.goOn <- struct{}{}
		h.goOn <- struct{}{}
		for _, c := range []net.Conn{busy, other} {
			if got := hear(t, readers[c]); got != "hi" {
				t.Errorf("answer %q", got)
			}
			closedWithin(t, readers[c], 0, time.Second)
		}
		if err := <-ended; err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		if took := time.Since(began); took > 70*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestShutdownGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newPatient()
		s, p := start(t, &http.Server{Handler: h})
		c := p.dial()
		say(t, c, get)
		<-h.entered
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := s.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Shutdown: %v, want the context's end", err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		<-h.left // its connection is gone
	})
}

func TestKeepAlivesDisabled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := start(t, &http.Server{Handler: http.HandlerFunc(greet)})
		idle := p.dial()
		r := bufio.NewReader(idle)
		say(t, idle, get)
		hear(t, r)
		synctest.Wait()
		s.SetKeepAlivesEnabled(false)
		closedWithin(t, r, 0, 0)

		late := p.dial() // the listener is still open
		r = bufio.NewReader(late)
		say(t, late, get)
		response, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, response.Body) // two bytes
		_ = response.Body.Close()                 // read
		if !response.Close {
			t.Error("the answer does not say that it is the last one")
		}
		closedWithin(t, r, 0, 0)
	})
}

// A panic ends one connection and is told; http.ErrAbortHandler is not.
func TestPanic(t *testing.T) {
	for what, want := range map[any]bool{"for a test": true, http.ErrAbortHandler: false} {
		var told logged
		s := &http.Server{ErrorLog: log.New(&told, "", 0), Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(what) })}
		synctest.Test(t, func(t *testing.T) {
			_, p := start(t, s)
			c := p.dial()
			say(t, c, get)
			closedWithin(t, bufio.NewReader(c), 0, 0)
		})
		if got := told.String() != ""; got != want {
			t.Errorf("panic(%v): the log says %q", what, told.String())
		}
	}
}

// A listener that has too few file descriptors for a moment goes on accepting.
func TestAcceptGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := start(t, &http.Server{Handler: http.HandlerFunc(greet)})
		var failures atomic.Int32
		failures.Store(20)
		second := newPipes()
		ended := make(chan error)
		go func() { ended <- s.Serve(failing{second, &failures}) }()
		c := second.dial()
		say(t, c, get)
		hear(t, bufio.NewReader(c))
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("Serve ended with %v", err)
		}
	})
}

// failing is a listener that fails for some time.
type failing struct {
	*pipes

	left *atomic.Int32
}

func (f failing) Accept() (net.Conn, error) {
	if f.left.Add(-1) >= 0 {
		return nil, &net.OpError{Op: "accept", Err: syscall.EMFILE}
	}
	return f.pipes.Accept()
}
