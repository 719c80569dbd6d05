package disk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/cache/cachetest"
	"github.com/stillroom/stillroom/internal/fault"
)

// faulty is a system whose nth call goes wrong.
type faulty struct {
	System
	times int64        // how many calls in a row go wrong; set before nth
	nth   atomic.Int64 // from 1; 0 = none
	how   way
	calls atomic.Int64
}

// way is how a call goes wrong.
type way struct {
	name  string
	err   error // what each call answers, if there is one
	short bool  // a write stops half way and says so
	lies  bool  // a write stops half way and does not say so
	flips bool  // a write changes a byte
}

var faults = []way{
	{name: "EIO", err: syscall.EIO},
	{name: "ENOSPC", err: syscall.ENOSPC},
	{name: "EROFS", err: syscall.EROFS},
	{name: "short", short: true},
	{name: "short without a word", lies: true},
	{name: "flip", flips: true},
}

func (f *faulty) wrong() bool {
	n, nth := f.calls.Add(1), f.nth.Load()
	return nth > 0 && n >= nth && n < nth+f.times
}

func (f *faulty) call() error {
	if f.wrong() {
		return f.how.err
	}
	return nil
}

func (f *faulty) Mkdir(name string) error {
	if err := f.call(); err != nil {
		return err
	}
	return f.System.Mkdir(name)
}

func (f *faulty) Create(name string) (*os.File, error) {
	if err := f.call(); err != nil {
		return nil, err
	}
	return f.System.Create(name)
}

func (f *faulty) Open(name string) (*os.File, error) {
	if err := f.call(); err != nil {
		return nil, err
	}
	return f.System.Open(name)
}

func (f *faulty) ReadAt(file *os.File, p []byte, off int64) (int, error) {
	if err := f.call(); err != nil {
		return 0, err
	}
	return f.System.ReadAt(file, p, off)
}

func (f *faulty) Write(file *os.File, p []byte) (int, error) {
	if !f.wrong() {
		return f.System.Write(file, p)
	}
	switch {
	case f.how.err != nil:
		return 0, f.how.err
	case f.how.flips:
		p = append([]byte(nil), p...)
		p[len(p)/2] ^= 0x10
		return f.System.Write(file, p)
	}
	n, err := f.System.Write(file, p[:len(p)/2])
	if f.how.lies {
		return len(p), err
	}
	return n, err
}

func (f *faulty) Close(file *os.File) error {
	err := f.System.Close(file)
	if e := f.call(); e != nil {
		return e
	}
	return err
}

func (f *faulty) Rename(from, to string) error {
	if err := f.call(); err != nil {
		return err
	}
	return f.System.Rename(from, to)
}

func (f *faulty) Remove(name string) error {
	if err := f.call(); err != nil {
		return err
	}
	return f.System.Remove(name)
}

func (f *faulty) ReadDir(name string) ([]fs.DirEntry, error) {
	if err := f.call(); err != nil {
		return nil, err
	}
	return f.System.ReadDir(name)
}

func (f *faulty) Lstat(name string) (fs.FileInfo, error) {
	if err := f.call(); err != nil {
		return nil, err
	}
	return f.System.Lstat(name)
}

// day is what happens to a tier while a call goes wrong. Every answer must be right or an honest error.
func day(t *testing.T, c Config) *Store {
	t.Helper()
	s, err := Open(c)
	if err != nil {
		return nil // an error to open is an honest one
	}
	ctx := context.Background()
	honest := func(what string, err error) {
		if err != nil && !fault.Is(err, fault.Internal) && !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: kind %v: %v", what, fault.KindOf(err), err)
		}
	}
	read := func(n, size int) {
		e, err := s.Get(ctx, key(n))
		if err != nil {
			honest("Get", err)
			return
		}
		body, err := e.Body.Load()
		if err != nil {
			t.Errorf("Get(%d): reading the body: %v", n, err)
			return
		}
		if want := entry(n, size); e.ETag != want.ETag || !bytes.Equal(body.Bytes(), want.Body.Bytes()) {
			t.Errorf("Get(%d) answers what nobody put: %s, %d bytes", n, e.ETag, body.Len())
		}
	}
	for n := range 6 {
		honest("Put", s.Put(ctx, key(n), entry(n, 3000)))
		read(n, 3000)
	}
	honest("Put", s.Put(ctx, key(2), entry(2, 9000)))
	honest("Delete", s.Delete(ctx, key(3)))
	if e, err := s.Get(ctx, key(3)); err == nil {
		e.Body.Close()
		t.Error("Get finds what was deleted")
	}
	s.flush()
	s.save()
	for n := range 6 {
		if n != 2 && n != 3 {
			read(n, 3000)
		}
	}
	read(2, 9000)
	return s
}

// Each call in turn goes wrong in each way, once, three times in a row, or from then on. The tier stays honest,
// its books stay right, and when the fault has passed it works as ever.
func TestFaults(t *testing.T) {
	clock := newHands()
	c := Config{
		MaxBytes: 1 << 20, AgeFloor: -1, Now: clock.now, CleanupInterval: time.Hour,
	}
	f := &faulty{}
	c.Path, c.FS = t.TempDir(), f
	if err := day(t, c).Close(); err != nil {
		t.Fatal(err)
	}
	calls := f.calls.Load()
	if calls < 60 {
		t.Fatalf("a day takes %d calls, which is hardly all of them", calls)
	}
	for _, how := range faults {
		t.Run(how.name, func(t *testing.T) {
			for _, times := range []int64{1, 3, 1 << 40} {
				// Each call alone; with those after it, only some: they fail in the same places.
				step := map[int64]int64{1: 1, 3: 5}[times]
				if step == 0 {
					step = 11
				}
				for nth := int64(1); nth <= calls; nth += step {
					clock.set(epoch)
					f := &faulty{times: times, how: how}
					f.nth.Store(nth)
					c.Path, c.FS = t.TempDir(), f
					s := day(t, c)
					clock.add(time.Hour)
					afterwards(t, s, c, how)
					if t.Failed() {
						t.Fatalf("call %d, %d times", nth, times)
					}
				}
			}
		})
	}
}

// afterwards ends the fault and checks that nothing of it is left.
func afterwards(t *testing.T, s *Store, c Config, how way) {
	t.Helper()
	c.FS = System{}
	if s != nil {
		s.fs.(*faulty).nth.Store(0)
		settled(t, s)
		s.cleanup(context.Background())
		books(t, s)
		counted(t, s)
		put(t, s, 50, 4000)
		same(t, s, key(50), entry(50, 4000))
		if err := s.Close(); err != nil {
			t.Fatalf("Close: %v", err)
		}
	}
	s, err := Open(c)
	if err != nil {
		t.Fatalf("Open after the fault: %v", err)
	}
	defer s.Close()
	settled(t, s)
	for n, size := range map[int]int{0: 3000, 1: 3000, 2: 9000, 4: 3000, 5: 3000} {
		if holds(s, key(n)) {
			same(t, s, key(n), entry(n, size))
		}
	}
	if holds(s, key(3)) && !how.flips {
		t.Error("what was deleted is back")
	}
	if _, temps := standing(t, c.Path); len(temps) > 0 {
		t.Errorf("temporary files are left: %v", temps)
	}
	books(t, s)
}

// noFiles is a system that makes no file while it is told so.
type noFiles struct {
	System
	failing atomic.Bool
}

func (f *noFiles) Create(name string) (*os.File, error) {
	if f.failing.Load() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: syscall.EIO}
	}
	return f.System.Create(name)
}

// A tier on a disk that once failed passes the suite like any other.
func TestSuiteAfterFault(t *testing.T) {
	cachetest.Run(t, func(t *testing.T) cache.Store {
		f := &noFiles{}
		clock := newHands()
		clock.set(time.Now())
		s := open(t, Config{Path: t.TempDir(), FS: f, Now: clock.now})
		f.failing.Store(true)
		err := s.Put(context.Background(), key(1), entry(1, 10))
		f.failing.Store(false)
		if !fault.Is(err, fault.Internal) || !errors.Is(err, syscall.EIO) {
			t.Fatalf("Put: %v; want kind Internal, EIO", err)
		}
		clock.add(lastPause)
		return s
	})
}

// While the disk fails nothing is stored, but what is there is found.
func TestGetsGoOnWhileTheDiskFails(t *testing.T) {
	f := &noFiles{}
	s := open(t, Config{Path: t.TempDir(), FS: f, Now: fixed})
	put(t, s, 1, 5000)
	ctx := context.Background()
	f.failing.Store(true)
	if err := s.Put(ctx, key(2), entry(2, 100)); !fault.Is(err, fault.Internal) {
		t.Fatalf("Put: %v, want kind Internal", err)
	}
	put(t, s, 3, 100)
	same(t, s, key(1), entry(1, 5000))
	f.failing.Store(false) // for Close
	got := s.Stats()
	want := fmt.Sprint(map[string]int64{"write-error": 1, "degraded": 1})
	if is := fmt.Sprint(map[string]int64{"write-error": got.Declined["write-error"], "degraded": got.Declined["degraded"]}); is != want || !got.Degraded {
		t.Errorf("declined %v, degraded %v; want %s", got.Declined, got.Degraded, want)
	}
}
