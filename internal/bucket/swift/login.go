package swift

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/ncw/swift/v2"

	"github.com/stillroom/stillroom/internal/bucket/remote"
	"github.com/stillroom/stillroom/internal/collapse"
)

// session is what the service knows us by. The library logs in with a lock held that every call of it needs, whatever their
// contexts say; so callers wait here first: together, and each no longer than they want to.
type session struct {
	connection *swift.Connection
	patience   time.Duration // how long logging in may take

	asking collapse.Group[struct{}, int]
	mu     sync.Mutex
	number int  // how often we have logged in
	known  bool // the service has not said since that it does not know us
	until  time.Time
}

// margin is how long before its end a session counts as over: the library has a minute, and would log in by itself.
const margin = 65 * time.Second

// ready returns when there is a session, with its number.
func (s *session) ready(ctx context.Context) (int, error) {
	if number, ok := s.current(); ok {
		return number, ctx.Err()
	}
	number, _, err := s.asking.Do(ctx, struct{}{}, func(ctx context.Context, publish func(int)) error {
		if number, ok := s.current(); ok { // that of a flight that has just landed
			publish(number)
			return nil
		}
		// A session is for everybody, so whoever wants it first does not end it.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.patience)
		defer cancel()
		if err := s.connection.Authenticate(ctx); err != nil {
			return &loginError{err}
		}
		s.mu.Lock()
		s.number, s.known, s.until = s.number+1, true, s.connection.Expires
		number := s.number
		s.mu.Unlock()
		publish(number)
		return nil
	})
	return number, err
}

func (s *session) current() (int, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.number, s.known && (s.until.IsZero() || time.Until(s.until) > margin)
}

// forget ends the session of a number, which the service has forgotten. The one that has begun since, of somebody else who
// was told so too, goes on.
func (s *session) forget(number int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.number == number {
		s.known = false
	}
}

// loginError is the failure to log in.
type loginError struct{ error }

// Unwrap returns the cause.
func (e *loginError) Unwrap() error { return e.error }

// lost reports whether a status says that it was not the service that was asked to let us in: a wrong address, as a rule.
func lost(status int) bool {
	return status != http.StatusUnauthorized && status != http.StatusForbidden && status < 500 && !remote.Passing(status)
}
