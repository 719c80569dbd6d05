package memory

import (
	"context"
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/cache/cachetest"
	"github.com/stillroom/stillroom/internal/fault"
)

func put(t *testing.T, s *Store, n, size int) {
	t.Helper()
	if err := s.Put(t.Context(), cachetest.Key(n), cachetest.Entry(n, size)); err != nil {
		t.Fatal(err)
	}
}

func TestPeek(t *testing.T) {
	var passed time.Duration
	s := open(t, Config{Size: 1 << 20, TTL: time.Hour, Now: func() time.Time { return time.Now().Add(passed) }})
	put(t, s, 1, 100)
	got, err := s.Peek(t.Context(), cachetest.Key(1))
	if diff := cmp.Diff(cachetest.Entry(1, 100).Source, got.Source); err != nil || diff != "" || got.Length != 100 {
		t.Errorf("Peek: %v, %+v", err, got)
	}
	if _, err := s.Peek(t.Context(), cachetest.Key(2)); !fault.Is(err, fault.NotFound) {
		t.Errorf("of what is not there: %v", err)
	}
	passed = 2 * time.Hour
	if _, err := s.Peek(t.Context(), cachetest.Key(1)); !errors.Is(err, errExpired) {
		t.Errorf("of what has expired: %v", err)
	}
	if n := s.Size().Entries; n != 1 {
		t.Errorf("looking left %d entries of 1", n)
	}
}

// TestPeekIsNoUse looks at an entry as often as a Get would have to find it for a scan to pass it by.
func TestPeekIsNoUse(t *testing.T) {
	for _, c := range []struct {
		name string
		use  func(s *Store)
		want bool
	}{
		{"got", func(s *Store) { _, _ = s.Get(t.Context(), cachetest.Key(1)) }, true},
		{"peeked", func(s *Store) { _, _ = s.Peek(t.Context(), cachetest.Key(1)) }, false},
		{"walked", func(s *Store) {
			_ = s.Walk(t.Context(), func(cache.Key, cache.Meta) bool { return true })
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t, Config{Size: 1 << 20, Capacity: 10})
			put(t, s, 1, 100)
			for range 3 {
				c.use(s)
			}
			for n := range 50 {
				put(t, s, 2+n, 100)
			}
			if _, err := s.Peek(t.Context(), cachetest.Key(1)); (err == nil) != c.want {
				t.Errorf("after a scan: %v, want it there: %t", err, c.want)
			}
		})
	}
}

func TestWalk(t *testing.T) {
	var passed time.Duration
	s := open(t, Config{Size: 1 << 20, Now: func() time.Time { return time.Now().Add(passed) }})
	want := map[cache.Key]int64{}
	for n := range 200 {
		put(t, s, n, n)
		want[cachetest.Key(n)] = int64(n)
	}
	met := map[cache.Key]int64{}
	err := s.Walk(t.Context(), func(key cache.Key, m cache.Meta) bool {
		met[key] = m.Length
		return true
	})
	if err != nil || !maps.Equal(met, want) {
		t.Errorf("%v, met %d entries of %d", err, len(met), len(want))
	}

	calls := 0
	err = s.Walk(t.Context(), func(key cache.Key, _ cache.Meta) bool {
		calls++
		return s.Delete(t.Context(), key) == nil && calls < 3
	})
	if err != nil || calls != 3 || s.Size().Entries != 197 {
		t.Errorf("%v, %d calls, %d entries left, want 3 and 197", err, calls, s.Size().Entries)
	}

	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Walk(gone, func(cache.Key, cache.Meta) bool { return true }); !errors.Is(err, context.Canceled) {
		t.Errorf("when nobody waits: %v", err)
	}

	passed = 1000 * 24 * time.Hour
	var expired []cache.Key
	_ = s.Walk(t.Context(), func(key cache.Key, _ cache.Meta) bool {
		expired = append(expired, key)
		return true
	})
	if len(expired) > 0 {
		t.Errorf("met %d entries that have expired", len(expired))
	}
}
