package remote

import (
	"io"
	"sync"
)

// Upload is the body of one attempt. A transport may go on reading a body after an answer or an error; the next attempt, or
// whoever called us, would then share the reader with it.
type Upload struct {
	mu sync.Mutex
	in io.Reader // nil = the attempt is over
}

// NewUpload returns an Upload that reads in until it is closed.
func NewUpload(in io.Reader) *Upload { return &Upload{in: in} }

// Read reads on.
func (u *Upload) Read(p []byte) (int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.in == nil {
		return 0, errClosed
	}
	return u.in.Read(p)
}

// Close ends the attempt: once it has returned, nobody reads any more. It never fails, also not when called again.
func (u *Upload) Close() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.in = nil
	return nil
}
