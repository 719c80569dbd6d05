package swift

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/buckettest"
	"github.com/stillroom/stillroom/internal/bucket/remote"
	"github.com/stillroom/stillroom/internal/fault"
)

// served opens a container of a server that answers everything with a handler.
func served(t *testing.T, answer http.HandlerFunc) bucket.Bucket {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	c := ours(server.URL + "/auth/v1.0")
	c.Config = remote.Config{AnswerTimeout: time.Minute}
	return buckettest.Open(t, opener(t, c), "pictures")
}

// The password goes where it was meant to go.
func TestLoginIsNotRedirected(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("somebody else was told the password %q", r.Header.Get("X-Auth-Key"))
	}))
	defer elsewhere.Close()
	_, err := served(t, http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect).ServeHTTP).Stat(t.Context(), "a", "")
	if !fault.Is(err, fault.Unreachable) || !strings.Contains(err.Error(), "307") {
		t.Errorf("%v (%v), want Unreachable with the status", err, fault.KindOf(err))
	}
}

// That nobody lets us in at an address says nothing about objects.
func TestLoginThatIsNotThere(t *testing.T) {
	b := served(t, http.NotFound)
	if _, err := b.Stat(t.Context(), "a", ""); !fault.Is(err, fault.Unreachable) || bucket.Absent(err) || !strings.Contains(err.Error(), "404") {
		t.Errorf("%v (%v), want Unreachable with the status", err, fault.KindOf(err))
	}
	if err := b.Delete(t.Context(), "a"); !fault.Is(err, fault.Unreachable) {
		t.Errorf("delete: %v, want Unreachable", err)
	}
}

// A password that is wrong does not become right by trying, and services lock accounts for it.
func TestLoginThatIsRefused(t *testing.T) {
	var asked atomic.Int32
	b := served(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, "you are "+r.Header.Get("X-Auth-Key"))
	})
	_, err := b.Stat(t.Context(), "a", "")
	if !fault.Is(err, fault.SourceMissing) || bucket.Absent(err) || !strings.Contains(err.Error(), "401") || strings.Contains(err.Error(), buckettest.Secret) {
		t.Errorf("%v (%v), want a status of 401", err, fault.KindOf(err))
	}
	if n := asked.Load(); n > 2 {
		t.Errorf("the password was tried %d times, want 2 at most: the library has two forms of some logins", n)
	}
}

// When the service forgets us, all whom it tells so log in again as one.
func TestForgottenTogether(t *testing.T) {
	const callers = 8
	var logins, came atomic.Int32
	all := make(chan struct{})
	b := served(t, func(w http.ResponseWriter, r *http.Request) {
		if letIn(w, r, fmt.Sprint("token-", logins.Load()+1)) {
			logins.Add(1)
			return
		}
		if r.Header.Get("X-Auth-Token") == "token-1" {
			if came.Add(1) == callers {
				close(all)
			}
			<-all
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	var group sync.WaitGroup
	for range callers {
		group.Go(func() {
			if _, err := b.Stat(t.Context(), "a", ""); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if n := logins.Load(); n != 2 {
		t.Errorf("logged in %d times, want 2: at first, and when it was forgotten", n)
	}
}

// Who was told late that a session is over does not end the one that has begun since.
func TestForget(t *testing.T) {
	for _, c := range []struct {
		forgotten int
		until     time.Duration // from now; 0 = without end
		want      bool
	}{{0, 0, true}, {1, 0, true}, {2, 0, false}, {0, time.Hour, true}, {0, time.Minute, false}, {0, -time.Hour, false}} {
		s := &session{number: 2, known: true}
		if c.until != 0 {
			s.until = time.Now().Add(c.until)
		}
		s.forget(c.forgotten)
		if number, ok := s.current(); number != 2 || ok != c.want {
			t.Errorf("%+v: session %d, known %t", c, number, ok)
		}
	}
}

// What stands in the answer of whoever lets us in is of no use, however much it is.
func TestLoginWithoutEnd(t *testing.T) {
	var sent atomic.Int64
	b := served(t, func(w http.ResponseWriter, r *http.Request) {
		if !letIn(w, r, "token") {
			return
		}
		for range 1 << 10 {
			n, err := w.Write(make([]byte, 64<<10))
			if sent.Add(int64(n)); err != nil {
				return
			}
		}
	})
	if _, err := b.Stat(t.Context(), "a", ""); err != nil {
		t.Error(err)
	}
	if n := sent.Load(); n > 32<<20 {
		t.Errorf("%d bytes were read", n)
	}
}

func TestLoginThatNeverEnds(t *testing.T) { buckettest.RunImpatient(t, served) }
