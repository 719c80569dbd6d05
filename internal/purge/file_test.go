package purge

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/fault"
)

func reopen(t *testing.T, path string, retention time.Duration) *Ledger {
	t.Helper()
	l, err := Open(path, retention)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func closeLedger(t *testing.T, l *Ledger) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestRulesSurviveARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "ledger")
	l := reopen(t, path, time.Hour)
	want := []Rule{
		add(t, l, Rule{Selector: Source, Value: photo}),
		add(t, l, Rule{Selector: Source, Value: "local:///\xff\xfe <&>\u2028\n.jpg", Soft: true}),
		add(t, l, Rule{Selector: URL, Value: group.String()}),
		add(t, l, Rule{Selector: Prefix, Value: strings.Repeat("\x01", maxValue)}),
		add(t, l, Rule{Selector: Tag, Value: "ä", Soft: true}),
	}
	merged := Rule{ID: "other", Selector: Tag, Value: "x", At: time.Now().Add(-time.Minute).Round(0).UTC()}
	if _, err := l.Merge(merged); err != nil {
		t.Fatal(err)
	}
	want = append(want, merged)
	closeLedger(t, l)
	for range 2 {
		l = reopen(t, path, time.Hour)
		sameRules(t, "after a restart", want, l.Rules())
		closeLedger(t, l)
	}
	l = reopen(t, path, time.Hour)
	if again, err := l.Merge(merged); again || err != nil {
		t.Errorf("a rule from before the restart was merged again: %t, %v", again, err)
	}
	if l.Lost() != 0 {
		t.Errorf("%d rules are lost", l.Lost())
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v; want mode 0600", info.Mode(), err)
	}
}

func TestOnlyOneProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger")
	l := reopen(t, path, 0)
	if second, err := Open(path, 0); err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "another process") {
		t.Errorf("a second Open = %v, %v", second, err)
	}
	closeLedger(t, l)
	closeLedger(t, l)
	reopen(t, path, 0)
}

func TestRetentionOnlyGrows(t *testing.T) {
	m := newMemoryFolder()
	c := &clock{noon}
	for i, step := range []struct {
		asked, held time.Duration
	}{
		{time.Hour, time.Hour},
		{time.Minute, time.Hour},
		{2 * time.Hour, 2 * time.Hour},
		{time.Hour, 2 * time.Hour},
		{0, 0},
		{time.Hour, 0},
	} {
		l, err := open(m, "l", step.asked, c.read)
		if err != nil {
			t.Fatal(err)
		}
		if l.retention != step.held {
			t.Errorf("step %d: opened with %v, kept for %v, want %v", i, step.asked, l.retention, step.held)
		}
		m = m.crash(false)
	}
}

func TestExpiredRulesLeaveTheFile(t *testing.T) {
	m := newMemoryFolder()
	c := &clock{noon}
	l, err := open(m, "l", time.Hour, c.read)
	if err != nil {
		t.Fatal(err)
	}
	add(t, l, Rule{Selector: Tag, Value: "old"})
	c.now = noon.Add(time.Minute)
	young := add(t, l, Rule{Selector: Tag, Value: "young"})
	c.now = noon.Add(time.Hour + time.Second)
	for range 2 {
		if l, err = open(m, "l", time.Hour, c.read); err != nil {
			t.Fatal(err)
		}
		sameRules(t, "after the retention", []Rule{young}, l.Rules())
	}
	if text := string(m.names["l"].text); strings.Contains(text, `"old"`) || !strings.Contains(text, `"young"`) {
		t.Errorf("the file holds\n%s", text)
	}
}

func TestTheFileStaysShort(t *testing.T) {
	m := newMemoryFolder()
	l, err := open(m, "l", 0, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20_000 {
		add(t, l, Rule{Selector: Tag, Value: fmt.Sprint(i % 7)})
	}
	if lines := bytes.Count(m.names["l"].text, []byte("\n")); lines > firstPrune+2 {
		t.Errorf("20,000 purges of seven tags left %d lines", lines)
	}
	again, err := open(m.crash(false), "l", 0, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	l.drop()
	sameRules(t, "after a restart", l.Rules(), again.Rules())
}

func TestRulesAfterCloseAreInForceButNotWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger")
	l := reopen(t, path, 0)
	closeLedger(t, l)
	if _, err := l.Add(Rule{Selector: All}); !fault.Is(err, fault.Internal) {
		t.Errorf("Add after Close: %v", err)
	}
	if _, covered := l.Covers(pictured(noon.AddDate(-9, 0, 0))); !covered {
		t.Error("the rule is not in force")
	}
}
