package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// cramped starts a server whose folder stands on a small file system of its own, and returns that as this process
// sees it. It needs no privileges but user namespaces.
func cramped(t *testing.T, bytes int, settings ...string) (s *server, disk string) {
	t.Helper()
	mount := t.TempDir()
	// The folder is full long before the tier's own bound is met.
	environ := append(native(settings), "STILLROOM_CACHE_DISK_SIZE=1GiB", "STILLROOM_SOURCE_CACHE_SIZE=0",
		"STILLROOM_CACHE_DISK_PATH="+filepath.Join(mount, "cache"))
	command := exec.Command("unshare", "-rm", "sh", "-c",
		`mount -t tmpfs -o size="$1" tmpfs "$2" && exec "$3" serve`, "sh", fmt.Sprint(bytes), mount, built.Program(t))
	s = launch(t, command, environ...)
	return s, fmt.Sprintf("/proc/%d/root%s", s.command.Process.Pid, mount)
}

// fill leaves no byte free and returns what to remove to make room again.
func fill(t *testing.T, disk string) (ballast string) {
	t.Helper()
	ballast = filepath.Join(disk, "ballast")
	f, err := os.Create(ballast)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for block := make([]byte, 4096); err == nil; {
		_, err = f.Write(block)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	return ballast
}

// A full disk makes the server slower and nothing else: requests are answered, one line and a metric say what is wrong,
// and storing resumes by itself when there is room.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	small := version(t, 1)
	large := append(bytes.Clone(small), make([]byte, 2<<20)...) // handed out as it is, so only its beginning matters
	source := newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/small" {
			says("max-age=600", small)(w, r)
			return
		}
		says("max-age=600", large)(w, r)
	})
	s, disk := cramped(t, 8<<20, "CACHE_TYPE=disk")
	asked := 0
	get := func(name string) answer { // each time another result
		t.Helper()
		asked++
		a := s.get(fmt.Sprintf("/_/raw:1/cb:%d/plain/%s/%s", asked, source.URL, name))
		want := large
		if name == "small" {
			want = small
		}
		if a.status != 200 || !bytes.Equal(a.body, want) {
			t.Fatalf("request %d: status %d, %d bytes, want 200 and %d", asked, a.status, len(a.body), len(want))
		}
		return a
	}
	stored := func(name string) bool {
		get(name)
		path := fmt.Sprintf("/_/raw:1/cb:%d/plain/%s/%s", asked, source.URL, name)
		for range 20 { // it is stored behind the answer
			switch a := s.get(path); {
			case strings.HasSuffix(a.header.Get("Cache-Status"), "detail=disk"):
				return true
			case !strings.HasSuffix(a.header.Get("Cache-Status"), "detail=pending"):
				return false
			}
		}
		return false
	}
	eventually(t, "a result is stored", func() bool { return stored("small") })

	for range 40 {
		get("small")
	}
	// Evicting a small one makes room for another; evicting all of them does not make enough for a large one.
	ballast := fill(t, disk)
	for range 100 {
		get("small")
	}
	for range 50 {
		get("large")
	}
	const begins, ends = "stores nothing until the disk works again", "stores again"
	eventually(t, "the log and the metrics say so", func() bool {
		return len(linesWith(s.logged(), begins)) > 0 &&
			s.metric("stillroom_cache_degraded", `cache_type="disk"`) == 1 &&
			s.metric("stillroom_cache_drops_total", `cache_type="disk"`) > 0
	})
	if a := s.get("/health"); a.status != 200 {
		t.Errorf("health: %v", a)
	}
	if n := len(linesWith(s.logged(), `"level":"WARN"`, "no space left")) + len(linesWith(s.logged(), `"level":"ERROR"`, "no space left")); n > 5 {
		t.Errorf("%d lines say that the disk is full, want a handful at most for %d requests", n, asked)
	}

	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	eventually(t, "what is asked for is stored again", func() bool { return stored("large") })
	eventually(t, "the log and the metrics say so", func() bool {
		return len(linesWith(s.logged(), ends)) > 0 && s.metric("stillroom_cache_degraded", `cache_type="disk"`) == 0
	})
	for _, line := range []string{begins, ends} {
		if n := len(linesWith(s.logged(), line)); n != 1 {
			t.Errorf("%d lines say that the tier %s, want 1", n, line)
		}
	}
}

// Whoever asks for errors of the cache to be errors of the request gets them.
func TestDiskFullReported(t *testing.T) {
	body := append(bytes.Clone(version(t, 1)), make([]byte, 2<<20)...)
	source := newOrigin(t, says("max-age=600", body))
	s, disk := cramped(t, 8<<20, "CACHE_TYPE=disk", "CACHE_REPORT_ERRORS=true")
	path := "/_/raw:1/plain/" + source.URL + "/a.jpg"
	ballast := fill(t, disk)
	if a := s.get(path); a.status != 500 || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("on a full disk: status %d, Cache-Control %q, want 500 and no-store", a.status, a.header.Get("Cache-Control"))
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	eventually(t, "with room again the request is answered and stored", func() bool {
		a := s.get(path)
		return a.status == 200 && strings.HasSuffix(a.header.Get("Cache-Status"), "detail=disk")
	})
}
