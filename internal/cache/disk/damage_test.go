package disk

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/fault"
)

func fixed() time.Time { return epoch }

// settled waits until the folder was compared with the index.
func settled(t testing.TB, s *Store) {
	t.Helper()
	for end := time.Now().Add(time.Minute); s.settling.Load(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the folder is not settled after a minute")
		}
	}
}

// books fails the test unless the folder holds no more than the tier counts, and the tier no more than its
// bound.
func books(t testing.TB, s *Store) {
	t.Helper()
	on, _ := standing(t, s.config.Path)
	size := s.Size()
	if on > size.Bytes {
		t.Errorf("%d bytes stand in the folder, %d are counted", on, size.Bytes)
	}
	if size.Bytes > size.MaxBytes {
		t.Errorf("%d bytes are counted, the bound is %d", size.Bytes, size.MaxBytes)
	}
}

// standing returns what a folder takes on disk, and the names of its temporary files.
func standing(t testing.TB, path string) (bytes int64, temps []string) {
	t.Helper()
	err := filepath.WalkDir(path, func(name string, d os.DirEntry, err error) error {
		if os.IsNotExist(err) {
			return nil // it went while we looked
		}
		if err != nil {
			return err
		}
		info, err := d.Info()
		if os.IsNotExist(err) {
			return nil
		}
		if err != nil {
			return err
		}
		bytes += blocksOf(info.Size()) * block
		if isTemp(d.Name()) || d.Name() == snapshotTemp {
			temps = append(temps, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return bytes, temps
}

var ways = []struct {
	name   string
	spoil  func(t *testing.T, file string)
	reason string // part of what Get says
	damage Damage
}{
	{"empty", func(t *testing.T, file string) { truncate(t, file, 0) }, "empty", Truncated},
	{"cut in the magic", func(t *testing.T, file string) { truncate(t, file, 5) }, "does not begin", Foreign},
	{"cut in the head", func(t *testing.T, file string) { truncate(t, file, 50) }, "ends within its head", Truncated},
	{"cut in the meta", func(t *testing.T, file string) { truncate(t, file, 100) }, "ends within its meta", Truncated},
	{"cut in the body", func(t *testing.T, file string) { truncate(t, file, 4000) }, "4000 bytes of", Truncated},
	{"longer", func(t *testing.T, file string) { truncate(t, file, 9000) }, "9000 bytes, expected", Foreign},
	{"foreign", func(t *testing.T, file string) { overwrite(t, file, 0, "GIF89a, somebody's picture") }, "does not begin", Foreign},
	{"layout of the future", func(t *testing.T, file string) { overwrite(t, file, 8, "\x09") }, "layout 9, expected 1", Version},
	{"meta of the future", func(t *testing.T, file string) { overwrite(t, file, 10, "\x07") }, "version 7, expected 1", Version},
	{"key changed", func(t *testing.T, file string) { overwrite(t, file, 30, "\xff\xff") }, "sum", Flipped},
	{"length changed", func(t *testing.T, file string) { overwrite(t, file, 15, "\xff") }, "at most", Flipped},
	{"meta changed", func(t *testing.T, file string) { overwrite(t, file, 120, "\xff") }, "sum", Flipped},
	{"another's", func(t *testing.T, file string) {
		if err := os.WriteFile(file, fileOf(key(77), entry(77, 10)), 0o600); err != nil {
			t.Fatal(err)
		}
	}, "another entry's", Foreign},
	{"a link", func(t *testing.T, file string) {
		if err := os.Rename(file, file+"x"); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.Remove(file + "x") })
		if err := os.Symlink(file+"x", file); err != nil {
			t.Fatal(err)
		}
	}, "a link", Foreign},
}

func truncate(t *testing.T, file string, size int64) {
	t.Helper()
	if err := os.Truncate(file, size); err != nil {
		t.Fatal(err)
	}
}

func overwrite(t *testing.T, file string, off int64, text string) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte(text), off); err != nil {
		t.Fatal(err)
	}
}

// A damaged file is a miss with a reason. It is removed and counted, and the key can be stored again.
func TestDamageIsAMiss(t *testing.T) {
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			s := open(t, Config{Path: t.TempDir(), Now: fixed})
			ctx := context.Background()
			put(t, s, 1, 5000)
			put(t, s, 2, 5000)
			file := s.path(idOf(key(1)))
			w.spoil(t, file)
			_, err := s.Get(ctx, key(1))
			if !fault.Is(err, fault.NotFound) || !strings.Contains(err.Error(), w.reason) {
				t.Errorf("Get: %v; want kind NotFound and %q", err, w.reason)
			}
			if _, err := os.Lstat(file); !os.IsNotExist(err) {
				t.Errorf("the file is still there: %v", err)
			}
			if got := s.Stats().Damaged[w.damage.String()]; got != 1 {
				t.Errorf("counted %d files as %s, want 1: %v", got, w.damage, s.Stats().Damaged)
			}
			same(t, s, key(2), entry(2, 5000))
			put(t, s, 1, 5000)
			same(t, s, key(1), entry(1, 5000))
			if got := s.Size().Entries; got != 2 {
				t.Errorf("%d entries, want 2", got)
			}
		})
	}
}

// What was damaged while no tier was open is found on the first Get, the body included.
func TestDamageWhileClosed(t *testing.T) {
	c := Config{Path: t.TempDir(), Now: fixed}
	s := open(t, c)
	put(t, s, 1, 5000)
	file := s.path(idOf(key(1)))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	overwrite(t, file, 4500, "\x00")
	s = open(t, c)
	_, err := s.Get(context.Background(), key(1))
	if !fault.Is(err, fault.NotFound) || !strings.Contains(err.Error(), "body does not fit") {
		t.Errorf("Get: %v; want kind NotFound and the body's sum", err)
	}
	if got := s.Stats().Damaged["flipped"]; got != 1 {
		t.Errorf("counted %d, want 1", got)
	}
}

// The walk after a start removes what does not belong there and takes in what the index does not know.
func TestFolderIsSettled(t *testing.T) {
	c := Config{Path: t.TempDir(), Now: fixed}
	s := open(t, c)
	for n := range 20 {
		put(t, s, n, 5000)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	shelf := filepath.Dir(s.path(idOf(key(3))))
	for _, name := range []string{"tmp-0123456789abcdef0123456789ab", "photo.jpg", strings.Repeat("a", 32), strings.Repeat("A", 32)} {
		if err := os.WriteFile(filepath.Join(shelf, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(s.dir, "notes.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(s.path(idOf(key(4)))); err != nil {
		t.Fatal(err)
	}
	alien := s.path(idOf(key(500)))
	if err := os.MkdirAll(filepath.Dir(alien), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(alien, fileOf(key(500), entry(500, 100)), 0o600); err != nil {
		t.Fatal(err)
	}

	s = open(t, c)
	settled(t, s)
	if got := s.Size().Entries; got != 20 {
		t.Errorf("%d entries, want 20: one is gone, one was adopted", got)
	}
	same(t, s, key(500), entry(500, 100))
	if _, err := s.Get(context.Background(), key(4)); !fault.Is(err, fault.NotFound) {
		t.Errorf("Get of what is gone: %v", err)
	}
	left, err := os.ReadDir(shelf)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range left {
		if _, ok := parseName(e.Name()); !ok || e.Name() == strings.Repeat("a", 32) {
			t.Errorf("%s is still there", e.Name())
		}
	}
	got := s.Stats()
	if got.Damaged["temporary"] != 1 || got.Damaged["foreign"] != 4 || got.Removed["gone"] != 1 {
		t.Errorf("counted %v and %v, want 1 temporary, 4 foreign, 1 gone", got.Damaged, got.Removed)
	}
	books(t, s)
}

func put(t testing.TB, s *Store, n, size int) {
	t.Helper()
	if err := s.Put(context.Background(), key(n), entry(n, size)); err != nil {
		t.Fatalf("Put: %v", err)
	}
}

func holds(s *Store, k cache.Key) bool {
	e, err := s.Get(context.Background(), k)
	if err == nil {
		e.Body.Close()
	}
	return err == nil
}
