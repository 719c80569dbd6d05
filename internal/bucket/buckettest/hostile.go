package buckettest

import (
	"context"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/fault"
)

// Hostile is a remote backend whose server does as it likes.
type Hostile struct {
	// Open opens a bucket at the URL of the server.
	Open func(t *testing.T, endpoint string) bucket.Bucket
	// Login answers a request that logs in, and reports whether it was one; nil = there are none.
	Login func(w http.ResponseWriter, r *http.Request) bool
	// Page is a page of a listing, with the objects "a" and "b", that leads to itself.
	Page string
}

// hostileCase is what a server answers.
type hostileCase struct {
	name   string
	answer http.HandlerFunc
	asked  bucket.Range // of a get
	want   fault.Kind   // Internal = success
	body   int          // with success: bytes of it; -1 = any
	sent   int64        // bytes of an answer that the server gets rid of, at most
	only   string       // the operation that it is about; empty = every one
}

// buffers is what the sockets on the way may hold, generously.
const buffers = 8 << 20

func hostileCases(elsewhere string) []hostileCase {
	part := bucket.Range{Offset: 10, Length: 5}
	ranged := func(said string, length, n int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Range", said)
			if length >= 0 {
				w.Header().Set("Content-Length", strconv.Itoa(length))
			}
			w.WriteHeader(http.StatusPartialContent)
			_ = http.NewResponseController(w).Flush() // or a short body would announce its length
			_, _ = w.Write(make([]byte, n))
		}
	}
	return []hostileCase{
		{name: "sends us elsewhere", want: fault.SourceFailed, answer: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere, http.StatusTemporaryRedirect)
		}},
		{name: "refuses without end", want: fault.SourceMissing, sent: buffers, answer: func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			endless(w)
		}},
		{name: "lists without end", only: "list", want: fault.SourceFailed, sent: 16<<20 + buffers, answer: func(w http.ResponseWriter, _ *http.Request) {
			endless(w)
		}},
		{name: "a head that cannot be read", only: "get", want: fault.SourceFailed, answer: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Last-Modified", "yesterday")
			w.Header().Set("Content-Range", "octets")
			endless(w)
		}},
		{name: "a part, all were asked for", only: "get", want: fault.SourceFailed, answer: ranged("bytes 0-9/100", 10, 10)},
		{name: "a longer part", only: "get", asked: part, want: fault.SourceFailed, answer: ranged("bytes 10-99/100", 90, 90)},
		{name: "a shorter part", only: "get", asked: part, want: fault.SourceFailed, answer: ranged("bytes 10-12/100", 3, 3)},
		{name: "another part", only: "get", asked: part, want: fault.SourceFailed, answer: ranged("bytes 0-4/100", 5, 5)},
		{name: "all, a part was asked for", only: "get", asked: part, want: fault.SourceFailed, answer: endless200},
		{name: "a part of no length", only: "get", asked: part, body: 5, answer: ranged("bytes 10-14/100", -1, 5)},
		{name: "a part of no length and too long", only: "get", asked: part, body: 5, answer: ranged("bytes 10-14/100", -1, 90)},
		{name: "a part of no length and too short", only: "get", asked: part, want: fault.Incomplete, answer: ranged("bytes 10-14/100", -1, 3)},
	}
}

func endless200(w http.ResponseWriter, _ *http.Request) { endless(w) }

// endless writes spaces, which parsers of all kinds go on to read, until somebody hangs up: or what no backend should have
// read.
func endless(w io.Writer) {
	spaces := []byte(nil)
	for range 64 << 10 {
		spaces = append(spaces, ' ')
	}
	for range 1 << 11 {
		if _, err := w.Write(spaces); err != nil {
			return
		}
	}
}

// RunHostile runs the suite of what a server can answer. Whatever it is, the backend says that it is wrong, reads no more of
// it than it has to and lets the connection go.
func RunHostile(t *testing.T, h Hostile) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s has reached somebody else", r.Method, r.URL.Path)
	}))
	t.Cleanup(elsewhere.Close)
	t.Run("lists the same again and again", h.comesBack)
	for _, c := range hostileCases(elsewhere.URL) {
		t.Run(c.name, func(t *testing.T) {
			s := &hostileServer{answer: c.answer, login: h.Login}
			server := httptest.NewServer(s)
			t.Cleanup(server.Close)
			b := h.Open(t, server.URL)
			for _, op := range operations() {
				if op.name == "get" {
					op.run = func(ctx context.Context, b bucket.Bucket) error { return c.get(ctx, t, b) }
				}
				if c.only == "" || c.only == op.name {
					c.check(t, s, op.name, op.run(t.Context(), b))
				}
			}
		})
	}
}

// comesBack has a listing that never ends, and that knows no prefix.
func (h Hostile) comesBack(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h.Login == nil || !h.Login(w, r) {
			_, _ = io.WriteString(w, h.Page)
		}
	}))
	t.Cleanup(server.Close)
	b := h.Open(t, server.URL)
	for prefix, want := range map[string]string{"": "ab", "b": "b"} {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		seen := map[string]bool{}
		err := b.List(ctx, prefix, "", 0, func(key string, _ bucket.Info) bool {
			seen[key] = true
			return true
		})
		cancel()
		wantFault(t, "list", err, fault.SourceFailed)
		if got := strings.Join(slices.Sorted(maps.Keys(seen)), ""); got != want {
			t.Errorf("what begins with %q: %q, want %q", prefix, got, want)
		}
	}
}

// get reads what was asked for.
func (c hostileCase) get(ctx context.Context, t *testing.T, b bucket.Bucket) error {
	t.Helper()
	object, err := b.Get(ctx, "a", bucket.GetOptions{Range: c.asked})
	if err != nil {
		return err
	}
	defer object.Body.Close()
	n, err := io.Copy(io.Discard, object.Body)
	if err == nil && n != int64(c.body) {
		t.Errorf("%d bytes, want %d", n, c.body)
	}
	return err
}

func (c hostileCase) check(t *testing.T, s *hostileServer, what string, err error) {
	t.Helper()
	if c.want != fault.Internal {
		wantFault(t, what, err, c.want)
	} else if err != nil {
		t.Errorf("%s: %v", what, err)
	}
	ended := make(chan struct{})
	go func() {
		s.running.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatalf("%s: the connection of an answer that nobody wants is held", what)
	}
	if sent := s.most.Swap(0); c.sent > 0 && sent > c.sent {
		t.Errorf("%s: %d bytes of an answer were read, want %d at most", what, sent, c.sent)
	}
}

// hostileServer counts what it gets rid of.
type hostileServer struct {
	answer  http.HandlerFunc
	login   func(http.ResponseWriter, *http.Request) bool
	running sync.WaitGroup
	most    atomic.Int64 // bytes of the longest answer
}

// ServeHTTP implements http.Handler.
func (s *hostileServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.login != nil && s.login(w, r) {
		return
	}
	s.running.Add(1)
	defer s.running.Done()
	_, _ = io.Copy(io.Discard, r.Body)
	counted := &countedWriter{ResponseWriter: w}
	s.answer(counted, r)
	if r.Method == http.MethodHead {
		return // of which nothing is sent
	}
	for most := s.most.Load(); counted.n > most && !s.most.CompareAndSwap(most, counted.n); {
		most = s.most.Load()
	}
}

type countedWriter struct {
	http.ResponseWriter

	n int64
}

// Write writes on.
func (c *countedWriter) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p)
	c.n += int64(n)
	return n, err
}

// Unwrap is for http.ResponseController.
func (c *countedWriter) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// RunImpatient has a caller begin what never ends, as asking for a token may not, and another one who needs the same and
// leaves: nobody waits for that longer than they want to. open opens a bucket for which never is asked who we are.
func RunImpatient(t *testing.T, open func(t *testing.T, never http.HandlerFunc) bucket.Bucket) {
	ended, begun := make(chan struct{}), make(chan struct{})
	var once sync.Once
	b := open(t, func(http.ResponseWriter, *http.Request) {
		once.Do(func() { close(begun) })
		<-ended
	})
	t.Cleanup(func() { close(ended) })
	patient, leave := context.WithCancel(t.Context())
	defer leave()
	first := make(chan error, 1)
	go func() {
		_, err := b.Stat(patient, "a", "")
		first <- err
	}()
	select {
	case <-begun:
	case err := <-first:
		t.Fatalf("nobody was asked: %v", err)
	}
	time.AfterFunc(5*time.Second, leave) // or one who waits with it would do so for ever
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err := b.Stat(ctx, "a", "")
	wantFault(t, "stat", err, fault.Timeout)
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("it took %v to leave", took)
	}
	leave()
	wantFault(t, "stat", <-first, fault.Canceled)
}
