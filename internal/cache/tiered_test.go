package cache_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/cache/cachetest"
	"github.com/stillroom/stillroom/internal/fault"
)

// tiers names stores "0", "1" and so on.
func tiers(stores ...cache.Store) *cache.Tiered {
	return cache.NewTiered(configOf(stores...))
}

func configOf(stores ...cache.Store) (c cache.TieredConfig) {
	for i, s := range stores {
		c.Tiers = append(c.Tiers, cache.Tier{Name: fmt.Sprint(i), Store: s})
	}
	return c
}

// listening returns the tiers as one store, and what its hook was told as "tier what".
func listening(c cache.TieredConfig) (*cache.Tiered, *[]string) {
	told := new([]string)
	c.Failed = func(tier, what string, _ cache.Key, _ error) { *told = append(*told, tier+" "+what) }
	return cache.NewTiered(c), told
}

// small is a store that declines bodies above 1000 bytes.
type small struct{ cache.Store }

func (small) Accepts(size int64) bool { return size <= 1000 }

func (s small) Put(ctx context.Context, key cache.Key, e *cache.Entry) error {
	if e.Body.Len() > 1000 {
		return s.Delete(ctx, key)
	}
	return s.Store.Put(ctx, key, e)
}

func TestTieredSuite(t *testing.T) {
	for name, open := range map[string]func(t *testing.T) cache.Store{
		"one":        func(*testing.T) cache.Store { return tiers(cachetest.NewMap()) },
		"two":        func(*testing.T) cache.Store { return tiers(cachetest.NewMap(), cachetest.NewMap()) },
		"over files": func(t *testing.T) cache.Store { return tiers(cachetest.NewMap(), cachetest.NewFiles(t)) },
		"three": func(t *testing.T) cache.Store {
			return tiers(cachetest.NewMap(), cachetest.NewFiles(t), cachetest.NewMap())
		},
		"over nothing":  func(*testing.T) cache.Store { return tiers(cachetest.NewMap(), cache.None{}) },
		"under nothing": func(t *testing.T) cache.Store { return tiers(cache.None{}, cachetest.NewFiles(t)) },
		"small above":   func(t *testing.T) cache.Store { return tiers(small{cachetest.NewMap()}, cachetest.NewFiles(t)) },
		"Get fails below": func(t *testing.T) cache.Store {
			return tiers(cachetest.NewMap(), cachetest.NewFailing(cachetest.NewFiles(t), cachetest.Get, cachetest.Every(1)))
		},
		"every third Get fails above": func(t *testing.T) cache.Store {
			return tiers(cachetest.NewFailing(cachetest.NewMap(), cachetest.Get, cachetest.Every(3)), cachetest.NewFiles(t))
		},
		"writes short below": func(t *testing.T) cache.Store {
			return tiers(cachetest.NewMap(), cachetest.Short{Store: cachetest.NewFiles(t)})
		},
		"writes short above, whole below, and above forgets": func(t *testing.T) cache.Store {
			return tiers(cache.None{}, cachetest.Short{Store: cachetest.NewMap()}, cachetest.NewFiles(t))
		},
	} {
		t.Run(name, func(t *testing.T) { cachetest.Run(t, open) })
	}
}

func put(t *testing.T, s cache.Store, n int, e *cache.Entry) {
	t.Helper()
	if err := s.Put(t.Context(), cachetest.Key(n), e); err != nil {
		t.Fatalf("Put: %v", err)
	}
}

func get(t *testing.T, s cache.Store, n int) *cache.Entry {
	t.Helper()
	e, err := s.Get(t.Context(), cachetest.Key(n))
	if err != nil {
		t.Fatalf("Get: %v", err)
	}
	return e
}

func missing(t *testing.T, s cache.Store, n int) {
	t.Helper()
	if e, err := s.Get(t.Context(), cachetest.Key(n)); !fault.Is(err, fault.NotFound) {
		t.Errorf("Get = %v, %v; want NotFound", e, err)
	}
}

// TestATierInTrouble has each call of each of two tiers fail.
func TestATierInTrouble(t *testing.T) {
	e := cachetest.Entry(1, 500)
	always := cachetest.Every(1)
	for _, c := range []struct {
		name  string
		fails [2]cachetest.Call // of the upper and the lower tier
		after func(t *testing.T, s *cache.Tiered)
		told  []string
	}{
		{"upper Get, held below", [2]cachetest.Call{cachetest.Get, 0}, func(t *testing.T, s *cache.Tiered) {
			put(t, s, 1, e)
			cachetest.Same(t, get(t, s, 1), e)
		}, []string{"0 get"}},
		{"upper Get, held nowhere", [2]cachetest.Call{cachetest.Get, 0}, func(t *testing.T, s *cache.Tiered) {
			missing(t, s, 1)
		}, []string{"0 get"}},
		{"lower Get, held nowhere", [2]cachetest.Call{0, cachetest.Get}, func(t *testing.T, s *cache.Tiered) {
			missing(t, s, 1)
		}, []string{"1 get"}},
		{"both Gets", [2]cachetest.Call{cachetest.Get, cachetest.Get}, func(t *testing.T, s *cache.Tiered) {
			if _, err := s.Get(t.Context(), cachetest.Key(1)); !fault.Is(err, fault.Internal) {
				t.Errorf("Get = %v, want the tiers' errors, for nobody knows whether it is there", err)
			}
		}, []string{"0 get", "1 get"}},
		{"upper Put", [2]cachetest.Call{cachetest.Put, 0}, func(t *testing.T, s *cache.Tiered) {
			if err := s.Put(t.Context(), cachetest.Key(1), e); !fault.Is(err, fault.Internal) {
				t.Errorf("Put = %v, want the tier's error", err)
			}
			cachetest.Same(t, get(t, s, 1), e)
		}, []string{"0 put", "0 promote"}},
		{"lower Put", [2]cachetest.Call{0, cachetest.Put}, func(t *testing.T, s *cache.Tiered) {
			if err := s.Put(t.Context(), cachetest.Key(1), e); !fault.Is(err, fault.Internal) {
				t.Errorf("Put = %v, want the tier's error", err)
			}
			cachetest.Same(t, get(t, s, 1), e)
		}, []string{"1 put"}},
		{"both Puts", [2]cachetest.Call{cachetest.Put, cachetest.Put}, func(t *testing.T, s *cache.Tiered) {
			err := s.Put(t.Context(), cachetest.Key(1), e)
			if n := strings.Count(fmt.Sprint(err), "on purpose"); n != 2 {
				t.Errorf("Put = %v, with %d errors; want those of both tiers", err, n)
			}
		}, []string{"0 put", "1 put"}},
		{"upper Delete", [2]cachetest.Call{cachetest.Delete, 0}, func(t *testing.T, s *cache.Tiered) {
			put(t, s, 1, e)
			if err := s.Delete(t.Context(), cachetest.Key(1)); !fault.Is(err, fault.Internal) {
				t.Errorf("Delete = %v, want the tier's error", err)
			}
			missing(t, s.Tiers()[1].Store, 1)
		}, []string{"0 delete"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, told := listening(configOf(
				cachetest.NewFailing(cachetest.NewMap(), c.fails[0], always),
				cachetest.NewFailing(cachetest.NewMap(), c.fails[1], always)))
			c.after(t, s)
			if diff := cmp.Diff(c.told, *told); diff != "" {
				t.Errorf("the hook was told (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNotFoundWrapsWhatATierCouldNotSay(t *testing.T) {
	s := tiers(cachetest.NewMap(), cachetest.NewFailing(cachetest.NewMap(), cachetest.Get, cachetest.Every(1)))
	_, err := s.Get(t.Context(), cachetest.Key(1))
	if !fault.Is(err, fault.NotFound) || !strings.Contains(err.Error(), "on purpose") {
		t.Errorf("Get = %v; want NotFound that says which tier could not be asked", err)
	}
}

func TestStrict(t *testing.T) {
	c := configOf(cachetest.NewFailing(cachetest.NewMap(), cachetest.Get, cachetest.Every(1)), cachetest.NewMap())
	c.Strict = true
	s, told := listening(c)
	put(t, s, 1, cachetest.Entry(1, 5))
	if _, err := s.Get(t.Context(), cachetest.Key(1)); !fault.Is(err, fault.Internal) {
		t.Errorf("Get = %v, want the tier's error", err)
	}
	if diff := cmp.Diff([]string{"0 get"}, *told); diff != "" {
		t.Errorf("the hook was told (-want +got):\n%s", diff)
	}
}

func TestAClientThatLeavesIsNoTrouble(t *testing.T) {
	gone := storeFunc(func(ctx context.Context) error { return ctx.Err() })
	s, told := listening(configOf(cachetest.NewMap(), gone))
	ctx, leave := context.WithCancel(t.Context())
	leave()
	if _, err := s.Get(ctx, cachetest.Key(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("Get = %v, want the end of the context", err)
	}
	if len(*told) > 0 {
		t.Errorf("the hook was told %q", *told)
	}
}

// storeFunc is a store whose Get fails as the function does.
type storeFunc func(context.Context) error

func (f storeFunc) Get(ctx context.Context, _ cache.Key) (*cache.Entry, error) { return nil, f(ctx) }

func (storeFunc) Put(context.Context, cache.Key, *cache.Entry) error { return nil }

func (storeFunc) Delete(context.Context, cache.Key) error { return nil }

// TestAFailedPutLeavesNothingOld has an old entry in a tier that cannot store the new one: once the upper tier forgets, the
// old one must not come back.
func TestAFailedPutLeavesNothingOld(t *testing.T) {
	top := cachetest.NewMap()
	s := tiers(top, cachetest.NewFailing(cachetest.NewFiles(t), cachetest.Put, cachetest.Nth(2)))
	put(t, s, 1, cachetest.Entry(1, 10))
	e := cachetest.Entry(2, 10)
	if err := s.Put(t.Context(), cachetest.Key(1), e); err == nil {
		t.Fatal("the error of the lower tier is lost")
	}
	cachetest.Same(t, get(t, s, 1), e)
	top.Delete(t.Context(), cachetest.Key(1))
	missing(t, s, 1)
}

func TestAHitInTheFirstTierAllocatesNothing(t *testing.T) {
	s := tiers(cachetest.NewMap(), cachetest.NewMap())
	put(t, s, 1, cachetest.Entry(1, 10))
	ctx := t.Context()
	if n := testing.AllocsPerRun(100, func() { s.Get(ctx, cachetest.Key(1)) }); n != 0 {
		t.Errorf("a hit allocates %v times", n)
	}
}

func TestNoTiers(t *testing.T) {
	s := tiers()
	put(t, s, 1, cachetest.Entry(1, 10))
	missing(t, s, 1)
}

// TestFaultsAreFaults: wrappers that change nothing would prove nothing.
func TestFaultsAreFaults(t *testing.T) {
	want := cachetest.Entry(1, 100)
	short := cachetest.Short{Store: cachetest.NewMap()}
	put(t, short, 1, want)
	if e := get(t, short, 1); e.Body.Len() != 50 || e.Length != 100 {
		t.Errorf("a short write keeps %d bytes and says %d, want 50 and 100", e.Body.Len(), e.Length)
	}
	flipping := cachetest.Flipping{Store: cachetest.NewMap()}
	put(t, flipping, 1, want)
	if e := get(t, flipping, 1); e.Body.Len() != 100 || bytes.Equal(e.Body.Bytes(), want.Body.Bytes()) {
		t.Errorf("%d bytes that are equal to what was put, want 100 that are not", e.Body.Len())
	}
	if !bytes.Equal(want.Body.Bytes(), cachetest.Entry(1, 100).Body.Bytes()) {
		t.Error("flipping changed what was put")
	}
	failing := cachetest.NewFailing(cachetest.NewMap(), cachetest.Put|cachetest.Get, cachetest.Nth(2))
	put(t, failing, 1, want)
	if _, err := failing.Get(t.Context(), cachetest.Key(1)); !fault.Is(err, fault.Internal) || failing.Failed() != 1 {
		t.Errorf("the second call: %v, %d failed", err, failing.Failed())
	}
	cachetest.Same(t, get(t, failing, 1), want)
}
