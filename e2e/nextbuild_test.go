package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/processtest"
)

// edit is a place of the server's code that stands otherwise in another build of it.
type edit struct {
	file    string // below the root of the module
	pattern string // which has to match in one place
	becomes string // as regexp.Expand has it
}

// nextRevision makes the server that comes after the one under test: its engine writes with half the quality, and is of another
// revision for it, as it has to be.
func nextRevision(t *testing.T) string {
	t.Helper()
	return builtWith(t,
		edit{"internal/plan/key.go", `(?m)^(const Engine = ".*)"$`, `$1.next"`},
		// Behind the key, which holds the quality as it was asked for. A lossy format looks otherwise then, whichever it is.
		edit{"internal/vips/encode.go", `(?m)^(\s*quality := r\.canonical\.Quality\(r\.format\))$`, `$1 / 2`},
	)
}

// builtWith builds the server once more, with edits. What they do not touch comes out of the build cache.
func builtWith(t *testing.T, edits ...edit) string {
	t.Helper()
	built.Program(t) // whose code is looked at then, for this is built of it as well
	folder := t.TempDir()
	instead := map[string]string{}
	for n, e := range edits {
		original := filepath.Join(processtest.Root(t), e.file)
		instead[original] = filepath.Join(folder, fmt.Sprint(n, ".go"))
		if err := os.WriteFile(instead[original], e.apply(t, original), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	overlay, err := json.Marshal(map[string]any{"Replace": instead})
	if err != nil {
		t.Fatal(err)
	}
	list, program := filepath.Join(folder, "overlay.json"), filepath.Join(folder, "stillroom")
	if err := os.WriteFile(list, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	// Ten seconds with all that imports libvips to be compiled, two with that in the build cache.
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	if err := processtest.Build(ctx, program, "-overlay", list); err != nil {
		t.Fatal(err)
	}
	return program
}

// apply returns a file after the edit.
func (e edit) apply(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pattern := regexp.MustCompile(e.pattern)
	if n := len(pattern.FindAllIndex(text, -1)); n != 1 {
		t.Fatalf("%s: %d places match %s, want one", e.file, n, e.pattern)
	}
	edited := pattern.ReplaceAll(text, []byte(e.becomes))
	if bytes.Equal(edited, text) {
		t.Fatalf("%s: the edit changes nothing", e.file)
	}
	return edited
}
