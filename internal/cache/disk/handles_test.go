package disk

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stillroom/stillroom/internal/blob"
	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/fault"
)

// counting counts how often a file is opened, and which are open.
type counting struct {
	System

	opened atomic.Int64
	mu     sync.Mutex
	files  []*os.File
}

func (c *counting) Open(name string) (*os.File, error) {
	f, err := c.System.Open(name)
	if err == nil {
		c.opened.Add(1)
		c.mu.Lock()
		c.files = append(c.files, f)
		c.mu.Unlock()
	}
	return f, err
}

// open returns how many of the files are still open.
func (c *counting) open() (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range c.files {
		if _, err := f.Stat(); !errors.Is(err, os.ErrClosed) {
			n++
		}
	}
	return n
}

// keep puts an entry with a text for its body.
func keep(t *testing.T, s *Store, n int, text string) {
	t.Helper()
	e := entry(n, len(text))
	e.Body = blob.New([]byte(text))
	if err := s.Put(t.Context(), key(n), e); err != nil {
		t.Error(err)
	}
}

// body gets an entry and returns its body; absent where there is none.
func body(t *testing.T, s *Store, n int) string {
	t.Helper()
	e, err := s.Get(t.Context(), key(n))
	if fault.Is(err, fault.NotFound) {
		return absent
	} else if err != nil {
		t.Fatal(err)
	}
	defer e.Body.Close()
	var w bytes.Buffer
	if _, err := e.Body.WriteTo(&w); err != nil {
		t.Fatal(err)
	}
	return w.String()
}

const absent = "(absent)"

// A file that is asked for again and again is opened twice: once to be compared with its sum, once to stay open.
func TestFileStaysOpen(t *testing.T) {
	c := &counting{}
	s := open(t, Config{Path: t.TempDir(), FS: c})
	keep(t, s, 1, "body")
	for range 10 {
		if got := body(t, s, 1); got != "body" {
			t.Fatalf("body %q", got)
		}
	}
	if n := c.opened.Load(); n > 2 {
		t.Errorf("opened %d times", n)
	}
}

// Whatever happens to a file that is open, the next Get tells.
func TestOpenFileIsAskedAfter(t *testing.T) {
	for name, test := range map[string]struct {
		change func(t *testing.T, s *Store, path string)
		want   string
	}{
		"replaced": {func(t *testing.T, s *Store, _ string) { keep(t, s, 1, "another body") }, "another body"},
		"deleted": {func(t *testing.T, s *Store, _ string) {
			if err := s.Delete(t.Context(), key(1)); err != nil {
				t.Fatal(err)
			}
		}, absent},
		"removed by others": {func(t *testing.T, _ *Store, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}, absent},
		"cut short by others": {func(t *testing.T, _ *Store, path string) {
			if err := os.Truncate(path, 100); err != nil {
				t.Fatal(err)
			}
		}, absent},
		"replaced by others": {func(t *testing.T, _ *Store, path string) {
			if err := os.WriteFile(path+"x", []byte("no entry"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(path+"x", path); err != nil {
				t.Fatal(err)
			}
		}, absent},
	} {
		t.Run(name, func(t *testing.T) {
			c := &counting{}
			s := open(t, Config{Path: t.TempDir(), FS: c})
			keep(t, s, 1, "body")
			for range 3 {
				body(t, s, 1)
			}
			e, err := s.Get(t.Context(), key(1))
			if err != nil {
				t.Fatal(err)
			}
			test.change(t, s, s.path(idOf(key(1))))
			if got := body(t, s, 1); got != test.want {
				t.Errorf("body %q, want %q", got, test.want)
			}
			if name != "cut short by others" { // whoever has the entry still has its body
				var w bytes.Buffer
				if _, err := e.Body.WriteTo(&w); err != nil || w.String() != "body" {
					t.Errorf("the body that was found before: %q, %v", w.String(), err)
				}
			}
			if err := e.Body.Close(); err != nil {
				t.Error(err)
			}
			most := 1
			if test.want == absent {
				most = 0 // nothing that was removed keeps its place on disk
			}
			if n := c.open(); n > most {
				t.Errorf("%d files are open, want at most %d", n, most)
			}
		})
	}
}

// No more files stay open than may, the ones in use last longest, and none outlives the tier.
func TestHandlesAreBounded(t *testing.T) {
	c := &counting{}
	s, err := Open(Config{Path: t.TempDir(), FS: c, MaxBytes: 8 << 20})
	if err != nil {
		t.Fatal(err)
	}
	s.handles.most = 8
	for n := range 40 {
		keep(t, s, n, fmt.Sprint("body ", n))
	}
	for range 3 {
		for n := range 40 {
			for _, k := range []int{0, n} { // 0 is in use all the time
				if got := body(t, s, k); got != fmt.Sprint("body ", k) {
					t.Fatalf("%d: body %q", k, got)
				}
			}
			if n := c.open(); n > 8 {
				t.Fatalf("%d files are open, want at most 8", n)
			}
		}
	}
	before := c.opened.Load()
	if body(t, s, 0); c.opened.Load() != before {
		t.Error("the file that is used most was not open")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if n := c.open(); n > 0 {
		t.Errorf("%d files are open after Close", n)
	}
}

// A body is whole and one of those that were put, whatever is put, deleted and swept at the same time; in the end nothing
// is open that has no name.
func TestHandlesUnderChange(t *testing.T) {
	c := &counting{}
	s := open(t, Config{Path: t.TempDir(), FS: c})
	s.handles.most = 4
	const keys, rounds = 8, 300
	bodies := make([][]byte, 5)
	for n := range bodies {
		bodies[n] = bytes.Repeat([]byte{byte('a' + n)}, 1000+n)
	}
	var all sync.WaitGroup
	for worker := range 6 {
		all.Go(func() {
			for n := range rounds {
				k := (n + worker) % keys
				switch {
				case worker == 0:
					keep(t, s, k, string(bodies[n%len(bodies)]))
				case worker == 1 && n%7 == 0:
					if err := s.Delete(t.Context(), key(k)); err != nil {
						t.Error(err)
					}
				case worker == 1:
					s.handles.sweep()
				default:
					checkWhole(t, s, key(k))
				}
			}
		})
	}
	all.Wait()
	s.handles.sweep()
	if n := c.open(); n > len(s.handles.ring) {
		t.Errorf("%d files are open, %d are accounted for", n, len(s.handles.ring))
	}
}

// checkWhole gets an entry, if it is there, and looks at its body.
func checkWhole(t *testing.T, s *Store, k cache.Key) {
	e, err := s.Get(t.Context(), k)
	if err != nil {
		if !fault.Is(err, fault.NotFound) {
			t.Error(err)
		}
		return
	}
	loaded, err := e.Body.Load()
	if err != nil {
		t.Error(err)
		return
	}
	b := loaded.Bytes()
	if len(b) < 1000 || len(b) != 1000+int(b[0]-'a') || !bytes.Equal(b, bytes.Repeat(b[:1], len(b))) {
		t.Errorf("a body of %d bytes that begins with %.10q", len(b), b)
	}
}

var _ blob.Holder = (*handle)(nil)
