package config

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the expected parts of testdata/*.txt")

// TestGolden runs the cases of testdata/*.txt. A case is a block of lines that says what is given, a line of dashes, and
// what comes of it:
//
//	# a comment
//	STILLROOM_TTL=90              a variable of the environment
//	$ --ttl 2h                    arguments
//	conf.yaml| ttl: 3h            a line of a file
//	----
//	STILLROOM_TTL = 2h  (--ttl)   a setting that is not at its default, and where it was written
//	warning: ...
//	error: ...
//
// The warning that URLs are not signed is left out; TestUnsignedIsWarnedOf has it.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			var out []string
			for _, block := range strings.Split(strings.TrimSpace(string(text)), "\n\n") {
				input, _, _ := strings.Cut(block, "\n----")
				out = append(out, strings.TrimRight(input+"\n----\n"+play(t, input), "\n"))
			}
			got := strings.Join(out, "\n\n") + "\n"
			if *update {
				if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(text), got); diff != "" {
				t.Errorf("%s (-want +got), rewrite with -update:\n%s", name, diff)
			}
		})
	}
}

// play loads what a block describes and says what came of it.
func play(t *testing.T, input string) string {
	o := Options{}
	files := map[string]string{}
	for line := range strings.SplitSeq(input, "\n") {
		args, isArgs := strings.CutPrefix(line, "$ ")
		name, text, isFile := strings.Cut(line, "|")
		switch {
		case strings.HasPrefix(line, "#"):
		case isArgs:
			o.Args = append(o.Args, strings.Fields(args)...)
		case isFile && !strings.Contains(name, "="):
			files[name] += strings.TrimPrefix(text, " ") + "\n"
		case strings.Contains(line, "="):
			o.Environ = append(o.Environ, line)
		default:
			t.Fatalf("a line that is neither comment, variable, arguments nor file: %q", line)
		}
	}
	o.ReadFile = func(name string) ([]byte, error) {
		if text, ok := files[name]; ok {
			return []byte(text), nil
		}
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	_, report, err := Load(o)
	var out strings.Builder
	for _, row := range report.Rows {
		if err == nil && row.Origin != "default" {
			fmt.Fprintf(&out, "%s = %s  (%s)\n", row.Name, row.Value, row.Origin)
		}
	}
	for _, w := range report.Warnings {
		if !strings.HasPrefix(w, "URLs are not signed") {
			fmt.Fprintf(&out, "warning: %s\n", w)
		}
	}
	if err != nil {
		for line := range strings.SplitSeq(err.Error(), "\n") {
			fmt.Fprintf(&out, "error: %s\n", line)
		}
	}
	return out.String()
}
