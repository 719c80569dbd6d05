package cached

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/stillroom/stillroom/internal/blob"
	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/source"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// origin is a source of one object that takes a second to send it.
type origin struct {
	mu         sync.Mutex
	body       string
	validators source.Validators
	freshness  source.Freshness
	err        error
	confirmed  *source.Validators // what a 304 says instead of validators
	stubborn   bool               // goes on when nobody waits any more
	opens      []string           // "full", "304", "error", as they were answered
}

func (o *origin) Open(ctx context.Context, _ source.Ref, known source.Validators) (*source.Object, error) {
	began := time.Now()
	if o.stubborn {
		ctx = context.WithoutCancel(ctx)
	}
	select {
	case <-time.After(time.Second):
	case <-ctx.Done():
		o.note("cancelled")
		return nil, fault.Wrap(fault.Canceled, "test", context.Cause(ctx))
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	object := &source.Object{Size: int64(len(o.body)), ContentType: "image/png", Validators: o.validators, Freshness: o.freshness, Began: began}
	switch {
	case o.err != nil:
		o.opens = append(o.opens, "error")
		return nil, o.err
	case !known.IsZero() && (known == o.validators || o.confirmed != nil):
		o.opens = append(o.opens, "304")
		if o.confirmed != nil {
			object.Validators = *o.confirmed
		}
		return object, fault.New(fault.NotModified, "test", "unchanged")
	}
	o.opens = append(o.opens, "full")
	object.Body = body{strings.NewReader(o.body)}
	return object, nil
}

func (o *origin) note(what string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.opens = append(o.opens, what)
}

// served returns how requests were answered since the last call.
func (o *origin) served() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	defer func() { o.opens = nil }()
	return strings.Join(o.opens, " ")
}

type body struct{ *strings.Reader }

func (body) Close() error { return nil }

// shelf is a Store without bounds.
type shelf struct {
	mu      sync.Mutex
	entries map[cache.Key]*cache.Entry
	broken  error
	slow    time.Duration
}

func (s *shelf) Get(_ context.Context, key cache.Key) (*cache.Entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return nil, s.broken
	}
	if e, ok := s.entries[key]; ok {
		return e, nil
	}
	return nil, cache.NotFound("absent")
}

func (s *shelf) Put(ctx context.Context, key cache.Key, e *cache.Entry) error {
	time.Sleep(s.slow)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.entries == nil {
		s.entries = map[cache.Key]*cache.Entry{}
	}
	s.entries[key] = e
	return s.broken
}

func (s *shelf) Delete(_ context.Context, key cache.Key) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.entries, key)
	return s.broken
}

func (s *shelf) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.entries)
}

var policy = cache.Policy{TTL: time.Hour, MaxTTL: 24 * time.Hour, Keep: 48 * time.Hour}

// says returns a freshness of so many seconds.
func says(seconds int) source.Freshness {
	return source.Freshness{Explicit: true, Lifetime: time.Duration(seconds) * time.Second, CacheControl: fmt.Sprintf("max-age=%d", seconds)}
}

func photo(t *testing.T) source.Ref {
	t.Helper()
	ref, err := source.ParseRef("http://example.com/photo.jpg")
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

func fetch(t *testing.T, s *Source) *source.Fetched {
	t.Helper()
	f, err := s.Fetch(t.Context(), photo(t), 0, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	synctest.Wait() // what is stored after the answer is stored now
	return f
}

func TestManyFetchOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &origin{body: "hello", freshness: says(0)}
		s := New(o, &shelf{}, Config{Policy: policy})
		var all sync.WaitGroup
		bodies := make([]*blob.Blob, 12)
		for i := range bodies {
			all.Go(func() {
				f, err := s.Fetch(t.Context(), photo(t), 0, time.Time{})
				if err != nil {
					t.Error(err)
					return
				}
				bodies[i] = f.Body
			})
		}
		all.Wait()
		for _, b := range bodies {
			if b == nil || b != bodies[0] || string(b.Bytes()) != "hello" {
				t.Errorf("got %p, want one body for all", b)
			}
		}
		if got := o.served(); got != "full" {
			t.Errorf("the origin served %q, want one full answer", got)
		}
	})
}

func TestErrorsAreSharedAndNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &origin{err: fault.Wrap(fault.SourceMissing, "test", &source.StatusError{Status: 404})}
		s := New(o, &shelf{}, Config{Policy: policy})
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() {
				_, err := s.Fetch(t.Context(), photo(t), 0, time.Time{})
				var status *source.StatusError
				if !fault.Is(err, fault.SourceMissing) || !errors.As(err, &status) {
					t.Errorf("got %v, want the origin's error", err)
				}
			})
		}
		all.Wait()
		if got := o.served(); got != "error" {
			t.Errorf("the origin served %q, want one error for all", got)
		}
		o.err = nil
		fetch(t, s)
		if got := o.served(); got != "full" {
			t.Errorf("after the error the origin served %q", got)
		}
	})
}

func TestWhoLeavesDoesNotFailTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &origin{body: "hello"}
		s := New(o, &shelf{}, Config{Policy: policy})
		ctx, leave := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := s.Fetch(ctx, photo(t), 0, time.Time{}); !fault.Is(err, fault.Canceled) {
				t.Errorf("who left got %v, want Canceled", err)
			}
		})
		synctest.Wait()
		all.Go(func() {
			if f, err := s.Fetch(t.Context(), photo(t), 0, time.Time{}); err != nil || string(f.Body.Bytes()) != "hello" {
				t.Errorf("who stayed got %v, %v", f, err)
			}
		})
		synctest.Wait()
		leave()
		all.Wait()

		ctx, leave = context.WithCancel(t.Context())
		all.Go(func() { _, _ = New(o, &shelf{}, Config{}).Fetch(ctx, photo(t), 0, time.Time{}) })
		synctest.Wait()
		leave()
		all.Wait()
		synctest.Wait()
		if got := o.served(); got != "full cancelled" {
			t.Errorf("the origin served %q, want the fetch that all left to be cancelled", got)
		}
	})
}

func TestWhatIsFetchedIsKeptAlthoughAllHaveLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &shelf{}
		s := New(&origin{body: "hello", freshness: says(60), stubborn: true}, store, Config{Policy: policy})
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := s.Fetch(ctx, photo(t), 0, time.Time{}); !fault.Is(err, fault.Timeout) {
			t.Errorf("who left got %v, want Timeout", err)
		}
		time.Sleep(time.Second)
		if _, ok := s.Version(t.Context(), photo(t)); !ok || store.len() != 1 {
			t.Errorf("%d copies are kept, want 1", store.len())
		}
	})
}

func TestLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &origin{body: strings.Repeat("x", 100), freshness: says(60)}
		s := New(o, &shelf{}, Config{Policy: policy, MaxSize: 50})
		for _, c := range []struct {
			limit int64
			fits  bool
		}{{0, false}, {50, false}, {99, false}, {100, true}, {1000, true}, {99, false}, {0, false}, {1, false}, {100, true}} {
			f, err := s.Fetch(t.Context(), photo(t), c.limit, time.Time{})
			if c.fits && (err != nil || f.Body.Len() != 100) || !c.fits && !fault.Is(err, fault.TooLarge) {
				t.Errorf("limit %d: %v, %v; want fitting = %t", c.limit, f, err, c.fits)
			}
			synctest.Wait()
		}
		// Below 100 bytes nothing is kept; after that, one copy serves all limits.
		if got := o.served(); got != "full full full full" {
			t.Errorf("the origin served %q", got)
		}
	})
}

// Two callers with limits of their own share one fetch, and only one of them gets the body.
func TestSmallerLimitSharesTheFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &origin{body: strings.Repeat("x", 100)}
		s := New(o, &shelf{}, Config{Policy: policy, MaxSize: 1000})
		var all sync.WaitGroup
		for limit, want := range map[int64]fault.Kind{0: fault.Internal, 99: fault.TooLarge, 100: fault.Internal} {
			all.Go(func() {
				_, err := s.Fetch(t.Context(), photo(t), limit, time.Time{})
				if (err == nil) != (want == fault.Internal) || err != nil && !fault.Is(err, want) {
					t.Errorf("limit %d: %v", limit, err)
				}
			})
		}
		all.Wait()
		if got := o.served(); got != "full" {
			t.Errorf("the origin served %q", got)
		}
	})
}

func TestBrokenStoreOnlyCostsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &origin{body: "hello", freshness: says(60)}
		s := New(o, &shelf{broken: errors.New("disk on fire")}, Config{Policy: policy})
		for range 2 {
			if f := fetch(t, s); string(f.Body.Bytes()) != "hello" {
				t.Errorf("got %q", f.Body.Bytes())
			}
		}
		if got := o.served(); got != "full full" {
			t.Errorf("the origin served %q", got)
		}
		if version, ok := s.Version(t.Context(), photo(t)); ok {
			t.Errorf("the version is known as %q", version)
		}
	})
}

// An answer does not wait for the store, and nobody misses while it works.
func TestSlowStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &origin{body: "hello", freshness: says(3600)}
		store := &shelf{slow: time.Minute}
		s := New(o, store, Config{Policy: policy})
		began := time.Now()
		ctx, leave := context.WithCancel(t.Context())
		if _, err := s.Fetch(ctx, photo(t), 0, time.Time{}); err != nil || time.Since(began) != time.Second {
			t.Errorf("%v after %v, want an answer when the origin has sent it", err, time.Since(began))
		}
		leave()
		time.Sleep(30 * time.Second)
		if _, err := s.Fetch(t.Context(), photo(t), 0, time.Time{}); err != nil || time.Since(began) != 31*time.Second {
			t.Errorf("%v after %v, want an answer at once", err, time.Since(began))
		}
		time.Sleep(time.Minute)
		if store.len() != 1 || o.served() != "full" {
			t.Errorf("%d entries, want the copy stored although its client has left", store.len())
		}
	})
}
