package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stillroom/stillroom"
	"github.com/stillroom/stillroom/internal/blob"
	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/cache/disk"
	"github.com/stillroom/stillroom/internal/format"
)

// open opens a tier in a folder.
func open(t *testing.T, path string) *disk.Store {
	t.Helper()
	s, err := disk.Open(disk.Config{Path: path, MaxBytes: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// fill keeps entries in a folder that no server uses afterwards: the first is fresh, the second stale. body is in
// every one of them.
func fill(t *testing.T, path, body string, sources ...string) {
	t.Helper()
	s := open(t, path)
	defer func() {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}()
	for i, source := range sources {
		fresh := time.Now().Add(time.Hour - time.Duration(i)*2*time.Hour)
		e := &cache.Entry{
			Meta: cache.Meta{
				Format: format.WebP, Length: int64(len(body)), Width: 40, Height: 30, Source: source, Tags: []string{"news", "n" + string('0'+rune(i))},
				Created: time.Now().Add(-150 * time.Minute), Clocks: cache.Clocks{Fresh: fresh, Keep: time.Now().Add(24 * time.Hour)},
			},
			Body: blob.New([]byte(body)),
		}
		if err := s.Put(t.Context(), cache.Key{byte(0x10 * (i + 1)), 0xfe}, e); err != nil {
			t.Fatal(err)
		}
	}
}

// entries returns the files of a folder that hold a text.
func entries(t *testing.T, path, text string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(path, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(file)
		if strings.Contains(string(b), text) {
			found = append(found, file)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// damage changes a body in place.
func damage(t *testing.T, file, from, to string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(b), from, to, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestCacheVerify(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir, "the body of a picture", "local:///a.jpg", "local:///b.jpg")
	_, copies := stillroom.DiskFolders(dir)
	fill(t, copies, "the body of a source", "local:///a.jpg")

	r := invoke(nil, "cache", "verify", dir)
	r.check(t, exitDone, dir+": 2 whole, 0 damaged, 0 left by writes that did not end;", "")
	r.check(t, exitDone, copies+": 1 whole, 0 damaged,", "")

	files := entries(t, dir, "the body of a picture")
	damage(t, files[0], "picture", "pixture")
	damage(t, entries(t, copies, "the body of a source")[0], "source", "sauce!")
	for range 2 { // looking changes nothing
		r = invoke(nil, "cache", "verify", dir)
		r.check(t, exitFailed, files[0]+": flipped: ", "")
		r.check(t, exitFailed, dir+": 1 whole, 1 damaged,", "")
		r.check(t, exitFailed, copies+": 0 whole, 1 damaged,", "")
	}
	r = invoke(nil, "cache", "verify", "--delete", dir)
	r.check(t, exitDone, "; removed\n", "")
	if _, err := os.Stat(files[0]); err == nil {
		t.Errorf("%s is still there", files[0])
	}
	r = invoke(nil, "cache", "verify", dir)
	r.check(t, exitDone, dir+": 1 whole, 0 damaged,", "")
	r.check(t, exitDone, copies+": 0 whole, 0 damaged,", "")

	s := open(t, dir)
	defer s.Close()
	if _, err := s.Get(t.Context(), cache.Key{0x20, 0xfe}); err != nil {
		t.Errorf("what was whole is gone: %v", err)
	}
}

// TestCacheVerifyLeftovers checks that what a killed server leaves is told, and is no damage.
func TestCacheVerifyLeftovers(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir, "the body of a picture", "local:///a.jpg")
	left := filepath.Join(filepath.Dir(entries(t, dir, "the body of a picture")[0]), "tmp-1")
	for _, command := range []struct{ args, want string }{
		{"verify", dir + ": 1 whole, 0 damaged, 1 left by writes that did not end;"},
		{"gc", dir + ": removed 1 files, 0 of them expired entries; 1 entries stay"},
		{"verify --delete", left + ": temporary: a write that did not end; removed"},
	} {
		if err := os.WriteFile(left, []byte("half of a"), 0o600); err != nil {
			t.Fatal(err)
		}
		args := append([]string{"cache"}, append(strings.Fields(command.args), dir)...)
		invoke(nil, args...).check(t, exitDone, command.want, "")
	}
	if _, err := os.Stat(left); err == nil {
		t.Errorf("%s is still there", left)
	}
}

func TestCacheGC(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir, "the body of a picture", "local:///a.jpg", "local:///b.jpg")
	file := entries(t, dir, "the body of a picture")[0]
	if err := os.Truncate(file, 10); err != nil {
		t.Fatal(err)
	}
	invoke(nil, "cache", "gc", dir).check(t, exitDone, dir+": removed 1 files, 0 of them expired entries; 1 entries stay", "")
	if left := entries(t, dir, "the body of a picture"); len(left) != 1 || left[0] == file {
		t.Errorf("files %q are left", left)
	}
	var b strings.Builder
	if err := collect(dir, time.Now().Add(48*time.Hour), 0, &b); err != nil || !strings.Contains(b.String(), "removed 1 files, 1 of them expired entries; 0 entries stay") {
		t.Errorf("two days later: %v, %s", err, b.String())
	}
}

func TestCacheList(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir, "the body of a picture", "https://a.example/b.jpg?v=1", "local:///b\x1b[2J.jpg")
	r := invoke(nil, "cache", "ls", dir)
	lines := strings.Split(strings.TrimSpace(r.out), "\n")
	if r.status != exitDone || len(lines) != 3 {
		t.Fatalf("status %d, want a line above two entries:\n%s\n%s", r.status, r.out, r.errors)
	}
	for i, want := range []string{
		"KEY SIZE TYPE AGE STATE SOURCE TAGS",
		"10fe000000000000 SIZE image/webp 2h30m fresh https://a.example/b.jpg?v=1 news n0",
		"20fe000000000000 SIZE image/webp 2h30m stale local:///b.[2J.jpg news n1",
	} {
		fields := strings.Fields(lines[i])
		fields[1] = "SIZE"
		if got := strings.Join(fields, " "); got != want {
			t.Errorf("line %d: %q, want %q", i, got, want)
		}
	}

	r = invoke(nil, "cache", "ls", "--json", dir)
	first, _, _ := strings.Cut(r.out, "\n")
	var got item
	if err := json.Unmarshal([]byte(first), &got); err != nil || strings.Count(r.out, "\n") != 2 {
		t.Fatalf("%v, want an object per line:\n%s", err, r.out)
	}
	if got.Key != (cache.Key{0x10, 0xfe}).String() || got.State != "fresh" || got.Source != "https://a.example/b.jpg?v=1" || got.Size < 21 || got.Width != 40 {
		t.Errorf("%+v", got)
	}

	empty := t.TempDir()
	fill(t, empty, "")
	invoke(nil, "cache", "ls", empty).check(t, exitDone, "", "")
}

func TestCacheRefuses(t *testing.T) {
	held, nothing := t.TempDir(), t.TempDir()
	s := open(t, held)
	defer s.Close()
	file := filepath.Join(nothing, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, args string
		status     int
		want       string
	}{
		{"a folder that a server uses", "verify " + held, exitFailed, "cache verify: " + held + ": the folder is in use by process "},
		{"a folder that a server uses, to be tidied", "gc " + held, exitFailed, "cache gc: " + held + ": the folder is in use by process "},
		{"a folder that a server uses, to be listed", "ls " + held, exitFailed, "cache ls: " + held + ": the folder is in use by process "},
		{"another folder", "verify " + nothing, exitFailed, nothing + " holds no disk tier"},
		{"no folder", "ls " + filepath.Join(nothing, "gone"), exitFailed, "holds no disk tier"},
		{"a file", "gc " + file, exitFailed, file},
		{"an unknown action", "purge " + nothing, exitUsage, `cache: want verify, gc or ls, got "purge"`},
		{"no action", nothing, exitUsage, "arguments: want 2, got 1"},
		{"deleting while listing", "ls --delete " + nothing, exitUsage, "--delete: it goes with verify, not with ls"},
		{"JSON of something else", "verify --json " + nothing, exitUsage, "--json: it goes with ls, not with verify"},
		{"perhaps", "verify --delete=perhaps " + nothing, exitUsage, `--delete: want true or false, got "perhaps"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			invoke(nil, append([]string{"cache"}, strings.Fields(test.args)...)...).check(t, test.status, "", test.want)
		})
	}
}
