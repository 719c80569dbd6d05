package disk

import (
	"bytes"
	"context"
	"encoding/hex"
	"flag"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/stillroom/stillroom/internal/blob"
	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/format"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// epoch is when the entries of these tests are made.
var epoch = time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)

// hands is a clock that stands until it is set.
type hands struct{ ns atomic.Int64 }

func newHands() *hands {
	h := &hands{}
	h.set(epoch)
	return h
}

func (h *hands) now() time.Time      { return time.Unix(0, h.ns.Load()).UTC() }
func (h *hands) set(t time.Time)     { h.ns.Store(t.UnixNano()) }
func (h *hands) add(d time.Duration) { h.ns.Add(int64(d)) }

// key returns keys that are spread over the directories as real ones are.
func key(n int) (k cache.Key) {
	i := number(uint64(n) + 1)
	copy(k[:], i[:])
	k[31] = byte(n)
	return k
}

// entry returns the nth entry, always the same one, with a body of size bytes that tells it from others.
func entry(n, size int) *cache.Entry {
	body := make([]byte, size)
	for i := range body {
		body[i] = byte(i*7 + n + i>>8*n)
	}
	return &cache.Entry{
		Meta: cache.Meta{
			Format: format.AVIF, Length: int64(size), ETag: `"t` + hex.EncodeToString([]byte{byte(n >> 8), byte(n)}) + `"`,
			Width: 640, Height: 480, Frames: 1,
			Source: "https://example.com/a.jpg", SourceVersion: "v1", ETagAtSource: `"s"`,
			LastModified: epoch.Add(-time.Hour), SourceLength: 99_000, SourceWidth: 4000, SourceHeight: 3000,
			Created: epoch,
			Clocks: cache.Clocks{
				Fresh: epoch.Add(time.Hour), Revalidate: epoch.Add(2 * time.Hour),
				IfError: epoch.Add(3 * time.Hour), Keep: epoch.AddDate(50, 0, 0),
			},
			Tags: []string{"one", "two"}, Cost: 12 * time.Millisecond,
		},
		Body: blob.New(body),
	}
}

// same fails the test unless the tier holds the entry, whole.
func same(t testing.TB, s *Store, k cache.Key, want *cache.Entry) {
	t.Helper()
	got, err := s.Get(context.Background(), k)
	if err != nil {
		t.Fatalf("Get: %v", err)
	}
	whole(t, got, want)
}

// whole fails the test unless an entry is the wanted one, and closes it.
func whole(t testing.TB, got, want *cache.Entry) {
	t.Helper()
	body, err := got.Body.Load()
	if err != nil {
		t.Fatalf("reading the body: %v", err)
	}
	if diff := cmp.Diff(want.Meta, got.Meta, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("meta differs (-want +got):\n%s", diff)
	}
	if !bytes.Equal(body.Bytes(), want.Body.Bytes()) {
		t.Errorf("the body of %d bytes is not the one of %d bytes that was put", body.Len(), want.Body.Len())
	}
	if got.Tier != "disk" {
		t.Errorf("tier %q, want disk", got.Tier)
	}
}

func fileOf(k cache.Key, e *cache.Entry) []byte {
	h := &head{Key: k, Meta: e.Meta, Stored: epoch, BodyLen: e.Body.Len()}
	h.BodySum, _ = sumOf(e.Body)
	return append(appendHead(nil, h), e.Body.Bytes()...)
}

// The format on disk is a promise to every later version, which must read it or say that it cannot.
func TestFileGolden(t *testing.T) {
	got := hex.Dump(fileOf(key(1), entry(1, 40)))
	golden := filepath.Join("testdata", "entry.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("the file differs (-want +got): raise fileVersion or cache.MetaVersion, then run with -update\n%s", diff)
	}
}

// A head with any bit changed, or cut anywhere, is not read as a head.
func TestHeadEveryBit(t *testing.T) {
	file := fileOf(key(1), entry(1, 0))
	if _, err := parseHead(file); err != nil {
		t.Fatalf("the file as it was written: %v", err)
	}
	for bit := range len(file) * 8 {
		b := bytes.Clone(file)
		b[bit/8] ^= 1 << (bit % 8)
		if _, err := parseHead(b); err == nil {
			t.Errorf("bit %d of byte %d is changed, and it is read", bit%8, bit/8)
		}
	}
	for n := range len(file) {
		if _, err := parseHead(file[:n]); err == nil {
			t.Errorf("the first %d of %d bytes are read", n, len(file))
		}
	}
}

func FuzzParseHead(f *testing.F) {
	f.Add(fileOf(key(1), entry(1, 20)))
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := parseHead(b)
		if err != nil {
			return
		}
		again, err := parseHead(appendHead(nil, h))
		if err != nil {
			t.Fatalf("what was read cannot be written and read: %v", err)
		}
		if diff := cmp.Diff(h.Meta, again.Meta, cmpopts.EquateEmpty()); diff != "" || h.Key != again.Key || h.size()-h.BodyAt != again.size()-again.BodyAt {
			t.Fatalf("it changes:\n%s", diff)
		}
	})
}
