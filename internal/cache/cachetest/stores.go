package cachetest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/blob"
	"github.com/stillroom/stillroom/internal/cache"
)

// Map is the simplest store that passes the suite: it has no bounds.
type Map struct {
	mu      sync.Mutex
	entries map[cache.Key]*cache.Entry
}

var _ cache.Store = (*Map)(nil)

// NewMap returns an empty Map.
func NewMap() *Map { return &Map{entries: map[cache.Key]*cache.Entry{}} }

// Get implements cache.Store.
func (m *Map) Get(_ context.Context, key cache.Key) (*cache.Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.entries[key]
	if !ok || !time.Now().Before(e.Clocks.Keep) {
		return nil, cache.NotFound("not in the map")
	}
	return e, nil
}

// Put implements cache.Store.
func (m *Map) Put(_ context.Context, key cache.Key, e *cache.Entry) error {
	kept := *e
	kept.Tier = "map"
	m.mu.Lock()
	defer m.mu.Unlock()
	m.entries[key] = &kept
	return nil
}

// Delete implements cache.Store.
func (m *Map) Delete(_ context.Context, key cache.Key) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.entries, key)
	return nil
}

// Files is a store whose bodies are in files, as those of a disk tier are: each Get opens one, and whoever gets it
// closes it.
type Files struct {
	*Map

	folder string
	mu     sync.Mutex
	next   int
	given  []*os.File
	cut    bool
}

// NewFiles returns an empty Files. Unless every body that it gave away is closed, the test fails at its end.
func NewFiles(t *testing.T) *Files {
	f := &Files{Map: NewMap(), folder: t.TempDir()}
	t.Cleanup(func() {
		if n := f.Open(); n > 0 {
			t.Errorf("%d of %d bodies were not closed", n, len(f.given))
		}
	})
	return f
}

// Open returns how many bodies were given away and are not closed.
func (f *Files) Open() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, file := range f.given {
		if _, err := file.Stat(); !errors.Is(err, os.ErrClosed) {
			n++
		}
	}
	return n
}

// Given returns how many bodies were given away.
func (f *Files) Given() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.given)
}

// Cut has every body that is given away from now on lose its second half once it is open, as a file does that somebody
// cuts.
func (f *Files) Cut() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cut = true
}

// name is kept as the body of the entry in the map.
func (f *Files) name() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next++
	return filepath.Join(f.folder, Key(f.next).String())
}

// Get implements cache.Store.
func (f *Files) Get(ctx context.Context, key cache.Key) (*cache.Entry, error) {
	e, err := f.Map.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(string(e.Body.Bytes()))
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	f.given = append(f.given, file)
	cut := f.cut
	f.mu.Unlock()
	if cut {
		if err := os.Truncate(file.Name(), info.Size()/2); err != nil {
			return nil, err
		}
	}
	opened := *e
	opened.Body = blob.FromFile(file, 0, info.Size())
	opened.Tier = "files"
	return &opened, nil
}

// Put implements cache.Store.
func (f *Files) Put(ctx context.Context, key cache.Key, e *cache.Entry) error {
	name := f.name()
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	if _, err := file.ReadFrom(e.Body.Reader()); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	kept := *e
	kept.Body = blob.New([]byte(name))
	return f.Map.Put(ctx, key, &kept)
}
