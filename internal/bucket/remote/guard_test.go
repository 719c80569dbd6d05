package remote

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/fault"
)

// An attempt that goes on reading its body after its answer must not take it from the next one.
func TestDoKeepsAttemptsApart(t *testing.T) {
	body, first := bytes.NewReader([]byte("hello")), io.Reader(nil)
	requests := 0
	client := &http.Client{Transport: &Guard{next: roundTrip(func(r *http.Request) (*http.Response, error) {
		requests++
		if requests == 1 {
			first = r.Body
			return nil, io.ErrUnexpectedEOF
		}
		if n, err := first.Read(make([]byte, 3)); n > 0 || err == nil {
			t.Errorf("the first attempt reads %d bytes after its end, %v", n, err)
		}
		if got, err := io.ReadAll(r.Body); err != nil || string(got) != "hello" {
			t.Errorf("the second attempt has %q, %v", got, err)
		}
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
	})}}
	answer, err := Do(t.Context(), client, 2, func() (*http.Request, error) {
		_, err := body.Seek(0, io.SeekStart)
		r := &http.Request{Method: http.MethodPut, URL: &url.URL{Scheme: "http", Host: "x"}}
		r.Body, r.ContentLength = io.NopCloser(body), 5
		return r, err
	})
	if err != nil || requests != 2 {
		t.Fatalf("%v after %d requests", err, requests)
	}
	if err := answer.Body.Close(); err != nil {
		t.Error(err)
	}
}

// What says who we are goes nowhere but where it was meant to go.
func TestRedirectsLeadNowhere(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		said, _ := io.ReadAll(r.Body)
		t.Errorf("somebody else was told %q and %q", r.Header.Get("X-Auth-Token"), said)
	}))
	defer elsewhere.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, status)
		}))
		client := &http.Client{Transport: guard(t, nil)}
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			request, err := http.NewRequestWithContext(t.Context(), method, server.URL, strings.NewReader("password"))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("X-Auth-Token", "token")
			answer, err := client.Do(request)
			if err != nil || answer.StatusCode != status {
				t.Fatalf("%s: %v, %v; want an answer of %d", method, answer, err, status)
			}
			_ = answer.Body.Close()
		}
		server.Close()
	}
}

func TestAnswersEnd(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(map[string]int{"/refused": 403, "/object": 200, "/listing": 200}[r.URL.Path])
		_, _ = io.CopyN(w, zeros{}, maxAnswer+1)
	}))
	defer server.Close()
	client := &http.Client{Transport: guard(t, func(r *http.Request) bool { return r.URL.Path == "/object" })}
	for path, want := range map[string]struct {
		bytes int64
		kind  fault.Kind // Internal = it ends well
	}{"/refused": {maxRefusal, 0}, "/object": {maxAnswer + 1, 0}, "/listing": {maxAnswer, fault.SourceFailed}} {
		answer, err := client.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, answer.Body)
		if n != want.bytes || fault.KindOf(err) != want.kind || err != nil && want.kind == fault.Internal {
			t.Errorf("%s: %d bytes, %v; want %d and %v", path, n, err, want.bytes, want.kind)
		}
		_ = answer.Body.Close()
	}
}

func TestHeadsEnd(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Long", strings.Repeat("x", maxHead))
	}))
	defer server.Close()
	if answer, err := (&http.Client{Transport: guard(t, nil)}).Get(server.URL); err == nil {
		t.Errorf("%v, want an error", answer.Status)
		_ = answer.Body.Close()
	}
}

// A connection that many requests share may fall silent, as one does whose path was forgotten on the way. The first request
// waits in vain; those after it must not.
func TestSilentConnectionIsReplaced(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) }))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	path := &wire{to: server.Listener.Addr().String()}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go path.serve(listener)

	transport := transportOf(t, Config{AnswerTimeout: 500 * time.Millisecond, ConnectTimeout: 500 * time.Millisecond})
	transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} //nolint:gosec // the test's own server
	client := &http.Client{Transport: NewGuard(transport, nil)}
	get := func() (string, error) {
		answer, err := client.Get("https://" + listener.Addr().String())
		if err != nil {
			return "", err
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		return string(text), err
	}
	if proto, err := get(); err != nil || proto != "HTTP/2.0" {
		t.Fatalf("%q, %v; want HTTP/2", proto, err)
	}
	path.silent.Store(path.count.Load())
	if _, err := get(); err == nil {
		t.Fatal("a silent connection has answered")
	}
	for until := time.Now().Add(10 * time.Second); time.Now().Before(until); {
		if _, err = get(); err == nil {
			break
		}
	}
	if err != nil || path.count.Load() != 2 {
		t.Errorf("%v after %d connections, want a second one that answers", err, path.count.Load())
	}
}

// wire passes connections on to a server, but for the first so many of them, once they have fallen silent.
type wire struct {
	to            string
	count, silent atomic.Int32
}

func (w *wire) serve(listener net.Listener) {
	for {
		from, err := listener.Accept()
		if err != nil {
			return
		}
		to, err := net.Dial("tcp", w.to)
		if err != nil {
			_ = from.Close()
			continue
		}
		n := w.count.Add(1)
		for _, way := range [][2]net.Conn{{from, to}, {to, from}} {
			go func() {
				defer way[1].Close()
				_, _ = io.Copy(writer(func(p []byte) (int, error) {
					if n <= w.silent.Load() {
						return len(p), nil
					}
					return way[1].Write(p)
				}), way[0])
			}()
		}
	}
}

type writer func(p []byte) (int, error)

func (f writer) Write(p []byte) (int, error) { return f(p) }

func transportOf(t *testing.T, c Config) *http.Transport {
	t.Helper()
	c, err := c.WithDefaults()
	if err != nil {
		t.Fatal(err)
	}
	transport := NewTransport(c)
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

func guard(t *testing.T, object func(*http.Request) bool) *Guard {
	t.Helper()
	return NewGuard(transportOf(t, Config{}), object)
}
