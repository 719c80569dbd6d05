package remote

import (
	"io"
	"net/http"

	"github.com/stillroom/stillroom/internal/fault"
)

// Bounds of what is read of an answer that is no object.
const (
	maxAnswer  = 16 << 20 // bytes; the longest page of a listing is Azure's: 5000 names of 1 KiB, each with 1 to 2 KiB of XML
	maxRefusal = 64 << 10 // bytes of an answer that is no success, of which one word is of use
)

// Guard is a transport that keeps what a service can do to us within bounds, whichever library speaks to it:
//
//   - A redirect leads nowhere: it is an answer like others, since who follows it takes along what says who we are. The
//     net/http of Go does so with every field that is not called Authorization, such as X-Auth-Token, and with bodies.
//   - An answer that is no object has an end. Libraries read those whole, into memory.
//   - Once a request is over nobody reads its body any more, as in Upload.
type Guard struct {
	next   transport
	object func(*http.Request) bool
}

var _ transport = (*Guard)(nil)

// transport is what a Guard uses of an http.Transport, and is itself: libraries look for both.
type transport interface {
	http.RoundTripper
	CloseIdleConnections()
}

// NewGuard returns a Guard over next. object tells the requests for objects, whose bodies may have any length; nil = none
// are.
func NewGuard(next *http.Transport, object func(*http.Request) bool) *Guard {
	return &Guard{next, object}
}

// RoundTrip implements http.RoundTripper.
func (g *Guard) RoundTrip(request *http.Request) (*http.Response, error) {
	sent := request
	if body := request.Body; body != nil && body != http.NoBody {
		upload := NewUpload(body)
		defer func() { _, _ = upload.Close(), body.Close() }() // nothing depends on how the caller's ends
		sent = request.WithContext(request.Context())
		sent.Body = upload
	}
	answer, err := g.next.RoundTrip(sent)
	if err != nil {
		return nil, err
	}
	switch {
	case answer.StatusCode >= http.StatusMultipleChoices:
		if answer.StatusCode < http.StatusBadRequest {
			answer.Header.Del("Location")
		}
		answer.Body = &bounded{ReadCloser: answer.Body, left: maxRefusal, end: io.EOF}
	case g.object == nil || !g.object(request):
		answer.Body = &bounded{
			ReadCloser: answer.Body, left: maxAnswer,
			end: fault.New(fault.SourceFailed, "remote.read", "the answer does not end after %d bytes", int64(maxAnswer)),
		}
	}
	return answer, nil
}

// CloseIdleConnections gives up the idle connections.
func (g *Guard) CloseIdleConnections() { g.next.CloseIdleConnections() }

// bounded is a body of which no more than so much is read.
type bounded struct {
	io.ReadCloser

	left int64 // bytes
	end  error // what reading more answers
}

// Read reads on.
func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, b.end
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}
