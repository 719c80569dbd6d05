package processtest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Root returns the folder of the module: tests run in that of their package.
func Root(t testing.TB) string {
	t.Helper()
	folder, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder
		}
		parent := filepath.Dir(folder)
		if parent == folder {
			t.Fatal("there is no go.mod above the test")
		}
		folder = parent
	}
}

// Tool returns the path of a file that `make servers` puts below the root of the module.
func Tool(t testing.TB, elements ...string) string {
	t.Helper()
	tool := filepath.Join(append([]string{Root(t)}, elements...)...)
	if _, err := os.Stat(tool); err != nil {
		t.Fatalf("%v: `make servers` puts it there", err)
	}
	return tool
}

// Program returns the path of a program of the system that `make servers` installs.
func Program(t testing.TB, name string) string {
	t.Helper()
	path, ok := find(name, system())
	if !ok {
		t.Fatalf("there is no program %s: `make servers` installs it", name)
	}
	return path
}

// Peer returns the path of nginx or wrk and, in Env, what they need to be started with where `make peers` could not install
// them and has unpacked them.
func Peer(t testing.TB, name string) Process {
	t.Helper()
	if path, ok := find(name, system()); ok {
		return Process{Path: path}
	}
	unpacked := filepath.Join(Root(t), ".deps", "peers")
	path, ok := find(name, []string{filepath.Join(unpacked, "usr", "bin"), filepath.Join(unpacked, "usr", "sbin")})
	if !ok {
		t.Fatalf("there is no %s in PATH, /usr/sbin or .deps/peers: `make peers` puts it there", name)
	}
	libraries, _ := filepath.Glob(filepath.Join(unpacked, "usr", "lib", "*-linux-gnu*")) // the patterns are well-formed
	more, _ := filepath.Glob(filepath.Join(unpacked, "lib", "*-linux-gnu*"))
	return Process{Path: path, Env: []string{"LD_LIBRARY_PATH=" + strings.Join(append(libraries, more...), ":")}}
}

// system returns where programs are. Not everybody has in PATH where those are that serve.
func system() []string { return append(filepath.SplitList(os.Getenv("PATH")), "/usr/bin", "/usr/sbin") }

func find(name string, folders []string) (path string, ok bool) {
	for _, folder := range folders {
		path := filepath.Join(folder, name)
		if stat, err := os.Stat(path); err == nil && stat.Mode().IsRegular() && stat.Mode()&0o111 != 0 {
			return path, true
		}
	}
	return "", false
}
