package http1

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// answers are what handlers do, well and badly. Where closes is set, the connection ends after the answer here, though not
// in net/http, which would have chosen another framing.
var answers = []struct {
	name    string
	handler http.HandlerFunc
	closes  bool
}{
	{"nothing", func(http.ResponseWriter, *http.Request) {}, false},
	{"a body", func(w http.ResponseWriter, _ *http.Request) {
		set(w, "Content-Length", "5", "Content-Type", "text/plain")
		_, _ = io.WriteString(w, "hello")
	}, false},
	{"a body in parts", func(w http.ResponseWriter, _ *http.Request) {
		set(w, "Content-Length", "5", "Content-Type", "text/plain")
		for _, part := range []string{"h", "", "el", "lo"} {
			_, _ = io.WriteString(w, part)
		}
	}, false},
	{"an empty body", func(w http.ResponseWriter, _ *http.Request) {
		set(w, "Content-Length", "0", "Content-Type", "text/plain")
		w.WriteHeader(http.StatusNotFound)
	}, false},
	{"a body of no announced length", func(w http.ResponseWriter, _ *http.Request) {
		set(w, "Content-Type", "text/plain")
		_, _ = io.WriteString(w, "hello")
	}, true},
	{"a body too short", func(w http.ResponseWriter, _ *http.Request) {
		set(w, "Content-Length", "6", "Content-Type", "text/plain")
		_, _ = io.WriteString(w, "hello")
	}, false},
	{"a body too long", func(w http.ResponseWriter, _ *http.Request) {
		set(w, "Content-Length", "5", "Content-Type", "text/plain")
		_, _ = io.WriteString(w, "hello")
		if _, err := io.WriteString(w, "!"); !errors.Is(err, http.ErrContentLength) {
			panic("one byte more was taken")
		}
	}, false},
	{"304", func(w http.ResponseWriter, _ *http.Request) {
		set(w, "Etag", `"1"`, "Content-Length", "5", "Content-Type", "text/plain")
		w.WriteHeader(http.StatusNotModified)
		if _, err := io.WriteString(w, "hello"); !errors.Is(err, http.ErrBodyNotAllowed) {
			panic("a 304 took a body")
		}
	}, false},
	{"204", func(w http.ResponseWriter, _ *http.Request) {
		set(w, "Allow", "GET", "Content-Length", "5")
		w.WriteHeader(http.StatusNoContent)
	}, false},
	{"a status of no name", func(w http.ResponseWriter, _ *http.Request) {
		set(w, "Content-Length", "0")
		w.WriteHeader(599)
	}, false},
	{"two statuses", func(w http.ResponseWriter, _ *http.Request) {
		set(w, "Content-Length", "0")
		w.WriteHeader(http.StatusNotFound)
		w.WriteHeader(http.StatusOK)
	}, false},
	{"fields after the status", func(w http.ResponseWriter, _ *http.Request) {
		set(w, "Content-Length", "0")
		w.WriteHeader(http.StatusOK)
		set(w, "X", "1")
	}, false},
	{"two values", func(w http.ResponseWriter, _ *http.Request) {
		set(w, "Content-Length", "0")
		w.Header()["X"] = []string{"1", "2"}
	}, false},
	{"the last answer", func(w http.ResponseWriter, _ *http.Request) {
		set(w, "Content-Length", "0", "Connection", "close")
	}, false},
	{"a value that would be two", func(w http.ResponseWriter, _ *http.Request) {
		set(w, "Content-Length", "0", "X", "1\r\nY: 2\r\n\r\nHTTP/1.1 200 OK")
	}, false},
	{"a name that would be two", func(w http.ResponseWriter, _ *http.Request) {
		set(w, "Content-Length", "0", "X: 1\r\nY", "2")
	}, false},
	{"a panic", func(http.ResponseWriter, *http.Request) { panic("for a test") }, false},
	{"a panic in the middle", func(w http.ResponseWriter, _ *http.Request) {
		set(w, "Content-Length", "100000", "Content-Type", "text/plain")
		_, _ = w.Write(make([]byte, 50_000))
		panic(http.ErrAbortHandler)
	}, false},
}

func set(w http.ResponseWriter, pairs ...string) {
	for i := 0; i < len(pairs); i += 2 {
		w.Header()[pairs[i]] = []string{pairs[i+1]}
	}
}

func TestAnswersLikeNetHTTP(t *testing.T) {
	for _, a := range answers {
		t.Run(a.name, func(t *testing.T) {
			ours, theirs := front(t, a.handler), plain(t, a.handler)
			for _, method := range []string{"GET", "HEAD"} {
				sent := strings.Repeat(method+" / HTTP/1.1\r\nHost: a\r\n\r\n", 2)
				want := converse(t, theirs, sent, method, method)
				if a.closes && method == "GET" {
					want = want[:1]
					want[0].Header.Set("Connection", "close")
				}
				if method == "HEAD" && a.name == "a panic in the middle" {
					want = nil // net/http's buffer has sent the head by then; ours waits for the body
				}
				for i := range want {
					if a.closes {
						want[i].Header.Del("Content-Length") // net/http counts short bodies
					}
				}
				if diff := cmp.Diff(want, converse(t, ours, sent, method, method)); diff != "" {
					t.Errorf("%s: net/http -, ours +:\n%s", method, diff)
				}
			}
		})
	}
}

// An interim answer goes out before the final one.
func TestInterimAnswer(t *testing.T) {
	address := front(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		set(w, "Link", "</a>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		set(w, "Content-Length", "2")
		_, _ = io.WriteString(w, "hi")
	}))
	got := dump(t, address, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	want := "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n" +
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nLink: </a>; rel=preload\r\nConnection: close\r\n\r\nhi"
	if got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

// dump returns all that a server sends, less dates.
func dump(t testing.TB, address, sent string) string {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, sent); err != nil {
		t.Fatal(err)
	}
	var kept strings.Builder
	for r := bufio.NewReader(c); ; {
		line, err := r.ReadString('\n')
		if !strings.HasPrefix(line, "Date: ") {
			kept.WriteString(line)
		}
		if err != nil {
			return kept.String()
		}
	}
}

// Parts of a file arrive whole, at every size, also where the client reads late and the kernel has to wait, and whatever the
// connection is wrapped in.
func TestFiles(t *testing.T) {
	data := make([]byte, 3<<20)
	random := rand.NewChaCha8([32]byte{1})
	_, _ = random.Read(data) // it never fails
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	part := func(r *http.Request) []byte {
		from := map[string]int{"/small": 1000, "/large": 17, "/none": 5}[r.URL.Path]
		length := map[string]int{"/small": 20_000, "/large": len(data) - 17, "/none": 0}[r.URL.Path]
		return data[from : from+length]
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		want := part(r)
		off := int64(bytes.Index(data, want))
		w.Header().Set("Content-Length", itoa(len(want)))
		n, err := w.(interface {
			WriteFile(f *os.File, off, n int64) (int64, error)
		}).WriteFile(f, off, int64(len(want)))
		if err != nil || n != int64(len(want)) {
			t.Errorf("%s: %d bytes, %v", r.URL.Path, n, err)
		}
	})
	for name, wrap := range map[string]func(net.Conn) net.Conn{
		"socket":       func(c net.Conn) net.Conn { return c },
		"counted":      func(c net.Conn) net.Conn { return counted{c} },
		"not a socket": func(c net.Conn) net.Conn { return opaque{c} },
	} {
		t.Run(name, func(t *testing.T) {
			address := listenAndServe(t, wrapping{New(bare(handler)), wrap})
			for _, path := range []string{"/small", "/large", "/none", "/small"} {
				response, err := http.Get("http://" + address + path)
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(response.Body)
				_ = response.Body.Close() // it was read
				if err != nil || !bytes.Equal(got, part(response.Request)) {
					t.Errorf("%s: %d bytes, %v", path, len(got), err)
				}
			}
		})
	}
}

// counted is a wrapper that lets bytes pass unchanged; opaque may be anything.
type (
	counted struct{ net.Conn }
	opaque  struct{ net.Conn }
)

func (c counted) Socket() net.Conn { return c.Conn }

// wrapping is a server whose connections are wrapped.
type wrapping struct {
	*Server

	wrap func(net.Conn) net.Conn
}

func (w wrapping) Serve(l net.Listener) error { return w.Server.Serve(wrappingListener{l, w.wrap}) }

type wrappingListener struct {
	net.Listener

	wrap func(net.Conn) net.Conn
}

func (l wrappingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.wrap(c), nil
}

// A file that is shorter than announced ends the connection: the client must not take the next answer for the rest.
func TestFileCutShort(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, make([]byte, 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	address := front(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "2000")
		n, err := w.(*exchange).WriteFile(f, 0, 2000)
		if !errors.Is(err, io.ErrUnexpectedEOF) || n != 1000 {
			t.Errorf("%d bytes, %v; want 1000 and an unexpected end", n, err)
		}
	}))
	got := converse(t, address, strings.Repeat("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 2))
	if len(got) != 1 || !got[0].Failed {
		t.Errorf("%d answers, want one that is cut short", len(got))
	}
}
