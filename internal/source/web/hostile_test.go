package web

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stillroom/stillroom/internal/fault"
)

// wire is a network without sockets, so that time in a synctest bubble passes when nobody has anything
// to do. answer is called on the server's end of each connection, after the request was read.
type wire struct {
	answer func(conn net.Conn)
	refuse int // so many connections are refused first
	dials  atomic.Int32
	peers  sync.WaitGroup
}

func (w *wire) dial(context.Context, string, string) (net.Conn, error) {
	if int(w.dials.Add(1)) <= w.refuse {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	}
	client, server := net.Pipe()
	w.peers.Go(func() {
		defer server.Close()
		if _, err := http.ReadRequest(bufio.NewReader(server)); err == nil {
			w.answer(server)
		}
	})
	return client, nil
}

// source returns a Source on the wire.
func (w *wire) source(t *testing.T, c Config) *Source {
	t.Helper()
	c, err := c.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	s := build(c, newGuard(c), w.dial)
	t.Cleanup(func() {
		_ = s.Close()
		w.peers.Wait()
	})
	return s
}

// says returns an answer of text and then, unless it ends the connection, nothing for ever.
func says(text string, ends bool) func(net.Conn) {
	return func(conn net.Conn) {
		if _, err := io.WriteString(conn, text); err == nil && !ends {
			_, _ = conn.Read(make([]byte, 1)) // until the client gives up
		}
	}
}

func drips(head string) func(net.Conn) {
	return func(conn net.Conn) {
		_, err := io.WriteString(conn, head)
		for err == nil {
			time.Sleep(time.Second) // of the bubble's time
			_, err = conn.Write([]byte("x"))
		}
	}
}

const head = "HTTP/1.1 200 OK\r\n"

func TestHostileServers(t *testing.T) {
	for _, c := range []struct {
		name   string
		config Config
		answer func(net.Conn)
		want   fault.Kind
		after  time.Duration
	}{
		{"never answers", Config{}, says("", false), fault.SourceTimeout, DefaultTimeout},
		{"never answers, less patience", Config{HeaderTimeout: 2 * time.Second}, says("", false), fault.SourceTimeout, 2 * time.Second},
		{"stops in the head", Config{}, says(head+"Content-Le", false), fault.SourceTimeout, DefaultTimeout},
		{"drips its head", Config{}, drips(head + "A: "), fault.SourceTimeout, DefaultTimeout},
		{"stops in the body", Config{Timeout: 3 * time.Second}, says(head+"Content-Length: 9\r\n\r\nhello", false), fault.SourceTimeout, 3 * time.Second},
		{"drips its body", Config{}, drips(head + "\r\n"), fault.SourceTimeout, DefaultTimeout},
		{"never ends", Config{MaxSize: 1000}, says(head+"\r\n"+strings.Repeat("x", 5000), false), fault.TooLarge, 0},
		{"has an endless head", Config{}, says(head+strings.Repeat("A: b\r\n", 100_000), false), fault.Unreachable, 0},
		{"hangs up at once", Config{}, says("", true), fault.Unreachable, 0},
		{"hangs up in the head", Config{}, says(head+"A: b", true), fault.Unreachable, 0},
		{"speaks no HTTP", Config{}, says("220 ready\r\n", true), fault.Unreachable, 0},
		{"sends less than it announces", Config{}, says(head+"Content-Length: 9\r\n\r\nhello", true), fault.Incomplete, 0},
		{"breaks off between chunks", Config{}, says(head+"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", true), fault.Incomplete, 0},
		{"breaks off in a chunk", Config{}, says(head+"Transfer-Encoding: chunked\r\n\r\n9\r\nhello", true), fault.Incomplete, 0},
		{"sends damaged chunks", Config{}, says(head+"Transfer-Encoding: chunked\r\n\r\nxyz\r\nhello", true), fault.Incomplete, 0},
		{"announces less than nothing", Config{}, says(head+"Content-Length: -1\r\n\r\n", true), fault.Unreachable, 0},
		{"announces two lengths", Config{}, says(head+"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", true), fault.Unreachable, 0},
		{"redirects for ever, slowly", Config{MaxRedirects: 100}, func(conn net.Conn) {
			time.Sleep(time.Second)
			_, _ = io.WriteString(conn, "HTTP/1.1 302 Found\r\nConnection: close\r\nContent-Length: 0\r\nLocation: /\r\n\r\n")
		}, fault.SourceTimeout, DefaultTimeout},
		{"stalls in the body of a redirect", Config{MaxRedirects: 1}, says("HTTP/1.1 302 Found\r\nContent-Length: 9\r\nLocation: http://127.0.0.1/\r\n\r\nhello", false), fault.SourceDenied, 50 * time.Millisecond},
		{"stalls in the body of an error", Config{}, says("HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nhello", false), fault.SourceMissing, 50 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &wire{answer: c.answer}
				began := time.Now()
				f, err := get(t, w.source(t, c.config), "http://user:hidden@example.com/a.jpg?hidden")
				if !fault.Is(err, c.want) {
					t.Errorf("%v, %v (%v); want %v", f, err, fault.KindOf(err), c.want)
				}
				if took := time.Since(began); took != c.after {
					t.Errorf("it took %v, want %v", took, c.after)
				}
				if err != nil && strings.Contains(err.Error(), "hidden") {
					t.Errorf("the error holds a secret: %v", err)
				}
			})
		})
	}
}

func TestConnectingIsBoundedByTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := Config{}.withDefaults()
		if err != nil {
			t.Fatal(err)
		}
		s := build(c, newGuard(c), func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		defer s.Close()
		began := time.Now()
		_, err = get(t, s, "http://example.com/")
		if took := time.Since(began); !fault.Is(err, fault.SourceTimeout) || took != DefaultTimeout {
			t.Errorf("%v after %v", err, took)
		}
	})
}

func TestTheCallersOwnEndIsNotTheSources(t *testing.T) {
	gone := errors.New("client left")
	for name, c := range map[string]struct {
		bound func(context.Context) (context.Context, context.CancelFunc)
		want  fault.Kind
		cause error
	}{
		"deadline": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, time.Second)
		}, fault.Timeout, context.DeadlineExceeded},
		"cancelled": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancelCause(ctx)
			timer := time.AfterFunc(time.Second, func() { cancel(gone) })
			return ctx, func() { timer.Stop(); cancel(nil) }
		}, fault.Canceled, gone},
	} {
		for where, text := range map[string]string{"head": "", "body": head + "Content-Length: 9\r\n\r\nhello"} {
			t.Run(name+" in the "+where, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					ctx, cancel := c.bound(t.Context())
					defer cancel()
					began := time.Now()
					_, err := fetch(ctx, t, (&wire{answer: says(text, false)}).source(t, Config{ConnectRetries: 5}), "http://example.com/")
					if !fault.Is(err, c.want) || !errors.Is(err, c.cause) {
						t.Errorf("%v (%v), want %v because of %v", err, fault.KindOf(err), c.want, c.cause)
					}
					if took := time.Since(began); took != time.Second {
						t.Errorf("it took %v", took)
					}
				})
			})
		}
	}
}

func TestRetries(t *testing.T) {
	hello := says(head+"Connection: close\r\nContent-Length: 5\r\n\r\nhello", true)
	for _, c := range []struct {
		name    string
		wire    *wire
		retries int
		url     string
		want    fault.Kind // Internal = the body is "hello"
		dials   int32
		after   time.Duration
	}{
		{"not needed", &wire{answer: hello}, 3, "", fault.Internal, 1, 0},
		{"refused twice", &wire{answer: hello, refuse: 2}, 3, "", fault.Internal, 3, 150 * time.Millisecond},
		{"refused once too often", &wire{answer: hello, refuse: 3}, 2, "", fault.Unreachable, 3, 150 * time.Millisecond},
		{"none allowed", &wire{answer: hello, refuse: 1}, 0, "", fault.Unreachable, 1, 0},
		{"hung up before an answer", &wire{answer: says("", true)}, 1, "", fault.Unreachable, 2, 50 * time.Millisecond},
		{"refused for ever", &wire{refuse: 1 << 20}, 1 << 20, "", fault.SourceTimeout, 14, DefaultTimeout},
		{"guarded", &wire{answer: hello}, 3, "http://127.0.0.1/", fault.SourceDenied, 0, 0},
		{"a broken source", &wire{answer: says("HTTP/1.1 503 Busy\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", true)}, 3, "", fault.SourceFailed, 1, 0},
		{"no HTTP", &wire{answer: says("220 ready\r\n", true)}, 3, "", fault.Unreachable, 1, 0},
		{"half a body", &wire{answer: says(head+"Content-Length: 9\r\n\r\nhello", true)}, 3, "", fault.Incomplete, 1, 0},
		{"silence", &wire{answer: says("", false)}, 3, "", fault.SourceTimeout, 1, DefaultTimeout},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				url := c.url
				if url == "" {
					url = "http://example.com/"
				}
				began := time.Now()
				f, err := get(t, c.wire.source(t, Config{ConnectRetries: c.retries}), url)
				took := time.Since(began)
				switch {
				case c.want == fault.Internal && (err != nil || string(f.Body.Bytes()) != "hello"):
					t.Errorf("%v, %v; want the body", f, err)
				case c.want != fault.Internal && !fault.Is(err, c.want):
					t.Errorf("%v (%v), want %v", err, fault.KindOf(err), c.want)
				}
				if dials := c.wire.dials.Load(); dials != c.dials || took != c.after {
					t.Errorf("%d connections in %v, want %d in %v", dials, took, c.dials, c.after)
				}
			})
		})
	}
}

func TestNamesThatDoNotResolve(t *testing.T) {
	for _, c := range []struct {
		err   *net.DNSError
		want  fault.Kind
		dials int
	}{
		{&net.DNSError{Err: "no such host", Name: "example.com", IsNotFound: true}, fault.Unreachable, 1},
		{&net.DNSError{Err: "server misbehaving", Name: "example.com", IsTemporary: true}, fault.Unreachable, 4},
		{&net.DNSError{Err: "i/o timeout", Name: "example.com", IsTimeout: true, IsTemporary: true}, fault.SourceTimeout, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			config, err := Config{ConnectRetries: 3}.withDefaults()
			if err != nil {
				t.Fatal(err)
			}
			dials := 0
			s := build(config, newGuard(config), func(context.Context, string, string) (net.Conn, error) {
				dials++
				return nil, &net.OpError{Op: "dial", Net: "tcp", Err: c.err}
			})
			if _, err := get(t, s, "http://example.com/?hidden"); !fault.Is(err, c.want) || dials != c.dials {
				t.Errorf("%v (%v) after %d look-ups, want %v after %d", err, fault.KindOf(err), dials, c.want, c.dials)
			}
		})
	}
}

// A name that answers differently the second time is what the check at dial time is for.
func TestGuardSeesEveryDial(t *testing.T) {
	c, err := Config{}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	g := newGuard(c)
	dials := 0
	s := build(c, g, func(ctx context.Context, network, _ string) (net.Conn, error) {
		dials++
		return newDialer(c, g).DialContext(ctx, network, "127.0.0.1:1") // what the name means now
	})
	defer s.Close()
	if _, err := get(t, s, "http://example.com/"); !fault.Is(err, fault.SourceDenied) || dials != 1 {
		t.Errorf("%v after %d dials, want SourceDenied after 1", err, dials)
	}
}
