package disk

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A second process is refused with one line that says who has the folder; after a kill of the first it is free.
func TestTwoProcesses(t *testing.T) {
	path := t.TempDir()
	c := child("writer", nil, path, "0", fmt.Sprint(1<<20))
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	lines.Scan()
	_, err = Open(Config{Path: path, MaxBytes: 1 << 20})
	want := fmt.Sprintf("Failed to initialize cache: disk tier in %s: the folder is in use by process %d", path, c.Process.Pid)
	if err == nil || err.Error() != want {
		t.Errorf("Open: %v\nwant: %s", err, want)
	}
	if _, err := Verify(path); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("process %d", c.Process.Pid)) {
		t.Errorf("Verify: %v; want the process named", err)
	}
	if err := c.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
	}
	_ = c.Wait()
	open(t, Config{Path: path, MaxBytes: 1 << 20})
}

func TestOpenErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		config Config
		want   []string
	}{
		{"a file in its place", Config{Path: file, MaxBytes: 1 << 20}, []string{file, "not a directory"}},
		{"below a file", Config{Path: filepath.Join(file, "x"), MaxBytes: 1 << 20}, []string{file, "not a directory"}},
		{"cannot be made", Config{Path: "/proc/none", MaxBytes: 1 << 20}, []string{"/proc/none", "no such file"}},
		{"cannot be written", Config{Path: "/proc/self", MaxBytes: 1 << 20}, []string{"/proc/self", "no such file"}},
		{"no path", Config{MaxBytes: 1 << 20}, []string{"a path is needed"}},
		{"too small", Config{Path: file, MaxBytes: 1<<20 - 1}, []string{"1048575", "at least 1048576"}},
		{"negative", Config{Path: file, MaxBytes: 1 << 20, MaxEntries: -1}, []string{"below 0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Open(c.config)
			if err == nil || !strings.HasPrefix(err.Error(), "Failed to initialize cache") || strings.Contains(err.Error(), "\n") {
				t.Fatalf("Open: %v", err)
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%v\ndoes not say %q", err, w)
				}
			}
		})
	}
}

// What is made belongs to its owner alone, and tells a stranger what it is.
func TestModes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "b")
	s := open(t, Config{Path: path})
	put(t, s, 1, 100)
	err := filepath.WalkDir(path, func(name string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if want := map[bool]os.FileMode{true: 0o700, false: 0o600}[d.IsDir()]; info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, want %v", name, info.Mode().Perm(), want)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(path, readmeName))
	if err != nil || !strings.Contains(string(text), "Stillroom") {
		t.Errorf("README: %q, %v", text, err)
	}
}
