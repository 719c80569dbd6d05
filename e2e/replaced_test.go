package e2e

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A picture that is replaced under its name is seen when its freshness ends, on every tier.
func TestReplacedAtAWebSource(t *testing.T) {
	for _, kind := range []string{"memory", "hybrid"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			source := newOrigin(t, says("max-age=2", version(t, 1)))
			s := start(t, "CACHE_TYPE="+kind, "CACHE_DISK_PATH="+t.TempDir(), "STALE_WHILE_REVALIDATE=0")
			path := "/_/w:100/plain/" + source.URL + "/a.jpg"
			began := time.Now()
			versionOf(t, s.get(path))
			asked := time.Now()
			source.play(says("max-age=2", version(t, 2)))
			if v := versionOf(t, s.get(path)); v != 1 && time.Since(began) < 2*time.Second {
				t.Errorf("version %d within the freshness of version 1", v)
			}
			until(asked.Add(2100 * time.Millisecond))
			if v := versionOf(t, s.get(path)); v != 2 {
				t.Errorf("version %d after the freshness of version 1", v)
			}
		})
	}
}

// A local file is looked at on each request, so a new one is seen within about a second whatever its results' freshness.
func TestReplacedLocalFile(t *testing.T) {
	for _, kind := range []string{"memory", "disk", "hybrid"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			place := func(n int) {
				t.Helper()
				next := filepath.Join(root, "next")
				if err := os.WriteFile(next, version(t, n), 0o600); err != nil {
					t.Fatal(err)
				}
				if err := os.Rename(next, filepath.Join(root, "a.jpg")); err != nil {
					t.Fatal(err)
				}
			}
			place(1)
			s := start(t, "CACHE_TYPE="+kind, "CACHE_DISK_PATH="+t.TempDir(), "LOCAL_FILESYSTEM_ROOT="+root)
			const path = "/_/w:100/plain/local:///a.jpg"
			for n := 1; n <= 3; n++ {
				place(n)
				replaced := time.Now()
				eventually(t, "the new file is seen", func() bool { return versionOf(t, s.get(path)) == n })
				if took := time.Since(replaced); took > 1500*time.Millisecond {
					t.Errorf("version %d was seen after %v, want about a second at most", n, took)
				}
			}
			if err := os.Remove(filepath.Join(root, "a.jpg")); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the file is gone", func() bool { return s.get(path).status == 404 })
		})
	}
}
