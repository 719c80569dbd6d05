package buckettest

import (
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"
)

// Harm is what a Proxy does to a request in place of passing it on.
type Harm struct {
	Status int           // answer with it; 0 = pass the request on
	Body   string        // of that answer
	Reset  bool          // end the connection without an answer
	Hang   bool          // never answer
	Delay  time.Duration // pass it on later
	// Of an answer that is passed on: how many bytes of its body, and whether the connection breaks then or
	// stays silent. 0 = all.
	Bytes int64
	Stall bool
	// Rate is how many bytes of its body go out in a second; 0 = as many as there are.
	Rate int64
}

// Proxy passes requests on to a server, and does to them what a test says.
type Proxy struct {
	URL string // of the proxy

	upstream *url.URL
	keepHost bool
	ended    chan struct{}

	mu    sync.Mutex
	seen  int                      // requests since the rule was set
	rule  func(n int) Harm         // for the n-th request, from 1; nil = pass everything on
	match func(*http.Request) bool // which requests the rule is about; nil = all
}

// NewProxy starts a proxy in front of a server, which ends with the test. keepHost leaves the server the host that the
// client asked.
func NewProxy(t testing.TB, upstream string, keepHost bool) *Proxy {
	t.Helper()
	to, err := url.Parse(upstream)
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{upstream: to, keepHost: keepHost, ended: make(chan struct{})}
	server := httptest.NewServer(p)
	p.URL = server.URL
	t.Cleanup(func() {
		close(p.ended)
		server.CloseClientConnections()
		server.Close()
	})
	return p
}

// Do sets what is done to the n-th request from now on, n from 1, and forgets what was seen. nil = everything is passed on.
func (p *Proxy) Do(rule func(n int) Harm) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen, p.rule = 0, rule
}

// Requests returns how many requests there were since Do.
func (p *Proxy) Requests() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.seen
}

// ServeHTTP implements http.Handler.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	f := Harm{}
	if p.rule != nil && (p.match == nil || p.match(r)) {
		p.seen++
		f = p.rule(p.seen)
	}
	p.mu.Unlock()
	switch {
	case f.Reset:
		hangUp(w)
	case f.Hang:
		p.wait(r)
	case f.Status != 0:
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(f.Status)
		if r.Method != http.MethodHead {
			_, _ = io.WriteString(w, f.Body+r.Header.Get("Authorization"))
		}
	default:
		time.Sleep(f.Delay)
		p.pass(w, r, f)
	}
}

// pass passes a request on, and as much of the answer as f says.
func (p *Proxy) pass(w http.ResponseWriter, r *http.Request, f Harm) {
	to := *r.URL
	to.Scheme, to.Host = p.upstream.Scheme, p.upstream.Host
	request := (&http.Request{Method: r.Method, URL: &to, Header: r.Header, Body: r.Body, ContentLength: r.ContentLength}).WithContext(r.Context())
	if r.ContentLength == 0 {
		request.Body = http.NoBody
	}
	if p.keepHost {
		request.Host = r.Host
	}
	answer, err := (&http.Transport{DisableKeepAlives: true, DisableCompression: true}).RoundTrip(request)
	if err != nil {
		hangUp(w)
		return
	}
	defer answer.Body.Close()
	maps.Copy(w.Header(), answer.Header)
	w.Header().Del("Connection")
	w.WriteHeader(answer.StatusCode)
	if f.Rate > 0 {
		throttle(w, answer.Body, f.Rate)
		return
	}
	if f.Bytes == 0 {
		_, _ = io.Copy(w, answer.Body)
		return
	}
	_, _ = io.CopyN(w, answer.Body, f.Bytes)
	_ = http.NewResponseController(w).Flush()
	if f.Stall {
		p.wait(r)
	}
	hangUp(w)
}

// throttle copies a hundredth of a second's bytes at a time.
func throttle(w http.ResponseWriter, body io.Reader, rate int64) {
	for {
		_, err := io.CopyN(w, body, max(rate/100, 1))
		if err == nil {
			err = http.NewResponseController(w).Flush()
		}
		if err != nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// wait ends with the test or the client.
func (p *Proxy) wait(r *http.Request) {
	select {
	case <-p.ended:
	case <-r.Context().Done():
	}
}

// hangUp resets the connection of a request.
func hangUp(w http.ResponseWriter) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2, or hijacked already
	}
	if tcp, ok := connection.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = connection.Close()
}
