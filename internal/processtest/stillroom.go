package processtest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Stillroom is the server under test, built once for all tests of a package.
type Stillroom struct {
	program string
	look    sync.Once
	looked  error
}

// Main is what TestMain does: it builds the server, runs the tests and returns the status to exit with.
func (s *Stillroom) Main(m *testing.M) int {
	failed := func(err error) int {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	dir, err := os.MkdirTemp("", "stillroom-test")
	if err != nil {
		return failed(err)
	}
	defer func() {
		if err := os.RemoveAll(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}()
	s.program = filepath.Join(dir, "stillroom")
	if err := Build(context.Background(), s.program); err != nil {
		return failed(err)
	}
	return m.Run()
}

// Program returns the path of the server.
//
// It looks at every folder of the module: go test hands out the result of a package again until a file changes that its tests
// looked at, tests in the narrow sense. What Main and the build of the server look at, it does not see.
func (s *Stillroom) Program(t testing.TB) string {
	t.Helper()
	s.look.Do(func() { s.looked = lookAt(Root(t)) })
	if s.looked != nil {
		t.Fatal(s.looked)
	}
	return s.program
}

// lookAt lists every folder of a module in which there may be code.
func lookAt(root string) error {
	return filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist): // removed meanwhile
			return nil
		case err == nil && e.IsDir() && path != root && (e.Name()[0] == '.' || path == filepath.Join(root, "bin")):
			return fs.SkipDir
		}
		return err
	})
}

// Build builds the server, with flags of go build, from within any folder of the module.
func Build(ctx context.Context, program string, flags ...string) error {
	arguments := append([]string{"build", "-o", program}, flags...)
	arguments = append(arguments, "github.com/stillroom/stillroom/cmd/stillroom")
	if said, err := exec.CommandContext(ctx, "go", arguments...).CombinedOutput(); err != nil {
		return fmt.Errorf("building the server: %w\n%s", err, said)
	}
	return nil
}

// Environ returns the environment of the test without settings of a server.
func Environ() []string {
	var kept []string
next:
	for _, v := range os.Environ() {
		for _, prefix := range []string{"STILLROOM_", "IMGPROXY_", "IMGFORGE_", "IMGFLUX_", "PP_"} {
			if strings.HasPrefix(v, prefix) {
				continue next
			}
		}
		kept = append(kept, v)
	}
	return kept
}
