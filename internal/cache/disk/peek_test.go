package disk

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stillroom/stillroom/internal/cache/cachetest"
)

func TestPeek(t *testing.T) {
	now := time.Now()
	s := open(t, Config{Path: t.TempDir(), TTL: time.Hour, Now: func() time.Time { return now }})
	key, e := cachetest.Key(1), cachetest.Entry(1, 5000)
	if err := s.Put(t.Context(), key, e); err != nil {
		t.Fatal(err)
	}
	found, err := s.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Body.Close()
	got, err := s.Peek(t.Context(), key)
	if diff := cmp.Diff(found.Meta, got); err != nil || diff != "" {
		t.Errorf("Peek: %v (-got +peeked):\n%s", err, diff)
	}
	if _, err := s.Peek(t.Context(), cachetest.Key(2)); !errors.Is(err, errAbsent) {
		t.Errorf("of what is not there: %v", err)
	}
	alike := key
	alike[len(alike)-1] ^= 1
	if _, err := s.Peek(t.Context(), alike); !errors.Is(err, errAbsent) {
		t.Errorf("of a key that begins alike: %v", err)
	}
	now = now.Add(2 * time.Hour)
	if _, err := s.Peek(t.Context(), key); !errors.Is(err, errExpired) {
		t.Errorf("of what has expired: %v", err)
	}
	if n := s.Size().Entries; n != 1 {
		t.Errorf("looking left %d entries of 1", n)
	}
}
