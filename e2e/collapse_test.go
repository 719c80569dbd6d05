package e2e

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"
)

func TestFiveHundredForOneColdURL(t *testing.T) {
	for _, firstLeaves := range []bool{false, true} {
		t.Run(fmt.Sprintf("first leaves %v", firstLeaves), func(t *testing.T) {
			source := newOrigin(t, serves(photo(t, 800, 600), 1500*time.Millisecond))
			s := start(t)
			path := "/_/rs:fill:300:200/plain/" + source.URL + "/a.jpg"

			var wg sync.WaitGroup
			if firstLeaves {
				ctx, leave := context.WithCancel(t.Context())
				wg.Go(func() {
					if _, err := s.try(ctx, http.MethodGet, path); err == nil {
						t.Error("the client that left got an answer")
					}
				})
				for source.fetches.Load() == 0 {
					time.Sleep(time.Millisecond)
				}
				time.AfterFunc(300*time.Millisecond, leave)
			}
			var mu sync.Mutex
			sums, statuses := map[[32]byte]int{}, map[string]int{}
			for range 500 {
				wg.Go(func() {
					a, err := s.try(t.Context(), http.MethodGet, path)
					if err != nil || a.status != 200 {
						t.Errorf("%v, %v", a, err)
						return
					}
					mu.Lock()
					defer mu.Unlock()
					sums[sha256.Sum256(a.body)]++
					statuses[a.header.Get("ETag")]++
				})
			}
			wg.Wait()
			if n := source.fetches.Load(); n != 1 {
				t.Errorf("%d fetches, want 1", n)
			}
			if n := s.metric("stillroom_fills_total"); n != 1 {
				t.Errorf("%v fills, want 1", n)
			}
			if len(sums) != 1 || len(statuses) != 1 {
				t.Errorf("%d different bodies and %d different ETags, want 1 of each", len(sums), len(statuses))
			}
		})
	}
}

func TestTenWidthsOfOneColdSource(t *testing.T) {
	source := newOrigin(t, serves(photo(t, 1200, 900), 200*time.Millisecond))
	s := start(t)
	var wg sync.WaitGroup
	for n := range 10 {
		wg.Go(func() {
			if a := s.get(fmt.Sprintf("/_/w:%d/plain/%s/a.jpg", 100+10*n, source.URL)); a.status != 200 {
				t.Error(a)
			}
		})
	}
	wg.Wait()
	for n := range 5 {
		if a := s.get(fmt.Sprintf("/_/w:%d/plain/%s/a.jpg", 300+10*n, source.URL)); a.status != 200 {
			t.Error(a)
		}
	}
	if n := source.fetches.Load(); n != 1 {
		t.Errorf("%d fetches for fifteen widths, want 1", n)
	}
	if n := s.metric("stillroom_fills_total"); n != 15 {
		t.Errorf("%v fills, want 15", n)
	}
}

// Clients that give up while pixels are made do not waste them: the next request finds the result.
func TestAbandonedPixelsAreKept(t *testing.T) {
	source := newOrigin(t, serves(photo(t, 3000, 2000), 0))
	s := start(t)
	path := "/_/rs:fit:1600:1600/f:webp/plain/" + source.URL + "/a.jpg"
	ctx, leave := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = s.try(ctx, http.MethodGet, path) }) // it is meant to fail
	for s.metric("stillroom_workers_busy") == 0 && s.metric("stillroom_fills_total") == 0 {
		time.Sleep(time.Millisecond)
	}
	leave()
	wg.Wait()
	if a := s.get(path); a.status != 200 {
		t.Fatal(a)
	}
	if n := s.metric("stillroom_fills_total"); n != 1 {
		t.Errorf("%v fills, want 1", n)
	}
}
