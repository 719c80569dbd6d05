package purge

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"maps"
	"sync"
)

var errBroken = errors.New("the disk fails on purpose")

// memoryFolder is a folder whose power can be cut: what was not synced may then be gone or not. It can also fail.
type memoryFolder struct {
	mu    sync.Mutex
	names map[string]*content // as the process sees them
	last  map[string]*content // as they are after the power was cut
	steps int                 // operations so far that change something
	fail  int                 // the step that fails, half done; 0 = none
	cut   int                 // the step after which nothing has an effect; 0 = none
}

// content is a file.
type content struct {
	text []byte
	safe int // bytes that survive
}

func newMemoryFolder() *memoryFolder {
	return &memoryFolder{names: map[string]*content{}, last: map[string]*content{}}
}

// step counts an operation; halfway says that it fails after half of it was done.
func (m *memoryFolder) step() (halfway bool, err error) {
	m.steps++
	if m.cut > 0 && m.steps > m.cut {
		return false, errBroken
	}
	if m.fail == m.steps {
		return true, errBroken
	}
	return false, nil
}

// crash returns the folder as the next process finds it after the power was cut: with all that was done, or only with
// what was synced.
func (m *memoryFolder) crash(lucky bool) *memoryFolder {
	m.mu.Lock()
	defer m.mu.Unlock()
	next := newMemoryFolder()
	names := m.last
	if lucky {
		names = m.names
	}
	for name, c := range names {
		text := c.text
		if !lucky {
			// Half of what was not synced has reached the disk.
			text = text[:c.safe+(len(text)-c.safe)/2]
		}
		next.names[name] = &content{bytes.Clone(text), len(text)}
	}
	next.last = maps.Clone(next.names)
	return next
}

func (m *memoryFolder) open(name string) (io.ReadCloser, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, ok := m.names[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return io.NopCloser(bytes.NewReader(bytes.Clone(c.text))), nil
}

func (m *memoryFolder) extend(name string, size int64) (file, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, ok := m.names[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	c.text = c.text[:size:size]
	c.safe = min(c.safe, int(size))
	return &memoryFile{m, c}, nil
}

func (m *memoryFolder) create(name string) (file, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, err := m.step(); err != nil {
		return nil, err
	}
	c := &content{}
	m.names[name] = c
	return &memoryFile{m, c}, nil
}

func (m *memoryFolder) rename(from, to string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, err := m.step(); err != nil {
		return err
	}
	m.names[to] = m.names[from]
	delete(m.names, from)
	return nil
}

func (m *memoryFolder) sync() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, err := m.step(); err != nil {
		return err
	}
	m.last = maps.Clone(m.names)
	return nil
}

func (m *memoryFolder) close() error { return nil }

type memoryFile struct {
	folder *memoryFolder
	*content
}

func (f *memoryFile) Write(b []byte) (int, error) {
	f.folder.mu.Lock()
	defer f.folder.mu.Unlock()
	halfway, err := f.folder.step()
	if halfway {
		b = b[:len(b)/2]
	} else if err != nil {
		return 0, err
	}
	f.text = append(f.text, b...)
	return len(b), err
}

func (f *memoryFile) Sync() error {
	f.folder.mu.Lock()
	defer f.folder.mu.Unlock()
	if _, err := f.folder.step(); err != nil {
		return err
	}
	f.safe = len(f.text)
	return nil
}

func (f *memoryFile) Close() error { return nil }
