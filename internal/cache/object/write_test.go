package object

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/cache/cachetest"
	"github.com/stillroom/stillroom/internal/fault"
)

// What fails is tried again after growing pauses, and given up in the end.
func TestRetry(t *testing.T) {
	for _, call := range []string{"put", "delete"} {
		for failures, want := range map[int]bool{0: true, 1: true, 3: true, 4: false} {
			synctest.Test(t, func(t *testing.T) {
				var at []time.Duration
				began := time.Now()
				b := &hooked{Bucket: memory(t)}
				key, e := cachetest.Key(1), lasting(1, 10)
				s := open(t, Config{Bucket: b, Failures: 100})
				if call == "delete" {
					stored(t, s, key, e)
				}
				b.before = func(_ context.Context, c string, n int) error {
					if c != call {
						return nil
					}
					at = append(at, time.Since(began))
					if n <= failures {
						return broken()
					}
					return nil
				}
				if call == "put" {
					put(t, s, key, e)
				} else {
					remove(t, s, key)
				}
				s.idle(key)
				if _, err := b.Bucket.Stat(t.Context(), objectName(key), ""); (err == nil) != (want == (call == "put")) {
					t.Errorf("%s, %d failures: %v in the end", call, failures, err)
				}
				if want {
					dropped(t, s, GivenUp, 0)
				} else {
					dropped(t, s, GivenUp, 1)
				}
				if len(at) != min(failures+1, DefaultAttempts) {
					t.Errorf("%s, %d failures: attempts at %v", call, failures, at)
				}
				for i := 1; i < len(at); i++ {
					if pause, most := at[i]-at[i-1], firstPause<<(i-1); pause < most/2 || pause > most {
						t.Errorf("%s: attempt %d after a pause of %v, want %v to %v", call, i+1, pause, most/2, most)
					}
				}
			})
		}
	}
}

// What the service refuses, and what it was never asked, is not tried again.
func TestRefused(t *testing.T) {
	for name, err := range map[string]error{
		"no such bucket": bucket.Answered("test", "x", 404, "NoSuchBucket", false),
		"denied":         bucket.Answered("test", "x", 403, "AccessDenied", false),
		"a bug":          fault.New(fault.Internal, "test", "a bug"),
	} {
		synctest.Test(t, func(t *testing.T) {
			b := &hooked{Bucket: memory(t), before: func(context.Context, string, int) error { return err }}
			s := open(t, Config{Bucket: b})
			put(t, s, cachetest.Key(1), lasting(1, 10))
			settled := s.Settled(t.Context(), cachetest.Key(1))
			if fault.KindOf(settled) != fault.KindOf(err) || !strings.Contains(settled.Error(), "refused") {
				t.Errorf("%s: settled: %v", name, settled)
			}
			dropped(t, s, Refused, 1)
			if b.count("put") != 1 {
				t.Errorf("%s: %d attempts, want 1", name, b.count("put"))
			}
		})
	}
}

func TestPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &hooked{Bucket: memory(t), before: func(context.Context, string, int) error { panic("a bug") }}
		s := open(t, Config{Bucket: b})
		if _, err := s.Get(t.Context(), cachetest.Key(1)); !fault.Is(err, fault.Internal) || !strings.Contains(err.Error(), "a bug") {
			t.Errorf("Get: %v, want what the bucket panics with", err)
		}
		put(t, s, cachetest.Key(1), lasting(1, 10))
		if err := s.Settled(t.Context(), cachetest.Key(1)); !fault.Is(err, fault.Internal) || !strings.Contains(err.Error(), "a bug") {
			t.Errorf("Settled: %v, want what the bucket panics with", err)
		}
	})
}

// An attempt that hangs ends in time and counts as a failure.
func TestWriteTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &hooked{Bucket: memory(t), before: func(ctx context.Context, call string, n int) error {
			if call == "put" && n == 1 {
				return ended(ctx)
			}
			return nil
		}}
		s := open(t, Config{Bucket: b})
		began := time.Now()
		stored(t, s, cachetest.Key(1), lasting(1, 10))
		if took := time.Since(began); took < DefaultWriteTimeout || took > DefaultWriteTimeout+firstPause {
			t.Errorf("written after %v, want the time of one attempt and a pause", took)
		}
	})
}

// While the bucket is left alone, what is queued waits however long it takes, and costs it no attempts.
func TestSuspendedKeeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var down atomic.Bool
		b := &hooked{Bucket: memory(t), before: failing(func(string, int) bool { return down.Load() })}
		var text bytes.Buffer
		log := slog.New(slog.NewTextHandler(&text, nil))
		o := &told{}
		s := open(t, Config{Bucket: b, QueueEntries: 20, Log: log, Observer: o})
		down.Store(true)
		for n := range 30 {
			put(t, s, cachetest.Key(n), lasting(n, 10))
			synctest.Wait()
		}
		time.Sleep(time.Hour + time.Second) // not when a probe is due
		if stats := s.Stats(); !stats.Suspended || stats.QueueEntries != 20 {
			t.Errorf("%+v, want it suspended with a full queue", stats)
		}
		dropped(t, s, QueueFull, 10)
		// One probe a pause, and the attempts until it was suspended.
		if n, want := b.count("put"), int(time.Hour/DefaultPause)+8+DefaultFailures; n > want {
			t.Errorf("%d writes in an hour of failing, want at most %d", n, want)
		}
		for range DefaultFailures {
			if _, err := s.Get(t.Context(), cachetest.Key(1000)); !fault.Is(err, fault.SourceFailed) {
				t.Errorf("Get: %v, want kind SourceFailed", err)
			}
		}
		missing(t, s, cachetest.Key(1000), "suspended")
		down.Store(false)
		time.Sleep(2 * DefaultPause)
		synctest.Wait()
		for n := range 20 {
			found(t, s, cachetest.Key(n), lasting(n, 10))
		}
		dropped(t, s, QueueFull, 10)
		if n := strings.Count(text.String(), "leaves its bucket alone"); n != 1 || !strings.Contains(text.String(), "SlowDown") {
			t.Errorf("it is said %d times that it is suspended, want once, with the reason:\n%s", n, &text)
		}
		missed := `dropped=10 "lookups skipped"=1`
		if n := strings.Count(text.String(), `works again" after=1h0m`); n != 1 || !strings.Contains(text.String(), missed) {
			t.Errorf("it is said %d times that it works, want once, with what was missed:\n%s", n, &text)
		}
		words := strings.Join(o.take(), ",")
		if strings.Count(words, "open true") != 1 || strings.Count(words, "open false") != 1 {
			t.Errorf("the observer is told: %s", words)
		}
	})
}

// Writes that go well do not hide that every read takes too long, and go on.
func TestSlowReadsGoodWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &hooked{Bucket: memory(t), before: func(ctx context.Context, call string, _ int) error {
			if call == "get" {
				return ended(ctx)
			}
			return nil
		}}
		s := open(t, Config{Bucket: b})
		began := time.Now()
		for n := range 100 {
			missing(t, s, cachetest.Key(n), "")
			stored(t, s, cachetest.Key(n), lasting(n, 10))
		}
		if took := time.Since(began); took != DefaultFailures*DefaultTimeout {
			t.Errorf("a hundred misses took %v, want that of the first %d", took, DefaultFailures)
		}
		if stats := s.Stats(); !stats.ReadsSuspended || stats.WritesSuspended || !stats.Suspended || !s.Suspended() {
			t.Errorf("%+v, want reads suspended and writes not", stats)
		}
	})
}

// One entry that the bucket cannot take does not keep it suspended for the others.
func TestPoison(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var down atomic.Bool
		poison := &failsFor{
			hooked: hooked{Bucket: memory(t), before: failing(func(string, int) bool { return down.Load() })},
			key:    objectName(cachetest.Key(0)),
		}
		s := open(t, Config{Bucket: poison, Writers: 1})
		down.Store(true)
		for n := range 5 {
			put(t, s, cachetest.Key(n), lasting(n, 10))
		}
		time.Sleep(time.Minute)
		down.Store(false)
		time.Sleep(time.Minute)
		for n := 1; n < 5; n++ {
			found(t, s, cachetest.Key(n), lasting(n, 10))
		}
		if s.counters.lost() > 1 || s.Stats().Suspended {
			t.Errorf("%+v, want only the one lost", s.Stats())
		}
	})
}

// failsFor cannot store one object.
type failsFor struct {
	hooked

	key string
}

func (f *failsFor) Put(
	ctx context.Context, key string, body io.ReadSeeker, size int64, options bucket.PutOptions,
) (bucket.Info, error) {
	if key == f.key {
		return bucket.Info{}, broken()
	}
	return f.hooked.Put(ctx, key, body, size, options)
}

// Drops are told of, once in a while.
func TestDropsAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var text bytes.Buffer
		hook, gate := gate("put")
		s := open(t, Config{
			Bucket: &hooked{Bucket: memory(t), before: hook}, QueueEntries: 1, WriteTimeout: time.Hour,
			Log: slog.New(slog.NewTextHandler(&text, nil)),
		})
		for n := range 100 {
			put(t, s, cachetest.Key(n), lasting(n, 10))
		}
		time.Sleep(seldom)
		put(t, s, cachetest.Key(200), lasting(1, 10))
		close(gate)
		if n := strings.Count(text.String(), "drops"); n != 2 || !strings.Contains(text.String(), "reason=queue-full dropped=99") {
			t.Errorf("%d lines, want one for the first and one for all that followed:\n%s", n, &text)
		}
	})
}

func TestClose(t *testing.T) {
	for name, c := range map[string]struct {
		each time.Duration // that a write takes
		lost int64
	}{
		"in time":  {time.Second, 0},
		"too slow": {3 * time.Second, 3}, // 8 at once, 10 s: three rounds are done, of the fourth none
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &hooked{Bucket: memory(t), before: func(ctx context.Context, _ string, _ int) error {
					select {
					case <-time.After(c.each):
						return nil
					case <-ctx.Done():
						return ended(ctx)
					}
				}}
				s, err := New(Config{Bucket: b})
				if err != nil {
					t.Fatal(err)
				}
				const n = 3*DefaultWriters + 3
				for n := range n {
					put(t, s, cachetest.Key(n), lasting(n, 10))
				}
				began := time.Now()
				if err := s.Close(); err != nil {
					t.Error(err)
				}
				if took := time.Since(began); took > DefaultDrain+grace {
					t.Errorf("it took %v", took)
				}
				dropped(t, s, Shutdown, c.lost)
				if wrote := s.Stats().Wrote; wrote != n-c.lost {
					t.Errorf("%d written and %d lost of %d", wrote, c.lost, n)
				}
				for n := range n {
					if err := s.Settled(t.Context(), cachetest.Key(n)); (err != nil) != (int64(n) >= int64(3*DefaultWriters+3)-c.lost) {
						t.Errorf("%d settled: %v", n, err)
					}
				}
				if err := s.Close(); err != nil {
					t.Errorf("closing again: %v", err)
				}
				missing(t, s, cachetest.Key(0), "closed")
				put(t, s, cachetest.Key(0), lasting(0, 10))
				remove(t, s, cachetest.Key(0))
				dropped(t, s, Shutdown, c.lost+2)
			})
		})
	}
}

// A bucket that nothing ends does not keep Close from ending.
func TestCloseStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := make(chan struct{})
		b := &hooked{Bucket: memory(t), before: func(context.Context, string, int) error {
			<-stuck
			return nil
		}}
		s, err := New(Config{Bucket: b})
		if err != nil {
			t.Fatal(err)
		}
		put(t, s, cachetest.Key(0), lasting(0, 10))
		began := time.Now()
		if err := s.Close(); err != nil || time.Since(began) != DefaultDrain+grace {
			t.Errorf("%v after %v, want the end after %v", err, time.Since(began), DefaultDrain+grace)
		}
		close(stuck)
	})
}

// While the bucket is left alone, Close waits no longer than it may.
func TestCloseSuspended(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := New(Config{Bucket: &hooked{Bucket: memory(t), before: failing(func(string, int) bool { return true })}})
		if err != nil {
			t.Fatal(err)
		}
		for n := range 50 {
			put(t, s, cachetest.Key(n), lasting(n, 10))
		}
		time.Sleep(time.Minute)
		began := time.Now()
		if err := s.Close(); err != nil || time.Since(began) > DefaultDrain+grace {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		dropped(t, s, Shutdown, 50)
	})
}

// Whatever is put and deleted in whatever order, over a bucket that fails at random: in the end the bucket holds what was
// told last, unless that was dropped, and what a Get finds in between was put and not taken back.
func TestRandom(t *testing.T) {
	for seed := range uint64(40) {
		synctest.Test(t, func(t *testing.T) { random(t, seed) })
	}
}

func random(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 1))
	b := &hooked{Bucket: memory(t), before: func(_ context.Context, call string, n int) error {
		rng := rand.New(rand.NewPCG(seed, uint64(n)<<8|uint64(call[0])))
		time.Sleep(time.Duration(rng.IntN(100)) * time.Millisecond)
		if rng.IntN(10) == 0 {
			return broken()
		}
		return nil
	}}
	s := open(t, Config{Bucket: b, Writers: 3, Attempts: 20, Failures: 1000})
	const keys = 4
	last := [keys]*cache.Entry{}
	for i := range 300 {
		n := rng.IntN(keys)
		switch rng.IntN(5) {
		case 0:
			last[n] = nil
			remove(t, s, cachetest.Key(n))
		case 1, 2:
			last[n] = lasting(i, 50+i)
			put(t, s, cachetest.Key(n), last[n])
		default:
			check(t, s, n, last[n])
		}
		time.Sleep(time.Duration(rng.IntN(60)) * time.Millisecond)
	}
	for n := range keys {
		s.idle(cachetest.Key(n))
		check(t, s, n, last[n])
	}
	if s.counters.lost() != 0 {
		t.Errorf("seed %d: %v were dropped", seed, s.Stats().Dropped)
	}
}

// check gets a key, again as long as the bucket fails.
func check(t *testing.T, s *Store, n int, want *cache.Entry) {
	t.Helper()
	for {
		e, err := s.Get(t.Context(), cachetest.Key(n))
		switch {
		case fault.Is(err, fault.SourceFailed):
			continue
		case want == nil && !fault.Is(err, fault.NotFound):
			t.Fatalf("%v, %v; want nothing", e, err)
		case want != nil && err != nil:
			t.Fatalf("%v, want an entry", err)
		case want != nil:
			cachetest.Same(t, e, want)
		}
		return
	}
}
