package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A folder belongs to one server. The second says so in one line and leaves the first alone.
func TestTwoServersOnOneFolder(t *testing.T) {
	folder := t.TempDir()
	source := newOrigin(t, serves(version(t, 1), 0))
	s := start(t, "CACHE_TYPE=disk", "CACHE_DISK_PATH="+folder)
	path := "/_/w:100/plain/" + source.URL + "/a.jpg"
	versionOf(t, s.get(path))
	for _, kind := range []string{"disk", "hybrid"} {
		status, text := refused(t, "STILLROOM_CACHE_TYPE="+kind, "STILLROOM_CACHE_DISK_PATH="+folder)
		if status != 1 && status != 2 {
			t.Errorf("%s: exit status %d, want 1 or 2", kind, status)
		}
		if n := len(linesWith(text, "Failed to initialize cache", folder, "in use")); n != 1 {
			t.Errorf("%s: %d lines say that the folder is in use, want 1:\n%s", kind, n, text)
		}
	}
	eventually(t, "the first server goes on storing and finding", func() bool {
		return strings.HasSuffix(s.get(path).header.Get("Cache-Status"), "detail=disk")
	})
}

// A folder that cannot be used stops the start, with its name and the reason.
func TestUnusableFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, folder, reason string }{
		{"a file", file, "not a directory"},
		{"below a file", filepath.Join(file, "cache"), "not a directory"},
		{"where nobody may make one", "/proc/stillroom", "no such file or directory"}, // the superuser neither
	} {
		for _, kind := range []string{"disk", "hybrid"} {
			status, text := refused(t, "STILLROOM_CACHE_TYPE="+kind, "STILLROOM_CACHE_DISK_PATH="+c.folder)
			if status != 1 && status != 2 {
				t.Errorf("%s: exit status %d, want 1 or 2", c.name, status)
			}
			if n := len(linesWith(text, "Failed to initialize cache", c.folder, c.reason)); n != 1 {
				t.Errorf("%s, %s: %d lines with folder and reason, want 1:\n%s", kind, c.name, n, text)
			}
		}
	}
	if status, text := refused(t, "STILLROOM_CACHE_TYPE=disk"); status != 2 || len(linesWith(text, "STILLROOM_CACHE_DISK_PATH")) != 1 {
		t.Errorf("no folder: exit status %d, %s", status, text)
	}
}
