package purge

import (
	"fmt"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/fault"
)

func TestWhatIsNeedless(t *testing.T) {
	for _, c := range []struct {
		older, newer Rule
		needless     bool
	}{
		{Rule{Selector: Source, Value: "ab"}, Rule{Selector: Source, Value: "ab"}, true},
		{Rule{Selector: Source, Value: "ab"}, Rule{Selector: Source, Value: "ac"}, false},
		{Rule{Selector: Source, Value: "ab"}, Rule{Selector: Tag, Value: "ab"}, false},
		{Rule{Selector: Source, Value: "ab"}, Rule{Selector: Prefix, Value: "ab"}, true},
		{Rule{Selector: Source, Value: "ab"}, Rule{Selector: Prefix, Value: "a"}, true},
		{Rule{Selector: Source, Value: "ab"}, Rule{Selector: Prefix, Value: "abc"}, false},
		{Rule{Selector: Prefix, Value: "ab"}, Rule{Selector: Source, Value: "ab"}, false},
		{Rule{Selector: Prefix, Value: "ab"}, Rule{Selector: Prefix, Value: "a"}, true},
		{Rule{Selector: Prefix, Value: "ab"}, Rule{Selector: Prefix, Value: "abc"}, false},
		{Rule{Selector: Tag, Value: "ab"}, Rule{Selector: Tag, Value: "ab"}, true},
		{Rule{Selector: Tag, Value: "ab"}, Rule{Selector: Prefix, Value: "a"}, false},
		{Rule{Selector: URL, Value: group.String()}, Rule{Selector: URL, Value: group.String()}, true},
		{Rule{Selector: URL, Value: group.String()}, Rule{Selector: All}, true},
		{Rule{Selector: Tag, Value: "ab"}, Rule{Selector: All}, true},
		{Rule{Selector: Prefix, Value: "ab"}, Rule{Selector: All}, true},
		{Rule{Selector: All}, Rule{Selector: All}, true},
		{Rule{Selector: All}, Rule{Selector: Prefix, Value: "h"}, false},
	} {
		for soft, harder := range map[[2]bool]bool{
			{false, false}: true, {true, true}: true, {true, false}: true, {false, true}: false,
		} {
			l, _ := inMemory(0)
			c.older.Soft, c.newer.Soft = soft[0], soft[1]
			older := add(t, l, c.older)
			newer := add(t, l, c.newer)
			if got, want := l.Superseded(older), c.needless && harder; got != want || l.Superseded(newer) {
				t.Errorf("%+v\nand then %+v: superseded %t and %t, want %t and false", c.older, c.newer, got, l.Superseded(newer), want)
			}
			l.drop()
			rules := l.Rules()
			if got, want := len(rules) == 1, c.needless && harder; got != want || rules[len(rules)-1] != newer {
				t.Errorf("%+v\nand then %+v\nleave %+v, want the older one gone = %t", c.older, newer, rules, want)
			}
		}
	}
}

func TestNeedlessRulesGo(t *testing.T) {
	l, c := inMemory(24 * time.Hour)
	for i := range 10_000 {
		c.now = c.now.Add(time.Minute)
		add(t, l, Rule{Selector: Tag, Value: fmt.Sprint("tag ", i%10), Soft: i%2 == 0})
	}
	if n := len(l.Rules()); n > firstPrune {
		t.Errorf("10,000 purges of ten tags left %d rules, want at most %d", n, firstPrune)
	}
	l.drop()
	if n := len(l.Rules()); n != 10 {
		t.Errorf("%d rules are needed, want 10", n)
	}
	c.now = c.now.Add(23*time.Hour + 55*time.Minute + 1)
	l.drop()
	if n := len(l.Rules()); n != 5 {
		t.Errorf("%d rules are left when those of the last five minutes are younger than the retention, want 5", n)
	}
	c.now = c.now.Add(time.Hour)
	l.drop()
	if rules := l.Rules(); len(rules) != 0 {
		t.Errorf("%d rules are older than the longest life of an entry, and still there", len(rules))
	}
	before := l.current.Load().newest
	c.now = noon
	if r := add(t, l, Rule{Selector: All}); !r.At.After(before) {
		t.Errorf("a rule at %v after one at %v, which was dropped: times must rise all the same", r.At, before)
	}
}

func TestBound(t *testing.T) {
	l, _ := inMemory(0)
	l.bound = 2000
	var err error
	added := 0
	for ; err == nil && added < 3000; added++ {
		_, err = l.Add(Rule{Selector: Source, Value: fmt.Sprint(added)})
	}
	if added != 2001 || !fault.Is(err, fault.Overloaded) {
		t.Errorf("refused after %d rules with %v, want Overloaded after 2000", added, err)
	}
	if _, err = l.Merge(Rule{ID: "x", Selector: Source, Value: "x", At: noon}); !fault.Is(err, fault.Overloaded) {
		t.Errorf("Merge into a full ledger: %v", err)
	}
}
