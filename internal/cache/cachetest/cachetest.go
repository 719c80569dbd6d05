// Package cachetest is the suite that every cache.Store passes, tiers and compositions alike.
package cachetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/stillroom/stillroom/internal/blob"
	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/format"
)

// Key returns a key of its own for each n.
func Key(n int) cache.Key {
	return cache.Key{byte(n), byte(n >> 8), byte(n >> 16), 0xce}
}

// Entry returns a complete entry with a body of size bytes that depends on n, to be kept for an hour from now: two
// calls differ in their times.
func Entry(n, size int) *cache.Entry {
	now := time.Now().Truncate(time.Second)
	return &cache.Entry{
		Meta: cache.Meta{
			Format: format.WebP, Length: int64(size), ETag: fmt.Sprintf(`"tag-%d"`, n), Width: 40, Height: 30, Frames: 1,
			Source: fmt.Sprintf("https://example.com/%d.jpg", n), SourceVersion: "v1", ETagAtSource: `"s"`,
			LastModified: now.Add(-time.Hour), SourceLength: 99, SourceWidth: 400, SourceHeight: 300,
			Created: now,
			Clocks: cache.Clocks{
				Fresh: now.Add(10 * time.Minute), Revalidate: now.Add(20 * time.Minute),
				IfError: now.Add(30 * time.Minute), Keep: now.Add(time.Hour),
			},
			Tags: []string{"a", "b"}, Cost: 12 * time.Millisecond,
		},
		Body: blob.New(bytes.Repeat([]byte{byte(n), byte(n >> 8), 7, 11}, (size+3)/4)[:size]),
	}
}

// Run runs the suite. open returns an empty store with room for at least 1 MiB; it registers its own
// clean-up with t.
func Run(t *testing.T, open func(t *testing.T) cache.Store) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, s cache.Store)
	}{
		{"absent", absent},
		{"put then get", putThenGet},
		{"replace", replace},
		{"delete", deletes},
		{"delete twice", deleteTwice},
		{"empty body", emptyBody},
		{"keys apart", keysApart},
		{"kept too long", keptTooLong},
		{"all at once", allAtOnce},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

// Same fails the test unless got is want, body included. It closes got's body.
func Same(t *testing.T, got, want *cache.Entry) {
	t.Helper()
	if diff := cmp.Diff(want.Meta, got.Meta, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("meta differs (-want +got):\n%s", diff)
	}
	if body := whole(t, got); !bytes.Equal(body, want.Body.Bytes()) {
		t.Errorf("the body of %d bytes differs from the %d that were put", len(body), want.Body.Len())
	}
}

// whole returns the bytes of an entry, wherever they are, and closes its body.
func whole(t *testing.T, e *cache.Entry) []byte {
	t.Helper()
	b, err := io.ReadAll(e.Body.Reader())
	if err := errors.Join(err, e.Body.Close()); err != nil {
		t.Error(err)
	}
	return b
}

func put(t *testing.T, s cache.Store, n int, e *cache.Entry) {
	t.Helper()
	if err := s.Put(context.Background(), Key(n), e); err != nil {
		t.Fatalf("Put: %v", err)
	}
}

func get(t *testing.T, s cache.Store, n int) *cache.Entry {
	t.Helper()
	e, err := s.Get(context.Background(), Key(n))
	if err != nil {
		t.Fatalf("Get: %v", err)
	}
	return e
}

func missing(t *testing.T, s cache.Store, n int) {
	t.Helper()
	if e, err := s.Get(context.Background(), Key(n)); !fault.Is(err, fault.NotFound) {
		t.Errorf("Get = %v, %v; want kind NotFound", e, err)
	}
}

func absent(t *testing.T, s cache.Store) { missing(t, s, 1) }

func putThenGet(t *testing.T, s cache.Store) {
	e := Entry(1, 5000)
	put(t, s, 1, e)
	for range 3 {
		Same(t, get(t, s, 1), e)
	}
}

func replace(t *testing.T, s cache.Store) {
	put(t, s, 1, Entry(1, 5000))
	e := Entry(2, 60)
	put(t, s, 1, e)
	Same(t, get(t, s, 1), e)
}

func deletes(t *testing.T, s cache.Store) {
	e := Entry(2, 10)
	put(t, s, 1, Entry(1, 10))
	put(t, s, 2, e)
	if err := s.Delete(context.Background(), Key(1)); err != nil {
		t.Fatal(err)
	}
	missing(t, s, 1)
	Same(t, get(t, s, 2), e)
}

func deleteTwice(t *testing.T, s cache.Store) {
	put(t, s, 1, Entry(1, 10))
	for range 2 {
		if err := s.Delete(context.Background(), Key(1)); err != nil {
			t.Fatal(err)
		}
	}
	missing(t, s, 1)
}

func emptyBody(t *testing.T, s cache.Store) {
	e := Entry(1, 0)
	put(t, s, 1, e)
	Same(t, get(t, s, 1), e)
}

func keysApart(t *testing.T, s cache.Store) {
	var entries []*cache.Entry
	for n := range 20 {
		entries = append(entries, Entry(n, 100+n))
		put(t, s, n, entries[n])
	}
	for n, e := range entries {
		Same(t, get(t, s, n), e)
	}
}

func keptTooLong(t *testing.T, s cache.Store) {
	e := Entry(1, 10)
	past := time.Now().Add(-time.Second)
	e.Clocks = cache.Clocks{Fresh: past, Revalidate: past, IfError: past, Keep: past}
	put(t, s, 1, e)
	missing(t, s, 1)
}

// allAtOnce writes, reads and deletes few keys from many goroutines: whatever is found must be whole.
func allAtOnce(t *testing.T, s cache.Store) {
	ctx := context.Background()
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 200 {
				n := (g + i) % 5
				switch i % 4 {
				case 0:
					if err := s.Put(ctx, Key(n), Entry(n, 1000+n)); err != nil {
						t.Error(err)
					}
				case 3:
					if err := s.Delete(ctx, Key(n)); err != nil {
						t.Error(err)
					}
				default:
					e, err := s.Get(ctx, Key(n))
					if err == nil {
						if !bytes.Equal(whole(t, e), Entry(n, 1000+n).Body.Bytes()) {
							t.Error("read a body that nobody put")
						}
					} else if !fault.Is(err, fault.NotFound) {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
}
