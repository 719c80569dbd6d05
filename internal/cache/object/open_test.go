package object

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/buckettest"
	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/cache/cachetest"
	"github.com/stillroom/stillroom/internal/fault"
)

// open opens a tier that is closed with the test.
func open(t testing.TB, c Config) *Store {
	t.Helper()
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

// patience is a Timeout that only what hangs exceeds, however loaded the machine.
const patience = 30 * time.Second

// memory returns an empty bucket in memory.
func memory(t testing.TB) bucket.Bucket {
	t.Helper()
	b, err := buckettest.NewMemory("pictures").Open("pictures")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// lasting returns the nth entry, always the same one, to be kept for long.
func lasting(n, size int) *cache.Entry {
	e := cachetest.Entry(n, size)
	e.Created = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	e.LastModified = e.Created.Add(-time.Hour)
	e.Clocks.Fresh = e.Created.AddDate(50, 0, 0)
	e.Clocks.Revalidate, e.Clocks.IfError, e.Clocks.Keep = e.Clocks.Fresh, e.Clocks.Fresh, e.Clocks.Fresh
	return e
}

// idle waits until nothing is left to do for a key.
func (s *Store) idle(key cache.Key) {
	for c, _, _ := s.queue.look(key); c != nil; c, _, _ = s.queue.look(key) {
		<-c.ended
	}
}

func put(t testing.TB, s *Store, key cache.Key, e *cache.Entry) {
	t.Helper()
	if err := s.Put(context.Background(), key, e); err != nil {
		t.Fatalf("Put: %v", err)
	}
}

// stored puts an entry and waits until it is in the bucket.
func stored(t testing.TB, s *Store, key cache.Key, e *cache.Entry) {
	t.Helper()
	put(t, s, key, e)
	if err := s.Settled(context.Background(), key); err != nil {
		t.Fatalf("Settled: %v", err)
	}
}

func remove(t testing.TB, s *Store, key cache.Key) {
	t.Helper()
	if err := s.Delete(context.Background(), key); err != nil {
		t.Fatalf("Delete: %v", err)
	}
}

// found fails the test unless the tier has an entry, whole.
func found(t *testing.T, s *Store, key cache.Key, want *cache.Entry) {
	t.Helper()
	got, err := s.Get(context.Background(), key)
	if err != nil {
		t.Fatalf("Get: %v", err)
	}
	if got.Tier != "object" {
		t.Errorf("tier %q, want object", got.Tier)
	}
	cachetest.Same(t, got, want)
}

// missing fails the test unless the tier answers that it has no such entry, for a reason.
func missing(t testing.TB, s *Store, key cache.Key, reason string) {
	t.Helper()
	e, err := s.Get(context.Background(), key)
	if !fault.Is(err, fault.NotFound) || !strings.Contains(err.Error(), reason) {
		t.Errorf("Get = %v, %v; want NotFound because of %q", e, err, reason)
	}
}

// dropped fails the test unless that many entries and deletions were dropped for a reason, and none for another.
func dropped(t testing.TB, s *Store, reason Drop, want int64) {
	t.Helper()
	if got := s.counters.dropped[reason].Load(); got != want || s.counters.lost() != want {
		t.Errorf("%d dropped because of %v and %d in all, want %d: %v", got, reason, s.counters.lost(), want, s.Stats().Dropped)
	}
}

// hooked is a bucket whose calls a test looks at, holds up and fails.
type hooked struct {
	bucket.Bucket

	// before is called with "get", "put", "delete" or "stat" and the number of that call, from 1; its error is the
	// call's. nil = nothing happens.
	before func(ctx context.Context, call string, n int) error
	// change changes what a Get has found; nil = nothing is changed.
	change func(*bucket.Object)

	mu     sync.Mutex
	counts map[string]int
}

func (h *hooked) called(ctx context.Context, call string) error {
	h.mu.Lock()
	if h.counts == nil {
		h.counts = map[string]int{}
	}
	h.counts[call]++
	n := h.counts[call]
	h.mu.Unlock()
	if h.before == nil {
		return nil
	}
	return h.before(ctx, call, n)
}

// count returns how often something was called.
func (h *hooked) count(call string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.counts[call]
}

func (h *hooked) Get(ctx context.Context, key string, options bucket.GetOptions) (*bucket.Object, error) {
	if err := h.called(ctx, "get"); err != nil {
		return nil, err
	}
	o, err := h.Bucket.Get(ctx, key, options)
	if err == nil && h.change != nil {
		h.change(o)
	}
	return o, err
}

func (h *hooked) Put(
	ctx context.Context, key string, body io.ReadSeeker, size int64, options bucket.PutOptions,
) (bucket.Info, error) {
	if err := h.called(ctx, "put"); err != nil {
		return bucket.Info{}, err
	}
	return h.Bucket.Put(ctx, key, body, size, options)
}

func (h *hooked) Delete(ctx context.Context, key string) error {
	if err := h.called(ctx, "delete"); err != nil {
		return err
	}
	return h.Bucket.Delete(ctx, key)
}

func (h *hooked) Stat(ctx context.Context, key, version string) (bucket.Info, error) {
	if err := h.called(ctx, "stat"); err != nil {
		return bucket.Info{}, err
	}
	return h.Bucket.Stat(ctx, key, version)
}

// broken is the error of a service that is.
func broken() error { return bucket.Answered("test", "x", 503, "SlowDown", false) }

// failing returns a hook that fails every call while fails says so.
func failing(fails func(call string, n int) bool) func(context.Context, string, int) error {
	return func(_ context.Context, call string, n int) error {
		if fails(call, n) {
			return broken()
		}
		return nil
	}
}

// ended waits for the end of a call's context.
func ended(ctx context.Context) error {
	<-ctx.Done()
	return fault.Wrap(fault.KindOf(ctx.Err()), "test", context.Cause(ctx))
}

// told collects what the observer is told, in words.
type told struct {
	mu    sync.Mutex
	words []string
}

func (o *told) say(format string, args ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.words = append(o.words, fmt.Sprintf(format, args...))
}

// take returns what was said since the last time.
func (o *told) take() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	words := o.words
	o.words = nil
	return words
}

func (o *told) Read(outcome Outcome, n int64, _ time.Duration) { o.say("read %v %d", outcome, n) }
func (o *told) Wrote(n int64, _ time.Duration)                 { o.say("wrote %d", n) }
func (o *told) Dropped(reason Drop)                            { o.say("dropped %v", reason) }
func (o *told) Damaged(kind Damage)                            { o.say("damaged %v", kind) }
func (o *told) Breaker(open bool)                              { o.say("open %t", open) }
