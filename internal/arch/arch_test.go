package arch

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the expected findings in testdata")

// TestModule holds this module to the policy.
func TestModule(t *testing.T) {
	m, err := load(os.DirFS(filepath.Join("..", "..")))
	if err != nil {
		t.Fatal(err)
	}
	if len(m.packages) < 10 {
		t.Fatalf("found %d packages: the test does not see the module", len(m.packages))
	}
	for _, line := range violations(m) {
		t.Error(line)
	}
}

// TestRules holds the policy to testdata: each file is a small module and, below the dashes, what is wrong with it.
// Every rule must find something somewhere, so none can stop working unnoticed.
func TestRules(t *testing.T) {
	cases, err := filepath.Glob(filepath.Join("testdata", "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	quiet := map[string]bool{}
	for _, r := range rules {
		quiet[r.name] = true
	}
	for _, name := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) {
			head, tree, want := readCase(t, name)
			m, err := load(tree)
			if err != nil {
				t.Fatal(err)
			}
			found := violations(m)
			for _, line := range found {
				_, rest, _ := strings.Cut(line, "[")
				rule, _, _ := strings.Cut(rest, "]")
				delete(quiet, rule)
			}
			got := strings.Join(append(found, ""), "\n")
			if *update {
				if err := os.WriteFile(name, []byte(head+separator+got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("findings differ (-want +got):\n%s", diff)
			}
		})
	}
	for name := range quiet {
		t.Errorf("no case in testdata makes rule %q report anything", name)
	}
}

// TestLoadNamesBrokenFiles sees to it that a file which cannot be parsed is not passed over.
func TestLoadNamesBrokenFiles(t *testing.T) {
	_, err := load(fstest.MapFS{"internal/blob/blob.go": {Data: []byte("package blob\nfunc {")}})
	if err == nil || !strings.Contains(err.Error(), "internal/blob/blob.go:2") {
		t.Errorf("got error %v, want one that names internal/blob/blob.go:2", err)
	}
}

// separator stands between the module of a case and the expected findings.
const separator = "\n----\n"

// readCase splits a case into its text before the separator, the files in it ("-- name --" begins each), and the
// expected findings.
func readCase(t *testing.T, name string) (head string, tree fs.FS, want string) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	head, want, ok := strings.Cut(string(text), separator)
	if !ok {
		t.Fatalf("%s: no line of four dashes before the expected findings", name)
	}
	files := fstest.MapFS{}
	var current *fstest.MapFile
	for line := range strings.Lines(head) {
		if path, ok := strings.CutPrefix(strings.TrimSuffix(strings.TrimSpace(line), " --"), "-- "); ok {
			current = &fstest.MapFile{}
			files[path] = current
		} else if current != nil {
			current.Data = append(current.Data, line...)
		}
	}
	for path, f := range files {
		if !bytes.HasPrefix(bytes.TrimSpace(f.Data), []byte("//")) && !bytes.HasPrefix(bytes.TrimSpace(f.Data), []byte("package")) {
			t.Fatal(fmt.Errorf("%s: %s does not begin like a Go file", name, path))
		}
	}
	return head, files, want
}
