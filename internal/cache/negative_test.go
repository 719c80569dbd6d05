package cache

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/fault"
)

type status bool

func (s status) Error() string { return fmt.Sprintf("lasting %v", bool(s)) }
func (s status) Lasting() bool { return bool(s) }

func TestWhatIsRemembered(t *testing.T) {
	for _, c := range []struct {
		err  error
		want bool
	}{
		{fault.Wrap(fault.SourceMissing, "x", status(true)), true},
		{fault.Wrap(fault.SourceMissing, "x", status(false)), false},
		{fault.New(fault.NotImage, "x", "text"), true},
		{fault.New(fault.Broken, "x", "cut short"), true},
		{fault.New(fault.TooLarge, "x", "65 megapixels"), true},
		{fault.New(fault.Unsupported, "x", "heic"), true},
		{fault.New(fault.SourceFailed, "x", "500"), false},
		{fault.New(fault.SourceTimeout, "x", "slow"), false},
		{fault.New(fault.Unreachable, "x", "refused"), false},
		{fault.New(fault.Incomplete, "x", "short"), false},
		{fault.New(fault.Overloaded, "x", "busy"), false},
		{fault.New(fault.Canceled, "x", "left"), false},
		{errors.New("plain"), false},
	} {
		n := NewNegatives(NegativesConfig{TTL: time.Minute})
		_ = n.Remember(Key{1}, c.err, Meta{})
		if got := n.Get(Key{1}, time.Time{}) != nil; got != c.want {
			t.Errorf("%v: remembered %v, want %v", c.err, got, c.want)
		}
	}
}

func TestRememberedForItsTime(t *testing.T) {
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	n := NewNegatives(NegativesConfig{TTL: time.Minute, Now: func() time.Time { return now }})
	err := n.Remember(Key{1}, fault.New(fault.NotImage, "x", "text"), Meta{})
	var kept *fault.Error
	if !errors.As(err, &kept) || kept.Until != now.Add(time.Minute) {
		t.Fatalf("%#v", err)
	}
	now = now.Add(59 * time.Second)
	// Meeting the same failure again does not prolong its time: it is the same fact.
	if again := n.Remember(Key{1}, n.Get(Key{1}, time.Time{}), Meta{}); !errors.Is(again, kept) {
		t.Errorf("%v", again)
	}
	now = now.Add(time.Second)
	if err := n.Get(Key{1}, time.Time{}); err != nil {
		t.Errorf("past its time: %v", err)
	}
}

func TestNegativesAreBoundedOldestFirst(t *testing.T) {
	n := NewNegatives(NegativesConfig{TTL: time.Minute, Max: 10})
	for i := range 25 {
		_ = n.Remember(Key{byte(i)}, fault.New(fault.NotImage, "x", "text"), Meta{})
	}
	if n.Len() != 10 {
		t.Errorf("holds %d, the bound is 10", n.Len())
	}
	for i := range 25 {
		if got := n.Get(Key{byte(i)}, time.Time{}) != nil; got != (i >= 15) {
			t.Errorf("failure %d: remembered %v", i, got)
		}
	}
}

func TestPurgedNegativesAreGone(t *testing.T) {
	purged := ""
	n := NewNegatives(NegativesConfig{TTL: time.Minute, Purged: func(m *Meta) bool { return m.Source == purged }})
	_ = n.Remember(Key{1}, fault.New(fault.NotImage, "x", "text"), Meta{Source: "a"})
	_ = n.Remember(Key{2}, fault.New(fault.NotImage, "x", "text"), Meta{Source: "b"})
	purged = "a"
	if n.Get(Key{1}, time.Time{}) != nil || n.Get(Key{2}, time.Time{}) == nil {
		t.Error("want the first gone and the second there")
	}
}

func TestOnlyWhatWasLearntSinceCounts(t *testing.T) {
	n := NewNegatives(NegativesConfig{TTL: time.Minute})
	began := time.Now()
	_ = n.Remember(Key{1}, fault.New(fault.NotImage, "x", "text"), Meta{Created: began})
	if n.Get(Key{1}, began) != nil || n.Get(Key{1}, began.Add(-1)) == nil {
		t.Error("want what is newer than the moment before, and nothing newer than the moment itself")
	}
}

func TestNegativesAtOnce(t *testing.T) {
	n := NewNegatives(NegativesConfig{TTL: time.Minute, Max: 16})
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 500 {
				k := Key{byte(i), byte(g % 2)}
				_ = n.Remember(k, fault.New(fault.NotImage, "x", "text"), Meta{})
				_ = n.Get(k, time.Time{})
				if i%3 == 0 {
					n.Forget(k)
				}
			}
		})
	}
	wg.Wait()
	if n.Len() > 16 {
		t.Errorf("holds %d, the bound is 16", n.Len())
	}
}
