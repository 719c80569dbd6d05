package purge

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stillroom/stillroom/internal/fault"
)

// many returns n rules of another ledger.
func many(n int) []Rule {
	rules := make([]Rule, n)
	for i := range rules {
		rules[i] = Rule{ID: fmt.Sprint(i), Selector: Source, Value: fmt.Sprint("https://example.com/", i), At: noon.Add(time.Duration(i))}
	}
	return rules
}

func TestMergeAllHasAnOutcomeForEachRule(t *testing.T) {
	l, _ := inMemory(time.Hour)
	var told []Rule
	l.Observer = func(r Rule, merged bool) {
		if !merged || len(l.Rules()) != 2 {
			t.Errorf("the observer was told of %+v (merged %t) when %d rules were in force, want 2", r, merged, len(l.Rules()))
		}
		told = append(told, r)
	}
	good := many(2)
	outcomes := l.MergeAll([]Rule{
		good[0], good[0], {ID: "x", Selector: "host", At: noon}, good[1], {ID: "y", Selector: All, At: noon.Add(time.Hour)},
		{ID: "z", Selector: Source, Value: good[0].Value, At: noon.Add(-1)},
	})
	var got []string
	for _, o := range outcomes {
		got = append(got, fmt.Sprint(o.Merged, fault.Is(o.Err, fault.BadURL), o.Err != nil))
	}
	want := []string{
		"true false false", "false false false", "false true true", "true false false", "false true true", "false false false",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("outcomes (-want +got):\n%s", d)
	}
	sameRules(t, "in force", good, l.Rules())
	sameRules(t, "told", good, told)
	if outcomes := l.MergeAll(nil); len(outcomes) != 0 {
		t.Errorf("of no rules: %v", outcomes)
	}
}

// Many rules are one step of the disk for all, and last like others.
func TestMergeAllIsWrittenAtOnce(t *testing.T) {
	m := newMemoryFolder()
	l, err := open(m, "l", 0, func() time.Time { return noon })
	if err != nil {
		t.Fatal(err)
	}
	rules, steps := many(5000), m.steps
	l.MergeAll(rules)
	if took := m.steps - steps; took > 20 { // while they come, the file is written anew twice or so
		t.Errorf("5000 rules took %d steps of the disk", took)
	}
	again, err := open(m.crash(false), "l", 0, func() time.Time { return noon })
	if err != nil {
		t.Fatal(err)
	}
	sameRules(t, "after the power was cut", rules, again.Rules())
}

func TestMergeAllWhileTheDiskFails(t *testing.T) {
	m := newMemoryFolder()
	l, err := open(m, "l", 0, func() time.Time { return noon })
	if err != nil {
		t.Fatal(err)
	}
	rules := many(10)
	m.fail = m.steps + 1
	for i, o := range l.MergeAll(rules) {
		if !o.Merged || !fault.Is(o.Err, fault.Internal) {
			t.Errorf("rule %d: %+v, want it in force and not written", i, o)
		}
	}
	more := add(t, l, Rule{Selector: Tag, Value: "x"}) // writes them, too
	again, err := open(m.crash(false), "l", 0, func() time.Time { return noon })
	if err != nil {
		t.Fatal(err)
	}
	sameRules(t, "after the power was cut", append(rules, more), again.Rules())
}
