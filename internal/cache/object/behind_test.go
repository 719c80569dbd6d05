package object

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stillroom/stillroom/internal/blob"
	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/cache/cachetest"
	"github.com/stillroom/stillroom/internal/fault"
)

// gate is a hook that holds calls of one kind up until they are let through, one by one.
func gate(call string) (hook func(context.Context, string, int) error, open chan struct{}) {
	open = make(chan struct{})
	return func(ctx context.Context, c string, _ int) error {
		if c != call {
			return nil
		}
		select {
		case <-open:
			return nil
		case <-ctx.Done():
			return ended(ctx)
		}
	}, open
}

// Every Put returns at once, and what it was told is found until it is written, and after that.
func TestBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hook, gate := gate("put")
		b := &hooked{Bucket: memory(t), before: hook}
		s := open(t, Config{Bucket: b, Writers: 2})
		began := time.Now()
		var entries []*cache.Entry
		for n := range 5 {
			entries = append(entries, lasting(n, 100))
			put(t, s, cachetest.Key(n), entries[n])
		}
		synctest.Wait()
		if stats := s.Stats(); stats.QueueEntries != 5 || stats.QueueBytes != 5*(100+perEntry) || b.count("put") != 2 {
			t.Errorf("%+v and %d writes, want 5 in the queue and 2 being written", stats, b.count("put"))
		}
		for n := range entries {
			found(t, s, cachetest.Key(n), entries[n])
		}
		if time.Since(began) != 0 || b.count("get") != 0 {
			t.Errorf("after %v and %d reads, want none", time.Since(began), b.count("get"))
		}
		close(gate)
		synctest.Wait()
		for n := range entries {
			found(t, s, cachetest.Key(n), entries[n])
		}
		if stats := s.Stats(); stats.QueueEntries != 0 || stats.QueueBytes != 0 || stats.Wrote != 5 || b.count("get") != 5 {
			t.Errorf("%+v and %d reads, want an empty queue and all in the bucket", stats, b.count("get"))
		}
	})
}

// A Put in place of a queued one is written alone.
func TestReplaceQueued(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hook, gate := gate("put")
		b := &hooked{Bucket: memory(t), before: hook}
		s := open(t, Config{Bucket: b, Writers: 1})
		key := cachetest.Key(1)
		put(t, s, key, lasting(1, 100))
		synctest.Wait() // it is being written
		for n := range 4 {
			put(t, s, key, lasting(2+n, 200+n))
		}
		last := lasting(9, 300)
		put(t, s, key, last)
		found(t, s, key, last)
		if stats := s.Stats(); stats.QueueEntries != 2 || stats.QueueBytes != 400+2*perEntry {
			t.Errorf("%+v, want the entry that is being written and the last one", stats)
		}
		close(gate)
		if err := s.Settled(t.Context(), key); err != nil {
			t.Error(err)
		}
		found(t, s, key, last)
		if n := b.count("put"); n != 2 {
			t.Errorf("%d writes, want 2", n)
		}
		dropped(t, s, QueueFull, 0)
	})
}

// A Delete that comes after a Put wins, whether the Put waits or is being written.
func TestDeleteBeatsPut(t *testing.T) {
	for name, wait := range map[string]bool{"queued": false, "being written": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hook, gate := gate("put")
				b := &hooked{Bucket: memory(t), before: hook}
				s := open(t, Config{Bucket: b, Writers: 1})
				if !wait {
					put(t, s, cachetest.Key(9), lasting(9, 10))
				}
				key := cachetest.Key(1)
				put(t, s, key, lasting(1, 100))
				synctest.Wait()
				remove(t, s, key)
				missing(t, s, key, "deleted")
				close(gate)
				synctest.Wait()
				missing(t, s, key, "not in the bucket")
				if n := b.count("delete"); n != 1 {
					t.Errorf("%d deletions, want 1", n)
				}
			})
		})
	}
}

// And a Put that comes after a Delete wins.
func TestPutBeatsDelete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hook, gate := gate("delete")
		b := &hooked{Bucket: memory(t), before: hook}
		s := open(t, Config{Bucket: b, Writers: 2})
		key, e := cachetest.Key(1), lasting(1, 100)
		stored(t, s, key, lasting(2, 20))
		remove(t, s, key)
		synctest.Wait()
		put(t, s, key, e)
		found(t, s, key, e)
		close(gate)
		s.idle(key)
		found(t, s, key, e)
		if n := s.counters.reads[Found].Load(); n != 1 {
			t.Errorf("%d reads of the bucket found it, want 1", n)
		}
	})
}

func TestQueueBound(t *testing.T) {
	for name, c := range map[string]struct {
		config Config
		holds  int
	}{
		"entries": {Config{QueueEntries: 3, Writers: 1}, 3},
		"one":     {Config{QueueBytes: 100, Writers: 1}, 1},
		"bytes":   {Config{QueueBytes: 4 * (100 + perEntry), MaxEntry: 200, Writers: 1}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hook, gate := gate("delete")
				b := &hooked{Bucket: memory(t), before: hook}
				c.config.Bucket = b
				s := open(t, c.config)
				remove(t, s, cachetest.Key(1000)) // keeps the writer busy
				synctest.Wait()
				const offered = 7
				began := time.Now()
				for n := range offered {
					put(t, s, cachetest.Key(n), lasting(n, 100))
				}
				if time.Since(began) != 0 {
					t.Errorf("Put waited %v", time.Since(began))
				}
				dropped(t, s, QueueFull, int64(offered-c.holds))
				// In place of one that waits there is room all the same.
				instead := lasting(99, 100)
				put(t, s, cachetest.Key(c.holds-1), instead)
				dropped(t, s, QueueFull, int64(offered-c.holds))
				if err := s.Settled(t.Context(), cachetest.Key(offered-1)); err == nil || !strings.Contains(err.Error(), "queue-full") {
					t.Errorf("Settled of what was dropped: %v, want it to say so", err)
				}
				close(gate)
				synctest.Wait()
				for n := range offered {
					switch {
					case n == c.holds-1:
						found(t, s, cachetest.Key(n), instead)
					case n < c.holds:
						if err := s.Settled(t.Context(), cachetest.Key(n)); err != nil {
							t.Error(err)
						}
					default:
						missing(t, s, cachetest.Key(n), "not in the bucket")
					}
				}
				// There is room again.
				stored(t, s, cachetest.Key(offered-1), instead)
			})
		})
	}
}

func TestDeletesBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hook, gate := gate("delete")
		b := &hooked{Bucket: memory(t), before: hook}
		s := open(t, Config{Bucket: b, QueueEntries: 2, Writers: 3})
		for n := range 2*deletesPerEntry + 5 {
			remove(t, s, cachetest.Key(n))
		}
		dropped(t, s, DeletesFull, 5)
		// Deletions do not take the room of entries.
		put(t, s, cachetest.Key(500), lasting(1, 10))
		dropped(t, s, DeletesFull, 5)
		close(gate)
		synctest.Wait()
		if stats := s.Stats(); stats.Deletes != 0 || b.count("delete") != 2*deletesPerEntry {
			t.Errorf("%+v and %d deletions, want %d", stats, b.count("delete"), 2*deletesPerEntry)
		}
	})
}

// Many deletions do not keep entries waiting, nor the other way round.
func TestTurns(t *testing.T) {
	for _, many := range []string{"deletions", "entries"} {
		q := newQueue(&Config{QueueEntries: 100, QueueBytes: 1 << 20})
		for n := range 55 {
			c := deletion(cachetest.Key(n))
			if (n < 50) == (many == "entries") {
				c.entry = &cache.Entry{}
			}
			q.offer(c)
		}
		entries := 0
		for range 10 {
			if c := q.take(); c.entry != nil {
				entries++
			}
		}
		if entries != 5 {
			t.Errorf("many %s: of ten changes taken %d were entries, want 5", many, entries)
		}
	}
}

// What was taken out of the queue and waits for the bucket to work again is not sent if something newer came meanwhile.
func TestOutdatedInHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var down atomic.Bool
		var sent sentBodies
		sent.Bucket = &hooked{Bucket: memory(t), before: failing(func(string, int) bool { return down.Load() })}
		s := open(t, Config{Bucket: &sent, Writers: 1, Failures: 1})
		down.Store(true)
		put(t, s, cachetest.Key(0), lasting(0, 10))
		put(t, s, cachetest.Key(1), lasting(1, 100))
		time.Sleep(DefaultPause - time.Millisecond)
		put(t, s, cachetest.Key(0), lasting(2, 20))
		put(t, s, cachetest.Key(1), lasting(3, 300))
		down.Store(false)
		s.idle(cachetest.Key(0))
		s.idle(cachetest.Key(1))
		found(t, s, cachetest.Key(0), lasting(2, 20))
		found(t, s, cachetest.Key(1), lasting(3, 300))
		if diff := cmp.Diff([]int64{10, 300, 20}, sent.sizes); diff != "" {
			t.Errorf("sent (-want +got):\n%s", diff)
		}
	})
}

// sentBodies remembers the sizes of what is put, in their order.
type sentBodies struct {
	bucket.Bucket

	mu    sync.Mutex
	sizes []int64
}

func (s *sentBodies) Put(
	ctx context.Context, key string, body io.ReadSeeker, size int64, options bucket.PutOptions,
) (bucket.Info, error) {
	s.mu.Lock()
	s.sizes = append(s.sizes, size)
	s.mu.Unlock()
	return s.Bucket.Put(ctx, key, body, size, options)
}

// Whoever waits for a write that fails, and was replaced meanwhile, is told what becomes of the one in its place.
func TestSettledAfterFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hook, gate := gate("put")
		b := &hooked{Bucket: memory(t), before: func(ctx context.Context, call string, n int) error {
			if err := hook(ctx, call, n); err != nil || call != "put" || n > 1 {
				return err
			}
			return bucket.Answered("test", "x", 403, "", false)
		}}
		s := open(t, Config{Bucket: b, Writers: 1})
		key, e := cachetest.Key(1), lasting(2, 20)
		put(t, s, key, lasting(1, 10))
		synctest.Wait() // it is being written
		settled := make(chan error, 1)
		go func() { settled <- s.Settled(t.Context(), key) }()
		synctest.Wait()
		put(t, s, key, e)
		close(gate)
		if err := <-settled; err != nil {
			t.Errorf("settled: %v, want what became of the second", err)
		}
		found(t, s, key, e)
	})
}

// declines is what is not fit for the bucket.
func TestDeclines(t *testing.T) {
	for name, c := range map[string]struct {
		entry  func(e *cache.Entry)
		reason Drop
	}{
		"body too large": {func(e *cache.Entry) { e.Body, e.Length = blob.New(make([]byte, 2001)), 2001 }, BodyTooLarge},
		"meta too large": {func(e *cache.Entry) { e.Source = randomURL(3000) }, MetaTooLarge},
		"too late":       {func(e *cache.Entry) { e.Clocks.Keep = time.Now().Add(-time.Second) }, TooLate},
		"nobody's":       {func(e *cache.Entry) { e.NoStore = true }, Unshared},
		"one client's":   {func(e *cache.Entry) { e.OneClient = true }, Unshared},
	} {
		t.Run(name, func(t *testing.T) {
			b := &hooked{Bucket: memory(t)}
			s := open(t, Config{Bucket: b, MaxEntry: 2000, Timeout: patience})
			e := lasting(1, 10)
			c.entry(e)
			put(t, s, cachetest.Key(1), e)
			err := s.Settled(t.Context(), cachetest.Key(1))
			if err == nil || !strings.Contains(err.Error(), c.reason.String()) {
				t.Errorf("Settled: %v, want %v", err, c.reason)
			}
			dropped(t, s, c.reason, 1)
			missing(t, s, cachetest.Key(1), "")
			if b.count("put") != 0 {
				t.Error("it was sent")
			}
		})
	}
	s := open(t, Config{Bucket: memory(t), MaxEntry: 2000})
	if !s.Accepts(2000) || s.Accepts(2001) {
		t.Errorf("accepts 2000 bytes: %t, 2001: %t; want the first", s.Accepts(2000), s.Accepts(2001))
	}
	e := lasting(1, 10)
	e.Length = 11
	err := s.Put(t.Context(), cachetest.Key(1), e)
	if !fault.Is(err, fault.Internal) || !strings.Contains(err.Error(), "10 bytes, want 11") {
		t.Errorf("an entry that is not whole: %v", err)
	}
}

// An entry that gets too old in the queue is not written any more.
func TestTooLateInQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hook, gate := gate("put")
		b := &hooked{Bucket: memory(t), before: hook}
		s := open(t, Config{Bucket: b, Writers: 1, WriteTimeout: 3 * time.Hour})
		put(t, s, cachetest.Key(1), lasting(1, 10))
		put(t, s, cachetest.Key(2), cachetest.Entry(2, 10)) // to be kept for an hour
		time.Sleep(2 * time.Hour)
		missing(t, s, cachetest.Key(2), "too long")
		close(gate)
		synctest.Wait()
		dropped(t, s, TooLate, 1)
		if n := b.count("put"); n != 1 {
			t.Errorf("%d writes, want that of the first", n)
		}
	})
}

// A body in a file is read before Put returns, and stays open.
func TestBodyInFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "body")
	e := lasting(1, 5000)
	if err := os.WriteFile(path, append([]byte("head"), e.Body.Bytes()...), 0o600); err != nil {
		t.Fatal(err)
	}
	inFile := func(size int64) *cache.Entry {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		filed := *e
		filed.Length, filed.Body = size, blob.FromFile(f, 4, size)
		t.Cleanup(func() { f.Close() })
		return &filed
	}
	s := open(t, Config{Bucket: memory(t), Timeout: patience})
	filed := inFile(5000)
	put(t, s, cachetest.Key(1), filed)
	if body, err := filed.Body.Load(); err != nil || body.Len() != 5000 { // closes it
		t.Fatalf("the caller's body cannot be read any more: %v", err)
	}
	found(t, s, cachetest.Key(1), e)
	s.idle(cachetest.Key(1))
	found(t, s, cachetest.Key(1), e)

	if err := s.Put(t.Context(), cachetest.Key(2), inFile(6000)); !fault.Is(err, fault.Internal) {
		t.Errorf("a file that is too short: %v, want an error", err)
	}
	missing(t, s, cachetest.Key(2), "")
	dropped(t, s, Unreadable, 1)
}

// Settled tells what became of the write that there was, however often it was replaced.
func TestSettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hook, gate := gate("put")
		b := &hooked{Bucket: memory(t), before: hook}
		s := open(t, Config{Bucket: b, Writers: 1})
		key := cachetest.Key(1)
		if err := s.Settled(t.Context(), key); err != nil {
			t.Errorf("of a key that nobody put: %v", err)
		}
		put(t, s, cachetest.Key(2), lasting(2, 10))
		put(t, s, key, lasting(1, 10))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.Settled(ctx, key); !fault.Is(err, fault.Timeout) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("while it waits: %v, want the end of the context", err)
		}
		settled := make(chan error, 1)
		go func() { settled <- s.Settled(t.Context(), key) }()
		synctest.Wait()
		put(t, s, key, lasting(3, 10))
		synctest.Wait()
		select {
		case err := <-settled:
			t.Errorf("settled while its replacement waits: %v", err)
		default:
		}
		gate <- struct{}{}
		gate <- struct{}{}
		if err := <-settled; err != nil {
			t.Error(err)
		}
		found(t, s, key, lasting(3, 10))

		put(t, s, key, lasting(4, 10))
		go func() { settled <- s.Settled(t.Context(), key) }()
		synctest.Wait()
		remove(t, s, key)
		close(gate)
		if err := <-settled; err != nil {
			t.Errorf("what had been written when it was deleted: %v", err)
		}
		synctest.Wait()
		missing(t, s, key, "not in the bucket")
	})
}

// How many reasons are remembered is bounded, too.
// While the bucket is left alone nobody waits for what is queued.
func TestSettledWhileSuspended(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var up atomic.Bool
		b := &hooked{Bucket: memory(t), before: func(_ context.Context, call string, _ int) error {
			if call == "put" && !up.Load() {
				return bucket.Answered("test", "x", 503, "SlowDown", false)
			}
			return nil
		}}
		s := open(t, Config{Bucket: b, Writers: 1, Failures: 2, Attempts: 100, Pause: time.Minute})
		key := cachetest.Key(1)
		put(t, s, key, lasting(1, 10))
		time.Sleep(10 * time.Second) // two attempts
		began := time.Now()
		if err := s.Settled(t.Context(), key); err == nil || time.Since(began) > 0 {
			t.Errorf("settled: %v after %v, want an error at once", err, time.Since(began))
		}
		up.Store(true)
		time.Sleep(2 * time.Minute)
		if err := s.Settled(t.Context(), key); err != nil {
			t.Errorf("the bucket is well again: %v", err)
		}
	})
}

func TestSettledBound(t *testing.T) {
	s := open(t, Config{Bucket: memory(t), QueueEntries: 4, MaxEntry: 5})
	for n := range 100 {
		put(t, s, cachetest.Key(n), lasting(n, 10))
	}
	if n := len(s.queue.lost); n != 4 {
		t.Errorf("%d reasons are remembered, want 4", n)
	}
	if err := s.Settled(t.Context(), cachetest.Key(99)); err == nil {
		t.Error("the last one is not")
	}
}
