package purge

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/fault"
)

// script brings rules enough for the file to be written anew several times, and returns those that were confirmed.
func script(l *Ledger) (confirmed []Rule) {
	l.pruneAt = 4
	for i := range 12 {
		r, err := l.Add(Rule{Selector: Tag, Value: fmt.Sprint(i % 3)})
		if err == nil {
			confirmed = append(confirmed, r)
		}
		l.pruneAt = min(l.pruneAt, 6)
	}
	return confirmed
}

// inForce fails the test for each rule whose purge does not hold.
func inForce(t *testing.T, what string, l *Ledger, rules []Rule) {
	t.Helper()
	for _, r := range rules {
		m := pictured(r.At)
		m.Tags = []string{r.Value}
		if _, covered := l.Covers(m); !covered {
			t.Errorf("%s: the purge of %s at %v does not hold", what, r.Value, r.At.Sub(noon))
		}
	}
}

// TestPowerCutAtEveryStep cuts the power after each operation on the disk in turn. A purge that was confirmed holds
// afterwards, whether or not the disk kept what it was not asked to sync.
func TestPowerCutAtEveryStep(t *testing.T) {
	for cut := 1; ; cut++ {
		m := newMemoryFolder()
		m.cut = cut
		c := &clock{noon}
		var confirmed []Rule
		l, err := open(m, "l", time.Hour, c.read)
		if err == nil {
			confirmed = script(l)
		}
		for _, lucky := range []bool{false, true} {
			after, err := open(m.crash(lucky), "l", time.Hour, c.read)
			if err != nil {
				t.Fatalf("cut after step %d, lucky = %t: %v", cut, lucky, err)
			}
			inForce(t, fmt.Sprintf("cut after step %d, lucky = %t", cut, lucky), after, confirmed)
			if after.Lost() > 0 {
				t.Errorf("cut after step %d, lucky = %t: the purge counts as damage", cut, lucky)
			}
		}
		if m.steps < cut {
			if len(confirmed) != 12 || cut < 30 {
				t.Errorf("the script ended after %d steps with %d rules confirmed", m.steps, len(confirmed))
			}
			return
		}
	}
}

// TestFailureAtEveryStep has each operation on the disk fail in turn, half done. Every purge holds at once; a confirmed one
// holds after a crash; and once the disk works again, the next purge takes along those that could not be written.
func TestFailureAtEveryStep(t *testing.T) {
	for fail := 1; ; fail++ {
		m := newMemoryFolder()
		m.fail = fail
		c := &clock{noon}
		l, err := open(m, "l", time.Hour, c.read)
		if err != nil {
			if fail > 5 {
				t.Fatalf("step %d: %v", fail, err)
			}
			continue // the first file could not be made: that stops the start
		}
		l.pruneAt = 4
		var all, confirmed []Rule
		for i := range 12 {
			r, err := l.Add(Rule{Selector: Tag, Value: fmt.Sprint(i % 3)})
			all = append(all, r)
			if err == nil {
				confirmed = append(all[:0:0], all...)
			} else if !fault.Is(err, fault.Internal) || !strings.Contains(err.Error(), "in force until a restart") {
				t.Errorf("step %d: Add: %v", fail, err)
			}
			inForce(t, fmt.Sprint("step ", fail, " fails, at once"), l, all)
			after, err := open(m.crash(false), "l", time.Hour, c.read)
			if err != nil {
				t.Fatalf("step %d: %v", fail, err)
			}
			inForce(t, fmt.Sprint("step ", fail, " fails, after a crash"), after, confirmed)
			if after.Lost() > 0 {
				t.Errorf("step %d: an append that failed counts as damage", fail)
			}
		}
		last, err := l.Add(Rule{Selector: Tag, Value: "last"})
		if err == nil {
			confirmed = append(all, last)
		}
		after, err := open(m.crash(false), "l", time.Hour, c.read)
		if err != nil {
			t.Fatalf("step %d: %v", fail, err)
		}
		inForce(t, fmt.Sprint("step ", fail, " fails, in the end"), after, confirmed)
		if m.steps < fail {
			return
		}
	}
}
