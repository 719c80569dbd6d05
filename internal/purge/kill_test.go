package purge

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// ledgerOfChild names the ledger that a child of the test writes to until it is killed.
const ledgerOfChild = "PURGE_TEST_LEDGER"

func TestMain(m *testing.M) {
	if path := os.Getenv(ledgerOfChild); path != "" {
		purgeUntilKilled(path)
	}
	os.Exit(m.Run())
}

// purgeUntilKilled adds rules and prints the ID of each one that is confirmed.
func purgeUntilKilled(path string) {
	l, err := Open(path, time.Hour)
	if err != nil {
		fmt.Println("open:", err)
		os.Exit(1)
	}
	for i := 0; ; i++ {
		if i%100 == 0 {
			l.pruneAt = 50 // write the file anew now and then
		}
		r, err := l.Add(Rule{Selector: Source, Value: fmt.Sprint("https://example.com/", i)})
		if err != nil {
			fmt.Println("add:", err)
			os.Exit(1)
		}
		fmt.Println(r.ID)
	}
}

// TestKill kills a process that purges, at moments that differ, and looks for every purge that it was told is kept.
func TestKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger")
	total := 0
	for round := range 20 {
		child := exec.Command(os.Args[0], "-test.run=^$")
		child.Env = append(os.Environ(), ledgerOfChild+"="+path)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		var confirmed []string
		for lines.Scan() {
			confirmed = append(confirmed, lines.Text())
			if len(confirmed) == 1+17*round {
				if err := child.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := child.Wait(); err == nil || child.ProcessState.Exited() {
			t.Fatalf("the child ended by itself: %v, after it said %q", err, confirmed)
		}
		l := reopen(t, path, time.Hour)
		held := map[string]bool{}
		for _, r := range l.Rules() {
			held[r.ID] = true
		}
		for i, id := range confirmed {
			// Each round purges the same sources anew, so none of its own is needless.
			if !held[id] {
				t.Errorf("round %d: the rule %s, number %d of %d, is gone", round, id, i, len(confirmed))
			}
		}
		if l.Lost() > 0 {
			t.Errorf("round %d: %d lines are damaged", round, l.Lost())
		}
		total += len(confirmed)
		closeLedger(t, l)
	}
	t.Logf("killed 20 times, after %d purges", total)
}
