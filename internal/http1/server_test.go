package http1

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// starter starts a server with a handler, on loopback.
type starter func(t testing.TB, h http.Handler) (address string)

// front starts our server, plain one of net/http's alone: what both are told, both should answer alike.
func front(t testing.TB, h http.Handler) string {
	return listenAndServe(t, New(bare(h)))
}

func plain(t testing.TB, h http.Handler) string {
	return listenAndServe(t, bare(h))
}

func bare(h http.Handler) *http.Server {
	s := &http.Server{
		Handler: h, ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0), Protocols: new(http.Protocols),
	}
	s.Protocols.SetHTTP1(true)
	s.Protocols.SetUnencryptedHTTP2(true)
	return s
}

func listenAndServe(t testing.TB, s interface {
	Serve(net.Listener) error
	Close() error
}) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- s.Serve(l) }()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("Serve ended with %v", err)
		}
	})
	return l.Addr().String()
}

// view is what a handler sees of a request.
type view struct {
	Method, URI, Host, Proto string
	URL                      url.URL
	Header                   http.Header
	Close                    bool
	Length                   int64
	Body                     string
}

// mirror answers with what it sees.
var mirror = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	text, err := json.Marshal(view{
		r.Method, r.RequestURI, r.Host, r.Proto, *r.URL, r.Header, r.Close, r.ContentLength, string(body),
	})
	if err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", itoa(len(text)))
	_, _ = w.Write(text) // a client may leave
})

func itoa(n int) string { text, _ := json.Marshal(n); return string(text) } // numbers always marshal

// answered is an answer as a client sees it.
type answered struct {
	Status int
	Header http.Header
	Body   string
	Failed bool // to arrive whole
}

// converse sends bytes to a server, ends its half, and returns all answers. methods are those of the requests, because an
// answer to HEAD has no body.
func converse(t testing.TB, address, sent string, methods ...string) []answered {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second)) // a new connection takes one
	if _, err := io.WriteString(c, sent); err != nil {
		t.Fatal(err)
	}
	_ = c.(*net.TCPConn).CloseWrite() // whoever is gone answers nothing, which the caller sees
	return readAll(bufio.NewReader(c), methods)
}

func readAll(r *bufio.Reader, methods []string) (all []answered) {
	for n := 0; ; n++ {
		method := http.MethodGet
		if n < len(methods) {
			method = methods[n]
		}
		response, err := http.ReadResponse(r, &http.Request{Method: method})
		if err != nil {
			return all
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close() // it was read
		response.Header.Del("Date")
		if response.Close {
			response.Header.Set("Connection", "close")
		}
		all = append(all, answered{response.StatusCode, response.Header, string(body), errors.Is(err, io.ErrUnexpectedEOF)})
		if response.StatusCode == http.StatusSwitchingProtocols {
			return all
		}
	}
}

// requests are what clients send, well-behaved and not. Both servers must read the same into them.
var requests = []struct {
	name, sent string
	methods    []string
}{
	{"plain", "GET /a/b?c=d HTTP/1.1\r\nHost: a.example:80\r\nAccept: image/webp\r\n\r\n", nil},
	{"no fields but Host", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", nil},
	{"HEAD", "HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n", []string{"HEAD"}},
	{"two on one connection", "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: b\r\nX: 2\r\n\r\n", nil},
	{"HEAD between two", "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nHEAD /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n", []string{"GET", "HEAD"}},
	{"last", "GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n", nil},
	{"last, in capitals", "GET /1 HTTP/1.1\r\nHost: a\r\nConnection: CLOSE\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n", nil},
	{"kept alive in so many words", "GET /1 HTTP/1.1\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n", nil},
	{"connection options", "GET /1 HTTP/1.1\r\nHost: a\r\nConnection: x, close\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n", nil},
	{"fields in several lines", "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\nY: 1\r\nx: 2\r\nX: 3\r\n\r\n", nil},
	{"names in small letters", "GET / HTTP/1.1\r\nhost: a\r\naccept: */*\r\nx-request-id: 1\r\n\r\n", nil},
	{"blanks around a value", "GET / HTTP/1.1\r\nHost:  a \r\nX:\t1 2\t \r\nY:\r\nZ: \r\n\r\n", nil},
	{"bytes above ASCII in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: gr\xc3\xbcn \xff\r\n\r\n", nil},
	{"old no-cache", "GET / HTTP/1.1\r\nHost: a\r\nPragma: no-cache\r\n\r\n", nil},
	{"old no-cache beside the new", "GET / HTTP/1.1\r\nHost: a\r\nCache-Control: max-age=0\r\nPragma: no-cache\r\n\r\n", nil},
	{"escapes", "GET /a%20b%2Fc?d=%zz HTTP/1.1\r\nHost: a\r\n\r\n", nil},
	{"a wrong escape", "GET /a%zz HTTP/1.1\r\nHost: a\r\n\r\n", nil},
	{"a URL in the path", "GET /_/rs:fit:1:1/plain/http://a.example/b.jpg@webp HTTP/1.1\r\nHost: a\r\n\r\n", nil},
	{"unusual bytes in the path", "GET /a\"b<c>d\\e^f`{|}[]!*'() HTTP/1.1\r\nHost: a\r\n\r\n", nil},
	{"a fragment", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", nil},
	{"an empty query", "GET /a? HTTP/1.1\r\nHost: a\r\n\r\n", nil},
	{"two slashes", "GET //a/b HTTP/1.1\r\nHost: a\r\n\r\n", nil},
	{"colon in the first segment", "GET /a:b HTTP/1.1\r\nHost: a\r\n\r\n", nil},
	{"absolute form", "GET http://b.example/c HTTP/1.1\r\nHost: a\r\n\r\n", nil},
	{"asterisk form", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", nil},
	{"OPTIONS", "OPTIONS /a HTTP/1.1\r\nHost: a\r\n\r\n", nil},
	{"another method", "PURGE /a HTTP/1.1\r\nHost: a\r\n\r\n", nil},
	{"method in small letters", "get /a HTTP/1.1\r\nHost: a\r\n\r\n", nil},
	{"HTTP/1.0", "GET /1 HTTP/1.0\r\nHost: a\r\n\r\nGET /2 HTTP/1.0\r\n\r\n", nil},
	{"HTTP/1.0, kept alive", "GET /1 HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n", nil},
	{"HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", nil},
	{"HTTP/2.0 in HTTP/1's form", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", nil},
	{"no version", "GET /\r\n\r\n", nil},
	{"two blanks", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", nil},
	{"a tab for a blank", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", nil},
	{"a blank in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", nil},
	{"a byte above ASCII in the target", "GET /gr\xc3\xbcn HTTP/1.1\r\nHost: a\r\n\r\n", nil},
	{"NUL in the target", "GET /a\x00b HTTP/1.1\r\nHost: a\r\n\r\n", nil},
	{"NUL in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: 1\x002\r\n\r\n", nil},
	{"DEL in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: 1\x7f2\r\n\r\n", nil},
	{"no Host", "GET / HTTP/1.1\r\nX: 1\r\n\r\n", nil},
	{"no field", "GET / HTTP/1.1\r\n\r\n", nil},
	{"an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", nil},
	{"two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", nil},
	{"a Host with a slash", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", nil},
	{"a Host with a blank", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", nil},
	{"a Host that is an address", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", nil},
	{"a blank before the colon", "GET / HTTP/1.1\r\nHost: a\r\nX : 1\r\n\r\n", nil},
	{"a blank before the name", "GET / HTTP/1.1\r\nHost: a\r\n X: 1\r\n\r\n", nil},
	{"a value in two lines", "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n", nil},
	{"no colon", "GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", nil},
	{"an empty name", "GET / HTTP/1.1\r\nHost: a\r\n: 1\r\n\r\n", nil},
	{"a name that is no token", "GET / HTTP/1.1\r\nHost: a\r\nX(1): 1\r\n\r\n", nil},
	{"lines without CR", "GET / HTTP/1.1\nHost: a\nX: 1\n\n", nil},
	{"some lines without CR", "GET / HTTP/1.1\r\nHost: a\nX: 1\r\n\r\n", nil},
	{"CR within a value", "GET / HTTP/1.1\r\nHost: a\r\nX: 1\rY: 2\r\n\r\n", nil},
	{"an empty line before", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", nil},
	{"an empty line between", "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n", nil},
	{"a body with GET", "GET /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET /2 HTTP/1.1\r\nHost: a\r\n\r\n", nil},
	{"an announced body of nothing", "GET /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n", nil},
	{"two lengths", "GET /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", nil},
	{"a chunked body with GET", "GET /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n", nil},
	{"length and chunks", "GET /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n", nil},
	{"an unknown coding", "GET /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n", nil},
	{"POST", "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET /2 HTTP/1.1\r\nHost: a\r\n\r\n", nil},
	{"plain, then POST, then plain", "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhiGET /3 HTTP/1.1\r\nHost: a\r\n\r\n", nil},
	{"an expectation", "POST /1 HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi", nil},
	{"an upgrade", "GET /1 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", nil},
	{"a long head", "GET / HTTP/1.1\r\nHost: a\r\nCookie: " + strings.Repeat("a", 6000) + "\r\n\r\n", nil},
	{"a longer head", "GET / HTTP/1.1\r\nHost: a\r\nCookie: " + strings.Repeat("a", 20_000) + "\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n", nil},
	{"many fields", "GET / HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("X: 1\r\n", 200) + "\r\n", nil},
	{"half a request", "GET / HTTP/1.1\r\nHo", nil},
	{"a request and a half", "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HT", nil},
	{"nothing", "", nil},
	{"no HTTP", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", nil},
}

func TestReadsWhatNetHTTPReads(t *testing.T) {
	ours, theirs := front(t, mirror), plain(t, mirror)
	for _, r := range requests {
		t.Run(r.name, func(t *testing.T) {
			want := converse(t, theirs, r.sent, r.methods...)
			if diff := cmp.Diff(want, converse(t, ours, r.sent, r.methods...)); diff != "" {
				t.Errorf("%q\nnet/http -, ours +:\n%s", r.sent, diff)
			}
		})
	}
}

// Requests that come byte by byte are read like those that come at once.
func TestReadsSlowClients(t *testing.T) {
	ours := front(t, mirror)
	sent := "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nHEAD /2 HTTP/1.1\r\nHost: a\r\nX: 1\r\n\r\n"
	want := converse(t, ours, sent, "GET", "HEAD")
	if len(want) != 2 {
		t.Fatalf("%d answers, want 2", len(want))
	}
	c, err := net.Dial("tcp", ours)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	got := make(chan []answered)
	go func() { got <- readAll(bufio.NewReader(c), []string{"GET", "HEAD"}) }()
	for i := range len(sent) {
		if _, err := c.Write([]byte{sent[i]}); err != nil {
			t.Fatal(err)
		}
	}
	_ = c.(*net.TCPConn).CloseWrite() // whoever is gone answers nothing
	if diff := cmp.Diff(want, <-got); diff != "" {
		t.Errorf("at once -, byte by byte +:\n%s", diff)
	}
}

// HTTP/2 without TLS begins with a request line that no HTTP/1.1 has, and is net/http's.
func TestSpeaksHTTP2(t *testing.T) {
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	defer transport.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+front(t, mirror)+"/a", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var seen view
	if err := json.NewDecoder(response.Body).Decode(&seen); err != nil || seen.Proto != "HTTP/2.0" || seen.URI != "/a" {
		t.Errorf("seen %+v, %v, want /a by HTTP/2.0", seen, err)
	}
}

// FuzzHead compares what is read into a plain request with what net/http reads into it.
func FuzzHead(f *testing.F) {
	for _, r := range requests {
		f.Add([]byte(r.sent))
	}
	f.Fuzz(func(t *testing.T, sent []byte) {
		length := headLength(sent)
		if length < 0 || length > maxHead {
			return
		}
		var h head
		if !h.parse(string(sent[:length])) {
			return
		}
		reader := bufio.NewReader(bytes.NewReader(sent))
		r, err := http.ReadRequest(reader)
		if err != nil {
			t.Fatalf("%q is plain to us; net/http says %v", sent[:length], err)
		}
		if left := len(sent) - length; reader.Buffered() != left && len(sent) < 4096 {
			t.Errorf("%d bytes are left, net/http leaves %d", left, reader.Buffered())
		}
		ours := view{Method: h.method, URI: h.target, Host: h.host, Proto: "HTTP/1.1", URL: h.url, Header: h.header, Close: h.last}
		theirs := view{
			Method: r.Method, URI: r.RequestURI, Host: r.Host, Proto: r.Proto, URL: *r.URL, Header: r.Header, Close: r.Close,
			Length: r.ContentLength,
		}
		if diff := cmp.Diff(theirs, ours, cmp.AllowUnexported(url.Userinfo{})); diff != "" {
			t.Errorf("%q\nnet/http -, ours +:\n%s", sent[:length], diff)
		}
	})
}

// logged collects what a server logs.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
