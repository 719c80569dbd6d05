package board

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/purge"
)

func TestABucketThatIsDownAtTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := memory(t)
		earlier := join(t, b, setting{})
		old := earlier.purgeSource(t, "old")
		time.Sleep(time.Second)
		n := prepare(t, b, setting{})
		n.way.shut()
		n.Start()
		own := n.purgeSource(t, "own")
		for range 3600 {
			time.Sleep(time.Second)
			if n.Ready() {
				t.Fatal("a node that cannot read is ready")
			}
		}
		lines := n.log.about("purges of other nodes cannot be read")
		if len(lines) != 1 || !strings.Contains(lines[0], "no way to the bucket") {
			t.Errorf("the log says %q", lines)
		}
		if lines := n.log.about("purges of this node cannot be written"); len(lines) != 1 {
			t.Errorf("the log says %q", lines)
		}
		if n.Pending() != 1 {
			t.Errorf("%d are pending", n.Pending())
		}
		n.way.open()
		eventually(t, promised, "the node is ready", n.Ready)
		n.sees(t, 0, old)
		earlier.sees(t, 2*promised, own)
		if lines := n.log.about("again"); len(lines) != 2 {
			t.Errorf("the log says %q", lines)
		}
		if _, _, failed := n.get(List); failed < 600 || failed > 3700 {
			t.Errorf("in an hour there were %d attempts to read", failed)
		}
	})
}

func TestANodeThatWasAwayCatchesUp(t *testing.T) {
	for _, page := range []int{1000, -1} { // all listings are whole, or as few as can be
		synctest.Test(t, func(t *testing.T) {
			b, p := memory(t), usual()
			p.page = page
			one, two := join(t, b, setting{pace: p}), join(t, b, setting{pace: p})
			time.Sleep(time.Minute)
			two.way.shut()
			time.Sleep(30 * time.Second)
			if !two.Ready() {
				t.Error("a node is not ready after a short outage")
			}
			var rules []purge.Rule
			for i := range 200 {
				rules = append(rules, one.purgeSource(t, i))
				time.Sleep(time.Minute)
			}
			if two.Ready() || !one.Ready() {
				t.Errorf("after hours, the one that is away is ready: %t, the other: %t", two.Ready(), one.Ready())
			}
			two.way.open()
			eventually(t, promised, "the node is ready", two.Ready)
			two.sees(t, 0, rules...)
		})
	}
}

// A machine that was suspended has missed more than its own watch tells, which stood still.
func TestANodeThatWasSuspended(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, p := memory(t), usual()
		p.page = -1
		one := join(t, b, setting{pace: p})
		time.Sleep(time.Minute)
		before := time.Now().Add(-3 * time.Hour)
		r := purge.Rule{ID: "A", Selector: purge.All, At: before.UTC().Round(0)}
		place(t, b, name{written: before, newest: before, kind: batch}.text(), string(encode([]purge.Rule{r})))
		one.Board.read.Store(before.UnixNano())
		if one.Ready() {
			t.Error("it is ready when it wakes up")
		}
		one.sees(t, promised, r)
	})
}

// A clock that is set back does not make what was read before that last an hour longer.
func TestANodeWhoseClockIsSetBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one := join(t, memory(t), setting{})
		time.Sleep(time.Minute)
		one.way.shut()
		one.Board.read.Store(time.Now().Add(time.Hour).UnixNano())
		if one.Ready() {
			t.Error("it is ready by what it read in an hour")
		}
		one.way.open()
		eventually(t, promised, "it is ready again", one.Ready)
	})
}

// A rule that is held back for an hour is seen like a new one when it comes, whatever its own time is.
func TestARuleThatIsHeldBackForAnHour(t *testing.T) {
	for _, page := range []int{1000, -1} {
		synctest.Test(t, func(t *testing.T) {
			b, p := memory(t), usual()
			p.page = page
			one, two, three := join(t, b, setting{pace: p}), join(t, b, setting{pace: p}), join(t, b, setting{pace: p})
			time.Sleep(time.Minute)
			one.way.shut(Put)
			held := one.purgeSource(t, "held")
			for range 60 {
				time.Sleep(time.Minute)
				two.purgeSource(t, time.Now()) // the board grows meanwhile
			}
			one.way.open()
			eventually(t, promised, "it is written", func() bool { return one.Pending() == 0 })
			began := one.lastWritten()
			two.sees(t, promised, held)
			three.sees(t, promised, held)
			if took := time.Since(began); took > promised {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// A rule that came to a node by another way is written by it when its origin has died.
func TestTheOriginDies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := memory(t)
		var nodes []*node
		for range 5 {
			nodes = append(nodes, join(t, b, setting{}))
		}
		origin := prepare(t, b, setting{})
		origin.way.shut()
		r := origin.purgeSource(t, 1)
		for _, n := range nodes {
			if _, err := n.Merge(r); err != nil {
				t.Fatal(err)
			}
		}
		if err := origin.Close(); err == nil {
			t.Error("a node that could not write its purge does not say so")
		}
		eventually(t, time.Minute, "the rule is on the board", func() bool { return len(objects(t, b)) > 0 })
		late := join(t, b, setting{})
		late.sees(t, promised, r)
		time.Sleep(time.Hour)
		if n := len(objects(t, b)); n > len(nodes) {
			t.Errorf("%d nodes have written it %d times", len(nodes), n)
		}
	})
}

// While the origin lives, it alone writes a rule that reaches all others by another way at once.
func TestARuleThatComesByAnotherWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := memory(t)
		origin := join(t, b, setting{})
		others := []*node{join(t, b, setting{}), join(t, b, setting{}), join(t, b, setting{})}
		time.Sleep(time.Minute)
		for i := range 10 {
			r := origin.purgeSource(t, i)
			for _, n := range others {
				if _, err := n.Merge(r); err != nil {
					t.Fatal(err)
				}
				if n.Pending() != 0 {
					t.Errorf("%d rules of another node are pending", n.Pending())
				}
			}
			time.Sleep(7 * time.Second)
		}
		time.Sleep(time.Hour)
		if n := len(objects(t, b)); n != 10 {
			t.Errorf("ten rules are in %d objects", n)
		}
	})
}

// A node whose ledger is kept in a file writes after a restart what it could not before.
func TestTheOriginComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, other := memory(t), memory(t)
		ledger := purge.NewMemory(0)
		one := join(t, b, setting{ledger: ledger})
		one.way.shut()
		r := one.purgeSource(t, 1)
		if err := one.Close(); err == nil {
			t.Error("Close says nothing of what is not written")
		}
		for _, b := range []bucket.Bucket{b, other} { // the second time, the bucket is another one
			again := join(t, b, setting{ledger: ledger})
			two := join(t, b, setting{})
			two.sees(t, promised, r)
			again.Close()
		}
	})
}

func TestABucketThatIsEmptied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := memory(t)
		one, two := join(t, b, setting{}), join(t, b, setting{})
		rules := []purge.Rule{one.purgeSource(t, 1), two.purgeSource(t, 2)}
		time.Sleep(time.Minute)
		for name := range objects(t, b) {
			if err := b.Delete(t.Context(), prefix+"/purges/"+name); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(20 * time.Minute)
		sameRules(t, "the board", rules, rulesOf(t, b))
		n := len(objects(t, b))
		time.Sleep(time.Hour)
		if later := len(objects(t, b)); n > 4 || later != n {
			t.Errorf("%d objects and then %d", n, later)
		}
	})
}

// Whichever call fails, and however many of those that follow, nothing is lost and nobody hangs.
func TestEveryCallMayFail(t *testing.T) {
	fast := usual()
	fast.keep, fast.foldAbove, fast.foldPause, fast.compare = 20*time.Second, 4, 20*time.Second, 30*time.Second
	for first := range 60 {
		for _, count := range []int{1, 30} {
			t.Run(fmt.Sprint(first, " and ", count), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b := memory(t)
					one, two := prepare(t, b, setting{pace: fast}), prepare(t, b, setting{pace: fast})
					for _, n := range []*node{one, two} {
						calls := 0
						n.way.do(func(context.Context, Operation, string) error {
							n.way.mu.Lock()
							defer n.way.mu.Unlock()
							if calls++; calls > first && calls <= first+count {
								return errShut
							}
							return nil
						})
						n.Start()
					}
					var rules []purge.Rule
					for i := range 12 {
						rules = append(rules, []*node{one, two}[i%2].purgeSource(t, i))
						time.Sleep(2 * time.Second)
					}
					time.Sleep(10 * time.Minute)
					late := join(t, b, setting{pace: fast})
					eventually(t, promised, "a new node is ready", late.Ready)
					for _, n := range []*node{one, two, late} {
						sameRules(t, "a node", rules, n.Rules())
						if !n.Ready() || n.Pending() != 0 {
							t.Errorf("ready %t, pending %d", n.Ready(), n.Pending())
						}
					}
					sameRules(t, "the board", rules, rulesOf(t, b))
				})
			})
		}
	}
}

// A bucket whose listings are late: what was put or deleted shows in them after a while, which may be longer than it
// takes to fold.
func TestLateListings(t *testing.T) {
	for _, lag := range []time.Duration{30 * time.Second, 5 * time.Minute} {
		synctest.Test(t, func(t *testing.T) { lateListings(t, lag) })
	}
}

func lateListings(t *testing.T, lag time.Duration) {
	b, p := memory(t), usual()
	p.keep, p.foldAbove, p.foldPause = 2*time.Minute, 10, 2*time.Minute
	l := &late{Bucket: b, lag: lag, born: map[string]time.Time{}, died: map[string]ghost{}}
	one, two := join(t, l, setting{pace: p}), join(t, l, setting{pace: p})
	var rules []purge.Rule
	for i := range 100 {
		from, to := one, two
		if i%2 == 1 {
			from, to = two, one
		}
		r := from.purgeSource(t, i)
		to.sees(t, lag+promised, r)
		rules = append(rules, r)
		if i%10 == 9 { // among folding, somebody is new
			time.Sleep(lag)
			n := join(t, l, setting{pace: p})
			eventually(t, promised, "the node is ready", n.Ready)
			n.sees(t, 0, rules...)
			n.Close()
		}
	}
	if n := len(objects(t, b)); n > 40 {
		t.Errorf("there are %d objects: nothing was folded", n)
	}
	sameRules(t, "the board", rules, rulesOf(t, b))
}
