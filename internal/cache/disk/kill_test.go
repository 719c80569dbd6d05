package disk

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/cache"
)

// A kill test runs a writer that is killed at random moments, each time in another one of the steps of a write.
const (
	kills = 200
	// The bound is well above what all children write, so that nothing is evicted and everything that was
	// stored must be a hit.
	roomy = 1 << 30
	// Here entries are evicted all the time.
	tight = 2 << 20
)

// killKey keeps the folder small, so that looking at it takes less time than writing it: all keys are in 16
// directories.
func killKey(n int) cache.Key {
	k := key(n)
	k[0] = 0
	return k
}

// writerSize is the size of an entry: from a part of a block to several.
func writerSize(n int) int { return 200 + n*7919%30_000 }

// beWriter stores entries from three goroutines, and says which after each Put has returned. Its keys are
// numbers from the one that it is told.
func beWriter(path string) {
	var first, bound int
	_, err := fmt.Sscan(os.Args[2], &first)
	must(err)
	_, err = fmt.Sscan(os.Args[3], &bound)
	must(err)
	s, err := Open(Config{Path: path, MaxBytes: int64(bound), AgeFloor: -1, CleanupInterval: time.Hour})
	must(err)
	fmt.Println("ready")
	var wg sync.WaitGroup
	for g := range 3 {
		wg.Go(func() {
			for n := first + g; ; n += 3 {
				must(s.Put(context.Background(), killKey(n), entry(n, writerSize(n))))
				fmt.Println(n)
				if n%50 == g {
					s.save() // the kill must meet a snapshot as well
				}
			}
		})
	}
	wg.Wait()
}

func TestKill(t *testing.T) {
	for _, c := range []struct {
		name  string
		bound int64
		kills int
	}{
		{"with room", roomy, kills / 2},
		{"full", tight, kills / 2},
	} {
		t.Run(c.name, func(t *testing.T) { killAgainAndAgain(t, c.bound, c.kills) })
	}
}

func killAgainAndAgain(t *testing.T, bound int64, times int) {
	var path string
	r := rand.New(rand.NewPCG(8, uint64(bound)))
	first, total := 0, 0
	var kept []int // in this folder, over all kills
	for k := range times {
		if k%10 == 0 { // several kills of one folder, but not so many that it grows large
			path, kept = t.TempDir(), nil
		}
		stored := runAndKill(t, path, first, bound, time.Duration(r.IntN(40_000))*time.Microsecond)
		total += len(stored)
		kept = append(kept, stored...)
		next := first
		for _, n := range stored {
			next = max(next, n+4) // the other goroutines may have been one further
		}

		if on, _ := standing(t, path); on > bound {
			t.Fatalf("kill %d: %d bytes stand in the folder, the bound is %d", k, on, bound)
		}
		s := open(t, Config{Path: path, MaxBytes: bound, AgeFloor: -1, Now: fixed})
		lost := 0
		for _, n := range kept {
			if !holds(s, killKey(n)) {
				lost++
			}
		}
		if bound == roomy && lost > 0 {
			t.Errorf("kill %d: %d of %d entries are lost although their Put had returned", k, lost, len(kept))
		}
		settled(t, s)
		for n := first; n < next+3; n++ { // also those of which nobody was told
			if e, err := s.Get(context.Background(), killKey(n)); err == nil {
				whole(t, e, entry(n, writerSize(n)))
			}
		}
		if got := s.Stats().Damaged; got["flipped"]+got["truncated"]+got["foreign"] > 0 {
			t.Errorf("kill %d: a kill left damaged entries: %v", k, got)
		}
		if _, temps := standing(t, path); len(temps) > 0 {
			t.Errorf("kill %d: temporary files are left: %v", k, temps)
		}
		books(t, s)
		if k%2 == 0 {
			abandon(s) // the next one starts from a second kill
		} else if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if t.Failed() {
			return
		}
		first = next + 3
	}
	t.Logf("%d entries over %d kills", total, times)
	if total < times {
		t.Errorf("the writer stored only %d entries over %d kills", total, times)
	}
}

// runAndKill runs a writer for a while from when it is ready, and returns what it said it had stored.
func runAndKill(t *testing.T, path string, first int, bound int64, after time.Duration) (stored []int) {
	t.Helper()
	c := child("writer", nil, path, fmt.Sprint(first), fmt.Sprint(bound))
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() || lines.Text() != "ready" {
		t.Fatalf("the writer says %q", lines.Text())
	}
	timer := time.AfterFunc(after, func() { _ = c.Process.Signal(syscall.SIGKILL) })
	defer timer.Stop()
	for lines.Scan() {
		var n int
		if _, err := fmt.Sscan(lines.Text(), &n); err != nil {
			t.Fatalf("the writer says %q", lines.Text())
		}
		stored = append(stored, n)
	}
	_, _ = io.Copy(io.Discard, out)
	_ = c.Wait() // killed, as it should
	return stored
}
