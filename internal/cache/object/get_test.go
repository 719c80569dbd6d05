package object

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/cache/cachetest"
	"github.com/stillroom/stillroom/internal/fault"
)

// Gets of one key at one time share one read of the bucket.
func TestCollapse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &hooked{Bucket: memory(t)}
		s := open(t, Config{Bucket: b})
		e := lasting(1, 1000)
		stored(t, s, cachetest.Key(1), e)
		hook, gate := gate("get")
		b.before = hook
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() { found(t, s, cachetest.Key(1), e) })
		}
		synctest.Wait()
		close(gate)
		all.Wait()
		if n := b.count("get"); n != 1 {
			t.Errorf("%d reads, want 1", n)
		}
	})
}

// A Get after a change is not given what a read from before it finds.
func TestCollapseAfterChange(t *testing.T) {
	for name, change := range map[string]func(t testing.TB, s *Store) *cache.Entry{
		"delete": func(t testing.TB, s *Store) *cache.Entry {
			remove(t, s, cachetest.Key(1))
			return nil
		},
		"put": func(t testing.TB, s *Store) *cache.Entry {
			e := lasting(2, 20)
			put(t, s, cachetest.Key(1), e)
			return e
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &hooked{Bucket: memory(t)}
				s := open(t, Config{Bucket: b})
				old := lasting(1, 1000)
				stored(t, s, cachetest.Key(1), old)
				hold := make(chan struct{})
				b.change = func(*bucket.Object) { // the first one has the old object in hand
					if b.count("get") == 1 {
						<-hold
					}
				}
				var first sync.WaitGroup
				first.Go(func() { found(t, s, cachetest.Key(1), old) })
				synctest.Wait()
				want := change(t, s)
				s.idle(cachetest.Key(1))
				if want == nil {
					missing(t, s, cachetest.Key(1), "not in the bucket")
				} else {
					found(t, s, cachetest.Key(1), want)
				}
				close(hold)
				first.Wait()
			})
		})
	}
}

// A Get takes as long as it may and no longer, wherever the bucket is slow, and whether it notices the end or not.
func TestDeadline(t *testing.T) {
	for name, slow := range map[string]func(b *hooked, free chan struct{}){
		"no answer": func(b *hooked, _ chan struct{}) {
			b.before = func(ctx context.Context, _ string, _ int) error { return ended(ctx) }
		},
		"no answer, nothing ends it": func(b *hooked, free chan struct{}) {
			b.before = func(context.Context, string, int) error {
				<-free
				return broken()
			}
		},
		"an answer after the time": func(b *hooked, _ chan struct{}) {
			b.before = func(context.Context, string, int) error {
				time.Sleep(DefaultTimeout + time.Millisecond)
				return nil
			}
		},
		"silent in the middle": func(b *hooked, free chan struct{}) {
			b.change = func(o *bucket.Object) { o.Body = &stalling{o.Body, free} }
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &hooked{Bucket: memory(t)}
				o := &told{}
				s := open(t, Config{Bucket: b, Observer: o, Failures: 3, Pause: time.Minute})
				stored(t, s, cachetest.Key(1), lasting(1, 1000))
				free := make(chan struct{})
				slow(b, free)
				o.take()
				for range 3 {
					began := time.Now()
					missing(t, s, cachetest.Key(1), "too slow")
					if took := time.Since(began); took != DefaultTimeout {
						t.Errorf("it took %v, want %v", took, DefaultTimeout)
					}
				}
				began := time.Now()
				missing(t, s, cachetest.Key(1), "suspended")
				if took := time.Since(began); took != 0 {
					t.Errorf("suspended, it took %v", took)
				}
				want := []string{"read slow 0", "read slow 0", "read slow 0", "open true", "read suspended 0"}
				if diff := cmp.Diff(want, o.take()); diff != "" {
					t.Errorf("the observer is told (-want +got):\n%s", diff)
				}
				close(free)
				synctest.Wait()
				b.before, b.change = nil, nil
				time.Sleep(time.Minute)
				found(t, s, cachetest.Key(1), lasting(1, 1000))
				if diff := cmp.Diff([]string{"read found 1000", "open false"}, o.take()); diff != "" {
					t.Errorf("the observer is told (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// stalling is a body that says nothing more after its first bytes until it is freed.
type stalling struct {
	io.ReadCloser

	free chan struct{}
}

func (s *stalling) Read(p []byte) (int, error) {
	if len(p) > 500 {
		return s.ReadCloser.Read(p[:500])
	}
	<-s.free
	return 0, broken()
}

// Reads that nothing ends are bounded.
func TestReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		b := &hooked{Bucket: memory(t), before: func(context.Context, string, int) error {
			<-free
			return nil
		}}
		s := open(t, Config{Bucket: b, Readers: 3, Failures: 100})
		for n := range 3 {
			missing(t, s, cachetest.Key(n), "too slow")
		}
		began := time.Now()
		missing(t, s, cachetest.Key(9), "as many reads")
		if time.Since(began) != 0 || b.count("get") != 3 || s.Stats().Reading != 3 {
			t.Errorf("after %v, %d reads, %+v; want 3 reads and no wait", time.Since(began), b.count("get"), s.Stats())
		}
		close(free)
		synctest.Wait()
		missing(t, s, cachetest.Key(9), "not in the bucket")
	})
}

// Whoever leaves is told so at once, says nothing about the bucket and leaves the read to the others.
func TestLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hook, gate := gate("get")
		b := &hooked{Bucket: memory(t), before: hook}
		o := &told{}
		s := open(t, Config{Bucket: b, Observer: o, Failures: 1})
		e := lasting(1, 1000)
		stored(t, s, cachetest.Key(1), e)
		o.take()
		leave := func(end func(context.Context, time.Duration) (context.Context, context.CancelFunc), want fault.Kind) {
			ctx, cancel := end(t.Context(), DefaultTimeout/2)
			defer cancel()
			began := time.Now()
			if _, err := s.Get(ctx, cachetest.Key(1)); !fault.Is(err, want) || time.Since(began) != DefaultTimeout/2 {
				t.Errorf("%v after %v, want kind %v after %v", err, time.Since(began), want, DefaultTimeout/2)
			}
		}
		leave(context.WithTimeout, fault.Timeout)
		leave(func(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(d, cancel)
			return ctx, cancel
		}, fault.Canceled)
		synctest.Wait()
		if diff := cmp.Diff([]string{"read left 0", "read left 0"}, o.take()); diff != "" {
			t.Errorf("the observer is told (-want +got):\n%s", diff)
		}
		// One stays.
		var stays sync.WaitGroup
		stays.Go(func() { found(t, s, cachetest.Key(1), e) })
		leave(context.WithTimeout, fault.Timeout)
		close(gate)
		stays.Wait()
		if diff := cmp.Diff([]string{"read found 1000"}, o.take()); diff != "" {
			t.Errorf("the observer is told (-want +got):\n%s", diff)
		}
	})
}

// Errors of the bucket keep their kind and count against it. Some answers are no errors.
func TestErrors(t *testing.T) {
	for _, c := range []struct {
		err       error
		want      fault.Kind
		outcome   Outcome
		suspended bool
	}{
		{bucket.Answered("test", "x", 404, "NoSuchKey", false), fault.NotFound, Absent, false},
		{bucket.Answered("test", "x", 410, "", false), fault.NotFound, Absent, false},
		{bucket.Answered("test", "x", 403, "AccessDenied", false), fault.NotFound, Denied, false},
		{bucket.Answered("test", "x", 403, "SignatureDoesNotMatch", false), fault.SourceMissing, Failed, true},
		{bucket.Answered("test", "x", 401, "", false), fault.SourceMissing, Failed, true},
		{bucket.Answered("test", "x", 500, "", false), fault.SourceFailed, Failed, true},
		{bucket.Answered("test", "x", 429, "", false), fault.SourceFailed, Failed, true},
		{fault.New(fault.Unreachable, "test", "nobody is there"), fault.Unreachable, Failed, true},
		{fault.New(fault.SourceTimeout, "test", "no answer"), fault.SourceTimeout, Failed, true},
		{errors.New("anything else"), fault.Internal, Failed, true},
	} {
		b := &hooked{Bucket: memory(t), before: func(_ context.Context, call string, _ int) error {
			if call == "get" {
				return c.err
			}
			return nil
		}}
		var text strings.Builder
		s := open(t, Config{Bucket: b, Failures: 1, Pause: time.Hour, Timeout: patience, Log: slog.New(slog.NewTextHandler(&text, nil))})
		e, err := s.Get(t.Context(), cachetest.Key(1))
		if !fault.Is(err, c.want) || s.counters.reads[c.outcome].Load() != 1 {
			t.Errorf("%v: %v, %v (%v), %v; want %v and %v", c.err, e, err, fault.KindOf(err), s.Stats().Reads, c.want, c.outcome)
		}
		if got := s.Stats().Suspended; got != c.suspended {
			t.Errorf("%v: suspended %t, want %t", c.err, got, c.suspended)
		}
		if fault.Is(err, fault.SourceMissing) && !errors.Is(err, c.err) {
			t.Errorf("%v is not the cause of %v", c.err, err)
		}
		_, _ = s.Get(t.Context(), cachetest.Key(2)) // fails like the first
		if told := strings.Count(text.String(), "denies a read"); told > 1 || (told == 1) != (c.outcome == Denied) {
			t.Errorf("%v: the log tells %d times of a denied read: %s", c.err, told, text.String())
		}
	}
}

// A body that breaks off is a failure on the way: the object stays.
func TestBodyBreaksOff(t *testing.T) {
	b := &hooked{Bucket: memory(t)}
	s := open(t, Config{Bucket: b, Timeout: patience})
	e := lasting(1, 1000)
	stored(t, s, cachetest.Key(1), e)
	for name, at := range map[string]int{"at once": 0, "in the middle": 500, "after the last byte": 1000} {
		b.change = func(o *bucket.Object) {
			o.Body = io.NopCloser(io.MultiReader(io.LimitReader(o.Body, int64(at)), &breaks{}))
		}
		if _, err := s.Get(t.Context(), cachetest.Key(1)); !fault.Is(err, fault.Incomplete) {
			t.Errorf("%s: %v, want kind Incomplete", name, err)
		}
		s.idle(cachetest.Key(1))
	}
	b.change = nil
	found(t, s, cachetest.Key(1), e)
}

// breaks is the end of a body that is none.
type breaks struct{}

func (*breaks) Read([]byte) (int, error) {
	return 0, fault.New(fault.Incomplete, "test", "bytes are missing: %w", io.ErrUnexpectedEOF)
}

// What another node with a higher bound has written is a miss here, unread, and stays.
func TestLargerThanHere(t *testing.T) {
	b := &hooked{Bucket: memory(t)}
	there, here := open(t, Config{Bucket: b, Timeout: patience}), open(t, Config{Bucket: b, Timeout: patience, MaxEntry: 999})
	e := lasting(1, 1000)
	stored(t, there, cachetest.Key(1), e)
	for _, told := range []bool{true, false} {
		b.change = func(o *bucket.Object) {
			o.Body = unread{t, o.Body}
			if !told {
				o.Info.Size = -1
			}
		}
		missing(t, here, cachetest.Key(1), "larger")
		here.idle(cachetest.Key(1))
	}
	b.change = nil
	found(t, there, cachetest.Key(1), e)
}

// unread is a body that nobody may read.
type unread struct {
	t *testing.T
	io.ReadCloser
}

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body is read")
	return 0, io.EOF
}

// What was kept too long is a miss and deleted.
func TestExpired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := memory(t)
		s := open(t, Config{Bucket: b})
		stored(t, s, cachetest.Key(1), cachetest.Entry(1, 10)) // for an hour
		time.Sleep(time.Hour)
		missing(t, s, cachetest.Key(1), "too long")
		s.idle(cachetest.Key(1))
		if _, err := b.Stat(t.Context(), objectName(cachetest.Key(1)), ""); !bucket.Absent(err) {
			t.Errorf("it is still there: %v", err)
		}
	})
}

// Until purges are known nothing is found in the bucket; what this node has made itself is.
func TestReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hook, gate := gate("put")
		b := &hooked{Bucket: memory(t), before: hook}
		ready := false
		s := open(t, Config{Bucket: b, Ready: func() bool { return ready }})
		e := lasting(1, 10)
		put(t, s, cachetest.Key(1), e)
		found(t, s, cachetest.Key(1), e)
		close(gate)
		s.idle(cachetest.Key(1))
		missing(t, s, cachetest.Key(1), "not known yet")
		if _, err := s.Peek(t.Context(), cachetest.Key(1)); !fault.Is(err, fault.NotFound) {
			t.Errorf("Peek: %v, want NotFound", err)
		}
		if n := b.count("get") + b.count("stat"); n != 0 {
			t.Errorf("the bucket was asked %d times", n)
		}
		ready = true
		found(t, s, cachetest.Key(1), e)
	})
}

func TestPeek(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hook, gate := gate("put")
		b := &hooked{Bucket: memory(t), before: hook}
		s := open(t, Config{Bucket: b})
		key, e := cachetest.Key(1), cachetest.Entry(1, 10)
		peek := func(want *cache.Meta) {
			t.Helper()
			m, err := s.Peek(t.Context(), key)
			if want == nil {
				if !fault.Is(err, fault.NotFound) {
					t.Errorf("%v, %v; want NotFound", m, err)
				}
				return
			}
			if diff := cmp.Diff(*want, m); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		}
		peek(nil)
		put(t, s, key, e)
		peek(&e.Meta)
		close(gate)
		s.idle(key)
		peek(&e.Meta)
		time.Sleep(time.Hour)
		peek(nil) // expired, and still there
		if b.count("get") != 0 || b.count("delete") != 0 {
			t.Errorf("%d reads and %d deletions, want none", b.count("get"), b.count("delete"))
		}
		b.before = failing(func(string, int) bool { return true })
		if _, err := s.Peek(t.Context(), key); !fault.Is(err, fault.SourceFailed) {
			t.Errorf("of a broken bucket: %v", err)
		}
	})
}
