package object

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/buckettest"
	"github.com/stillroom/stillroom/internal/bucket/s3"
	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/cache/cachetest"
	"github.com/stillroom/stillroom/internal/fault"
)

// late is what a loaded machine may add to the time that a Get takes. Without its deadline it would take far longer.
const late = 2 * time.Second

// TestOnTheWay has a real server behind a network that delays, cuts, resets and throttles.
func TestOnTheWay(t *testing.T) {
	proxy := buckettest.NewProxy(t, buckettest.Versitygw(t, "pictures"), true)
	b := s3Bucket(t, proxy.URL)
	const timeout = 500 * time.Millisecond
	for _, c := range []struct {
		name string
		harm buckettest.Harm
		want fault.Kind // of a Get while it lasts
	}{
		{"delayed", buckettest.Harm{Delay: 5 * time.Second}, fault.NotFound},
		{"no answer", buckettest.Harm{Hang: true}, fault.NotFound},
		{"silent in the middle", buckettest.Harm{Bytes: 1000, Stall: true}, fault.NotFound},
		{"throttled", buckettest.Harm{Rate: 100_000}, fault.NotFound},
		{"cut in the middle", buckettest.Harm{Bytes: 1000}, fault.Incomplete},
		{"reset", buckettest.Harm{Reset: true}, fault.Unreachable},
		{"broken", buckettest.Harm{Status: 500}, fault.SourceFailed},
		{"another protocol", buckettest.Harm{Status: 404, Body: "<html>not found"}, fault.NotFound},
	} {
		t.Run(c.name, func(t *testing.T) {
			var text bytes.Buffer
			s := open(t, Config{
				Bucket: b, Prefix: c.name, Timeout: timeout, Failures: 2, Pause: 200 * time.Millisecond,
				Log: slog.New(slog.NewTextHandler(&text, nil)),
			})
			key, e := cachetest.Key(1), cachetest.Entry(1, 1<<20)
			stored(t, open(t, Config{Bucket: b, Prefix: c.name, Timeout: patience}), key, e)
			proxy.Do(func(int) buckettest.Harm { return c.harm })
			for range 2 {
				began := time.Now()
				got, err := s.Get(t.Context(), key)
				if took := time.Since(began); took > timeout+late {
					t.Errorf("Get took %v, want at most %v", took, timeout)
				}
				// Asking again, as the backend does, may take all the time there is.
				if !fault.Is(err, c.want) && !errors.Is(err, errSlow) {
					t.Errorf("%v, %v (kind %v), want kind %v", got, err, fault.KindOf(err), c.want)
				}
			}
			if suspended := s.Stats().Suspended; suspended != (c.harm.Status != 404) {
				t.Errorf("suspended %t", suspended)
			}
			proxy.Do(nil)
			recovers(t, s, key, e)
			opened, closed := strings.Count(text.String(), "leaves its bucket alone"), strings.Count(text.String(), "level=INFO")
			if want := int(min(s.counters.reads[Failed].Load()+s.counters.reads[Slow].Load(), 1)); opened != want || closed != want {
				t.Errorf("suspended %d times, working again %d times; want %d:\n%s", opened, closed, want, &text)
			}
		})
	}
}

// recovers waits until the tier finds an entry again.
func recovers(t *testing.T, s *Store, key cache.Key, e *cache.Entry) {
	t.Helper()
	until := time.Now().Add(patience)
	for {
		got, err := s.Get(t.Context(), key)
		if err == nil {
			cachetest.Same(t, got, e)
			return
		}
		if time.Now().After(until) {
			t.Fatalf("after %v: %v", patience, err)
		}
		time.Sleep(20 * time.Millisecond) // polls the real server; what is waited for is the answer
	}
}

// Wrong credentials are an error, not an absent object.
func TestWrongCredentials(t *testing.T) {
	o, err := s3.New(t.Context(), s3.Config{
		Endpoint: buckettest.Versitygw(t, "pictures"), Region: "us-east-1", AccessKeyID: buckettest.User, SecretAccessKey: "another",
	})
	var text bytes.Buffer
	s := open(t, Config{
		Bucket: opened(t, o, err, "pictures"), Timeout: patience, Failures: 2, Pause: time.Hour,
		Log: slog.New(slog.NewTextHandler(&text, nil)),
	})
	for range 2 {
		_, err = s.Get(t.Context(), cachetest.Key(1))
		var status *bucket.StatusError
		if !fault.Is(err, fault.SourceMissing) || !errors.As(err, &status) || status.Status != 403 {
			t.Errorf("Get: %v, want the status 403", err)
		}
	}
	put(t, s, cachetest.Key(1), cachetest.Entry(1, 10))
	if err := s.Settled(t.Context(), cachetest.Key(1)); !fault.Is(err, fault.SourceMissing) {
		t.Errorf("Settled: %v, want the status 403", err)
	}
	if !s.Suspended() || !strings.Contains(text.String(), "status 403") {
		t.Errorf("it goes on, or does not say why it does not:\n%s", &text)
	}
}

// Many readers of many entries over a network that fails now and then: whatever is found is whole, and nobody waits long.
func TestCrowdOnTheWay(t *testing.T) {
	proxy := buckettest.NewProxy(t, buckettest.Versitygw(t, "pictures"), true)
	const timeout = 500 * time.Millisecond
	s := open(t, Config{Bucket: s3Bucket(t, proxy.URL), Timeout: timeout, Failures: 1000})
	var entries []*cache.Entry
	for n := range 8 {
		entries = append(entries, cachetest.Entry(n, 20_000*n))
		stored(t, s, cachetest.Key(n), entries[n])
	}
	proxy.Do(func(n int) buckettest.Harm {
		switch n % 5 {
		case 1:
			return buckettest.Harm{Bytes: 5000}
		case 2:
			return buckettest.Harm{Reset: true}
		case 3:
			return buckettest.Harm{Hang: true}
		}
		return buckettest.Harm{}
	})
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			for i := range 10 {
				n := (g + i) % len(entries)
				began := time.Now()
				e, err := s.Get(t.Context(), cachetest.Key(n))
				if took := time.Since(began); took > timeout+late {
					t.Errorf("Get took %v", took)
				}
				if err == nil {
					cachetest.Same(t, e, entries[n])
				}
			}
		})
	}
	all.Wait()
	if s.counters.damaged[Truncated].Load()+s.counters.damaged[Flipped].Load() > 0 {
		t.Errorf("%+v, want no object taken for damaged because of the way to it", s.Stats())
	}
}
