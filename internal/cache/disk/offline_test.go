package disk

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stillroom/stillroom/internal/cache"
)

// messy makes a folder with 10 whole entries, the last of which is over tomorrow, and one problem of each kind.
func messy(t *testing.T) (path string) {
	t.Helper()
	path = t.TempDir()
	s := open(t, Config{Path: path, Now: fixed})
	for n := range 13 {
		e := entry(n, 3000)
		if n == 9 {
			e.Clocks.Keep = epoch.Add(time.Hour)
		}
		if err := s.Put(context.Background(), key(n), e); err != nil {
			t.Fatal(err)
		}
	}
	file := func(n int) string { return s.path(idOf(key(n))) }
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	truncate(t, file(10), 1000)
	overwrite(t, file(11), 3000, "\x00")
	overwrite(t, file(12), 8, "\x02")
	for _, name := range []string{tempPrefix + strings.Repeat("0", 28), "cat.jpg"} {
		if err := os.WriteFile(filepath.Join(filepath.Dir(file(10)), name), []byte("?"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func kinds(r Report) map[string]int {
	m := map[string]int{}
	for _, p := range r.Problems {
		m[p.Kind.String()]++
	}
	return m
}

func TestVerifyAndGC(t *testing.T) {
	path := messy(t)
	before, _ := standing(t, path)
	r, err := Verify(path)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"truncated": 1, "flipped": 1, "version": 1, "temporary": 1, "foreign": 1}
	if diff := cmp.Diff(want, kinds(r)); diff != "" || r.Entries != 10 {
		t.Errorf("%d entries, want 10; problems (-want +got):\n%s", r.Entries, diff)
	}
	if after, _ := standing(t, path); after != before {
		t.Errorf("Verify changed the folder: %d bytes, %d before", after, before)
	}

	r, err = GC(path, epoch.Add(24*time.Hour), 0)
	if err != nil {
		t.Fatal(err)
	}
	delete(want, "flipped") // in the body, which GC does not read
	if diff := cmp.Diff(want, kinds(r)); diff != "" || r.Removed != 5 || r.Expired != 1 || r.Entries != 10 {
		t.Errorf("%d removed, %d expired, %d entries; want 5, 1 and 10; problems (-want +got):\n%s", r.Removed, r.Expired, r.Entries, diff)
	}
	if r, err = GC(path, epoch.Add(24*time.Hour), 0); err != nil || r.Removed != 0 {
		t.Errorf("a second GC removes %d files: %v", r.Removed, err)
	}

	s := open(t, Config{Path: path, Now: fixed})
	for n := range 9 {
		same(t, s, key(n), entry(n, 3000))
	}
}

// What the tier would not serve any more, because of its TTL, goes as well.
func TestGCByTTL(t *testing.T) {
	for ttl, stay := range map[time.Duration]int64{24*time.Hour + time.Second: 10, 24 * time.Hour: 0} {
		r, err := GC(messy(t), epoch.Add(24*time.Hour), ttl)
		if err != nil || r.Entries != stay {
			t.Errorf("a TTL of %v leaves %d entries, want %d: %v", ttl, r.Entries, stay, err)
		}
	}
}

func TestList(t *testing.T) {
	path := messy(t)
	got := map[cache.Key]string{}
	err := List(path, func(i Item) error {
		got[i.Key] = i.Meta.ETag
		if i.Size < 3000 || !i.Stored.Equal(epoch) {
			t.Errorf("%d bytes, stored %v", i.Size, i.Stored)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[cache.Key]string{key(11): entry(11, 0).ETag}
	for n := range 10 {
		want[key(n)] = entry(n, 0).ETag
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	stop := errors.New("enough")
	if err := List(path, func(Item) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("List: %v, want the error of the caller", err)
	}
}

// Where there is no tier, nothing is made of it.
func TestOfflineWithoutATier(t *testing.T) {
	path := t.TempDir()
	if _, err := Verify(path); err == nil || !strings.Contains(err.Error(), "holds no disk tier") {
		t.Errorf("Verify: %v", err)
	}
	left, err := os.ReadDir(path)
	if err != nil || len(left) > 0 {
		t.Errorf("something was left there: %v, %v", left, err)
	}
}

func TestWalk(t *testing.T) {
	s := open(t, Config{Path: t.TempDir(), Now: fixed})
	want := map[cache.Key]string{}
	for n := range 50 {
		put(t, s, n, 100)
		want[key(n)] = entry(n, 0).ETag
	}
	got := map[cache.Key]string{}
	err := s.Walk(context.Background(), func(k cache.Key, m cache.Meta) bool {
		got[k] = m.ETag
		if len(got)%2 == 0 { // a purge deletes while it walks
			if err := s.Delete(context.Background(), k); err != nil {
				t.Error(err)
			}
		}
		return true
	})
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v; -want +got:\n%s", err, diff)
	}
	if n := s.Size().Entries; n != 25 {
		t.Errorf("%d entries are left, want 25", n)
	}
	seen := 0
	if err := s.Walk(context.Background(), func(cache.Key, cache.Meta) bool { seen++; return false }); err != nil || seen != 1 {
		t.Errorf("%d entries after the first no, %v", seen, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Walk(ctx, func(cache.Key, cache.Meta) bool { return true }); !errors.Is(err, context.Canceled) {
		t.Errorf("Walk of a caller who has left: %v", err)
	}
}

// watcher is an observer that writes down.
type watcher struct {
	mu   sync.Mutex
	seen map[string]int
}

func (w *watcher) note(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen[what]++
}

func (w *watcher) Removed(r Removal, bytes int64) {
	if bytes%block != 0 || bytes == 0 {
		w.note("an odd size")
	}
	w.note(r.String())
}
func (w *watcher) Declined(d Decline) { w.note(d.String()) }
func (w *watcher) Damaged(d Damage)   { w.note(d.String()) }

func TestObserver(t *testing.T) {
	w := &watcher{seen: map[string]int{}}
	clock := newHands()
	s := open(t, Config{Path: t.TempDir(), MaxEntries: 5, AgeFloor: -1, EntrySize: 1000, Observer: w, Now: clock.now})
	for n := range 7 {
		put(t, s, n, 100)
	}
	put(t, s, 100, 1001)
	late := entry(101, 10)
	late.Clocks.Keep = epoch
	if err := s.Put(context.Background(), key(101), late); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(context.Background(), key(6)); err != nil {
		t.Fatal(err)
	}
	truncate(t, s.path(idOf(key(5))), 3)
	holds(s, key(5))
	if err := os.Remove(s.path(idOf(key(4)))); err != nil {
		t.Fatal(err)
	}
	holds(s, key(4))
	clock.set(epoch.AddDate(60, 0, 0))
	holds(s, key(3))
	want := map[string]int{"evicted": 2, "too-large": 1, "too-late": 1, "deleted": 1, "foreign": 1, "gone": 1, "expired": 1}
	if diff := cmp.Diff(want, w.seen); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// A body that is in a file, of another tier or of this one, is stored like any other.
func TestPutOfAFile(t *testing.T) {
	s := open(t, Config{Path: t.TempDir(), Now: fixed})
	put(t, s, 1, 50_000)
	e, err := s.Get(context.Background(), key(1))
	if err != nil {
		t.Fatal(err)
	}
	defer e.Body.Close()
	if err := s.Put(context.Background(), key(2), e); err != nil {
		t.Fatal(err)
	}
	same(t, s, key(2), entry(1, 50_000))
}

// A body stays readable while its entry is replaced and removed.
func TestBodyOutlivesItsEntry(t *testing.T) {
	s := open(t, Config{Path: t.TempDir(), Now: fixed})
	put(t, s, 1, 50_000)
	e, err := s.Get(context.Background(), key(1))
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, 1, 10)
	if err := s.Delete(context.Background(), key(1)); err != nil {
		t.Fatal(err)
	}
	body, err := e.Body.Load()
	if err != nil || cmp.Diff(entry(1, 50_000).Body.Bytes(), body.Bytes()) != "" {
		t.Errorf("the body is not what it was: %v", err)
	}
}

// Closed, the tier finds nothing and stores nothing, and the folder is another's.
func TestClosed(t *testing.T) {
	c := Config{Path: t.TempDir(), Now: fixed}
	s := open(t, c)
	put(t, s, 1, 100)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	put(t, s, 2, 100)
	if err := s.Delete(context.Background(), key(1)); err != nil {
		t.Fatal(err)
	}
	if holds(s, key(1)) {
		t.Error("a closed tier answers")
	}
	s = open(t, c)
	same(t, s, key(1), entry(1, 100))
	if holds(s, key(2)) {
		t.Error("a closed tier stored")
	}
}
