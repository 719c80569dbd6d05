package disk

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A disk that is full is made by mounting a small file system in a name space of our own, which needs no
// privileges where users may have one.
func TestFullDisk(t *testing.T) {
	c := child("full", []string{"unshare", "--user", "--map-root-user", "--mount"}, t.TempDir())
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v (the test needs unshare and user name spaces)\n%s", err, out)
	}
	if !strings.HasSuffix(string(out), "ok\n") {
		t.Errorf("the child says:\n%s", out)
	}
}

// beFull has a tier with a bound above what the file system holds.
func beFull(path string) {
	must(syscall.Mount("tmpfs", path, "tmpfs", 0, "size=4m"))
	var log strings.Builder
	clock := newHands()
	s, err := Open(Config{
		Path: filepath.Join(path, "cache"), MaxBytes: 64 << 20, AgeFloor: -1,
		Now: clock.now, Log: slog.New(slog.NewTextHandler(&log, nil)),
	})
	must(err)
	ctx := context.Background()

	// It fills up; then old entries make room, and nothing fails.
	for n := range 400 {
		must(s.Put(ctx, key(n), entry(n, 30_000)))
	}
	stats := s.Stats()
	expect(stats.Removed["evicted"] > 0, "nobody was evicted: %+v", stats)
	expect(stats.Entries > 50, "%d entries are left of 4 MiB", stats.Entries)
	expect(holds(s, key(399)), "the last one is not there")

	// Somebody else fills it so that evicting does not help: a Put fails, then is declined; Gets go on.
	must(os.WriteFile(filepath.Join(path, "other"), nil, 0o600))
	greedy, err := os.OpenFile(filepath.Join(path, "other"), os.O_WRONLY, 0)
	must(err)
	grab := func() {
		for _, size := range []int{1 << 20, 4096, 1} {
			for {
				if _, err := greedy.Write(make([]byte, size)); err != nil {
					break
				}
			}
		}
	}
	grab()
	s.fs = grabbing{System{}, grab}
	before := s.Size().Entries
	err = s.Put(ctx, key(1000), entry(1000, 30_000))
	expect(isFull(err), "Put on a full disk: %v", err)
	expect(s.Size().Entries >= before-60 && s.Size().Entries > 0, "one Put cost %d of %d entries", before-s.Size().Entries, before)
	for range 50 {
		must(s.Put(ctx, key(1000), entry(1000, 30_000)))
	}
	stats = s.Stats()
	expect(stats.Declined["degraded"] == 50 && stats.Declined["disk-full"] == 1 && stats.Degraded, "%+v", stats)
	expect(holds(s, key(399)), "a hit before, a miss while the disk is full")

	// Each pause one Put tries, and the pauses grow.
	for _, pause := range []time.Duration{firstPause, 2 * firstPause} {
		clock.add(pause)
		err = s.Put(ctx, key(1000), entry(1000, 30_000))
		expect(isFull(err), "after a pause of %v: %v", pause, err)
		must(s.Put(ctx, key(1000), entry(1000, 30_000)))
	}

	// There is room again.
	s.fs = System{}
	must(greedy.Truncate(0))
	clock.add(lastPause)
	must(s.Put(ctx, key(1000), entry(1000, 30_000)))
	must(s.Put(ctx, key(1001), entry(1001, 30_000)))
	expect(holds(s, key(1000)) && holds(s, key(1001)) && !s.Stats().Degraded, "it does not store again: %+v", s.Stats())
	expect(strings.Count(log.String(), "stores nothing until") == 1 && strings.Count(log.String(), "stores again") == 1,
		"the log:\n%s", log.String())
	_, err = os.Stat(filepath.Join(path, "cache"))
	must(err)
	must(s.Close())
	must(syscall.Unmount(path, syscall.MNT_DETACH))
	fmt.Println("ok")
}

// grabbing takes what others free at once.
type grabbing struct {
	System
	grab func()
}

func (g grabbing) Remove(name string) error {
	err := g.System.Remove(name)
	g.grab()
	return err
}

func expect(ok bool, message string, args ...any) {
	if !ok {
		must(fmt.Errorf(message, args...))
	}
}
