package board

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stillroom/stillroom/internal/purge"
)

func TestManyObjectsAreFolded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := memory(t)
		one, two := join(t, b, setting{}), join(t, b, setting{})
		var rules []purge.Rule
		for i := range 400 {
			rules = append(rules, []*node{one, two}[i%2].purgeSource(t, i))
			time.Sleep(2 * time.Second)
		}
		time.Sleep(time.Hour)
		if n := len(objects(t, b)); n > 256 {
			t.Errorf("400 purges are in %d objects", n)
		}
		sameRules(t, "the board", rules, rulesOf(t, b))
		before := objects(t, b)
		time.Sleep(2 * time.Hour)
		for name := range objects(t, b) {
			if _, there := before[name]; !there {
				t.Errorf("where nothing happens, %s came", name)
			}
		}
		if _, written, _ := one.get(Put); written != 200 {
			t.Errorf("a node has written %d rules, want its own 200", written)
		}
	})
}

// A tag that is purged every minute leaves one rule on the board, however long that goes on.
func TestNeedlessRulesLeaveTheBoard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := memory(t)
		one, two := join(t, b, setting{}), join(t, b, setting{})
		other := two.purgeSource(t, "other")
		for range 600 {
			one.purge(t, purge.Rule{Selector: purge.Tag, Value: "news"})
			time.Sleep(10 * time.Second)
		}
		if n := len(rulesOf(t, b)); n > 500 {
			t.Errorf("%d rules are on the board", n)
		}
		before := len(objects(t, b))
		time.Sleep(3 * time.Hour)
		if after := len(objects(t, b)); after > before || before > 500 {
			t.Errorf("%d objects are on the board, and later %d: the nodes write again what was left out", before, after)
		}
		late := join(t, b, setting{})
		late.sees(t, promised, other)
		late.sees(t, promised, one.Rules()[len(one.Rules())-1])
	})
}

// While nothing may be deleted, the board does not grow by folding.
func TestABucketThatDeletesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := memory(t)
		one := join(t, b, setting{})
		one.way.shut(Delete)
		var rules []purge.Rule
		for i := range 300 {
			rules = append(rules, one.purgeSource(t, i))
			time.Sleep(2 * time.Second)
		}
		time.Sleep(2 * time.Hour)
		if n := len(objects(t, b)); n > 302 {
			t.Errorf("300 purges are in %d objects", n)
		}
		if lines := one.log.about("old purges cannot be cleared away"); len(lines) != 1 {
			t.Errorf("the log says %q", lines)
		}
		one.way.open()
		time.Sleep(time.Hour)
		if n := len(objects(t, b)); n > 256 {
			t.Errorf("then they are in %d objects", n)
		}
		sameRules(t, "the board", rules, rulesOf(t, b))
	})
}

// Objects that are folded and removed between being listed and being fetched are read from the fold.
func TestFoldedWhileItIsRead(t *testing.T) {
	for _, times := range []int{1, 2, 10} {
		synctest.Test(t, func(t *testing.T) {
			b := memory(t)
			one := join(t, b, setting{})
			var rules []purge.Rule
			for i := range 3 {
				rules = append(rules, one.purgeSource(t, i))
				time.Sleep(2 * time.Second)
			}
			two := prepare(t, b, setting{})
			var mu sync.Mutex
			two.way.do(func(ctx context.Context, o Operation, _ string) error {
				mu.Lock()
				defer mu.Unlock()
				if o != Get || times == 0 {
					return nil
				}
				times--
				before := objects(t, b)
				if _, err := one.desk.put(ctx, fold, rules); err != nil {
					return err
				}
				for name := range before {
					if err := b.Delete(ctx, prefix+"/purges/"+name); err != nil {
						return err
					}
				}
				return nil
			})
			two.Start()
			for !two.Ready() {
				time.Sleep(time.Millisecond)
			}
			two.sees(t, 0, rules...)
			if lines := two.log.about(""); len(lines) > 0 {
				t.Errorf("the log says %q", lines)
			}
		})
	}
}

// A keeper folds what others fold at the same time, readers read meanwhile, nodes come and go: calls take random times, so
// each seed is another interleaving.
func TestFoldingLosesNothing(t *testing.T) {
	fast := usual()
	fast.keep, fast.foldAbove, fast.foldPause, fast.compare = 3*time.Second, 5, time.Second, 20*time.Second
	for seed := range uint64(16) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { interleave(t, seed, fast) })
		})
	}
}

func interleave(t *testing.T, seed uint64, p pace) {
	b := memory(t)
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(seed, 1))
	dice := func(n int) int { mu.Lock(); defer mu.Unlock(); return random.IntN(n) }
	enter := func() *node {
		n := prepare(t, b, setting{pace: p})
		n.way.do(func(_ context.Context, o Operation, _ string) error {
			time.Sleep(time.Duration(dice(400)) * time.Millisecond)
			if dice(50) == 0 {
				return errShut
			}
			return nil
		})
		n.Start()
		return n
	}
	nodes := []*node{enter(), enter(), enter(), enter()}
	var rules []purge.Rule
	for i := range 150 {
		r := nodes[dice(len(nodes))].purgeSource(t, i)
		rules = append(rules, r)
		time.Sleep(time.Duration(dice(1000)) * time.Millisecond)
		if dice(20) == 0 {
			leaves := dice(len(nodes))
			if err := nodes[leaves].Close(); err != nil {
				t.Fatal(err)
			}
			nodes[leaves] = enter()
		}
		if dice(20) == 0 { // whoever comes at any time knows all that was on the board before
			before := rulesOf(t, b)
			n := enter()
			eventually(t, time.Minute, "a new node is ready", n.Ready)
			n.sees(t, 0, before...)
			n.Close()
		}
	}
	time.Sleep(5 * time.Minute)
	for _, n := range nodes {
		sameRules(t, "a node", rules, n.Rules())
	}
	sameRules(t, "the board", rules, rulesOf(t, b))
	if n := len(objects(t, b)); n > 60 {
		t.Errorf("there are %d objects", n)
	}
}

func TestRetention(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := memory(t)
		s := setting{retention: 48 * time.Hour}
		one := join(t, b, s)
		old := one.purgeSource(t, "old")
		time.Sleep(24 * time.Hour)
		young := one.purgeSource(t, "young")
		time.Sleep(47 * time.Hour)
		late := one.purgeSource(t, "late")
		time.Sleep(30 * time.Minute)
		sameRules(t, "before the margin has passed", []purge.Rule{old, young, late}, rulesOf(t, b))
		time.Sleep(2 * time.Hour)
		// By what the service tells, it may still be then.
		sameRules(t, "a board where nothing happens", []purge.Rule{old, young, late}, rulesOf(t, b))
		last := one.purgeSource(t, "last")
		time.Sleep(30 * time.Minute)
		sameRules(t, "when it has passed", []purge.Rule{young, late, last}, rulesOf(t, b))
		n := join(t, b, s)
		eventually(t, promised, "the node is ready", n.Ready)
		sameRules(t, "a new node", []purge.Rule{late, last}, n.Rules())
	})
}

// What a fold keeps is what a node needs that knows nothing else.
func TestWhatIsNeeded(t *testing.T) {
	k := keeper{desk: &desk{pace: usual(), retention: time.Hour, now: func() time.Time { return noon }}, today: noon}
	rule := func(id string, selector purge.Selector, value string, age time.Duration) purge.Rule {
		return purge.Rule{ID: id, Selector: selector, Value: value, At: noon.Add(-age)}
	}
	soft := rule("soft", purge.Tag, "x", time.Second)
	soft.Soft = true
	kept := []purge.Rule{
		rule("unknown", "country", "x", 3*time.Hour), rule("expired soon", purge.Tag, "y", 24*time.Hour),
		rule("hard", purge.Tag, "x", time.Minute),
		rule("ahead", purge.Tag, "z", -time.Hour), soft,
	}
	rules := append([]purge.Rule{
		rule("expired", purge.Tag, "e", 26*time.Hour), rule("needless", purge.Tag, "x", time.Hour), kept[2], kept[0],
		rule("unknown", "country", "x", 3*time.Hour),
	}, kept...)
	sameRules(t, "needed", kept, k.needed(rules))
}

// Nodes that find the same at about the same time do not all fold it.
func TestFoldingIsNotDoneByAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := memory(t)
		for i := range 300 {
			r := purge.Rule{ID: fmt.Sprint(i), Selector: purge.Tag, Value: fmt.Sprint(i), At: time.Now()}
			place(t, b, name{written: time.Now(), newest: time.Now(), kind: batch}.text(), string(encode([]purge.Rule{r})))
		}
		var folds atomic.Int32
		for range 20 {
			join(t, b, setting{}).way.do(func(_ context.Context, o Operation, key string) error {
				if o == Put && strings.Contains(key, "-fold-") {
					folds.Add(1)
				}
				time.Sleep(10 * time.Millisecond)
				return nil
			})
		}
		time.Sleep(time.Hour)
		if n := folds.Load(); n == 0 || n > 4 {
			t.Errorf("20 nodes folded %d times", n)
		}
	})
}

// A machine in the wrong year takes nothing from the others.
func TestAClockInTheWrongYear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := memory(t)
		s := setting{retention: 48 * time.Hour}
		one := join(t, b, s)
		rules := []purge.Rule{one.purgeSource(t, 1)}
		s.now = func() time.Time { return time.Now().AddDate(2, 0, 0) }
		wrong := join(t, b, s)
		wrong.purgeSource(t, "wrong")
		time.Sleep(24 * time.Hour)
		rules = append(rules, one.purgeSource(t, 2))
		time.Sleep(time.Hour)
		two := join(t, b, setting{})
		eventually(t, promised, "a new node is ready", two.Ready)
		sameRules(t, "a new node", rules, two.Rules())
		if lines := two.log.about("held back"); len(lines) != 1 || !strings.Contains(lines[0], "ahead of this machine's clock") {
			t.Errorf("the log says %q", lines)
		}
	})
}
