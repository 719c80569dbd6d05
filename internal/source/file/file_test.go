package file_test

import (
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/source"
	"github.com/stillroom/stillroom/internal/source/file"
	"github.com/stillroom/stillroom/internal/source/sourcetest"
)

func TestSource(t *testing.T) {
	sourcetest.Run(t, func(t *testing.T) sourcetest.Harness {
		folder := t.TempDir()
		modified := time.Now()
		return sourcetest.Harness{
			Source:  open(t, folder),
			Missing: ref(t, "local:///missing.jpg"),
			Put: func(t *testing.T, name string, body []byte) source.Ref {
				write(t, filepath.Join(folder, name), string(body))
				modified = modified.Add(time.Nanosecond) // the least that makes a version
				if err := os.Chtimes(filepath.Join(folder, name), modified, modified); err != nil {
					t.Fatal(err)
				}
				return ref(t, "local:///"+name)
			},
		}
	})
}

func TestNew(t *testing.T) {
	folder := t.TempDir()
	write(t, filepath.Join(folder, "a.jpg"), "a")
	for root, want := range map[string]string{
		"":                               "empty path",
		filepath.Join(folder, "missing"): "no such file",
		filepath.Join(folder, "a.jpg"):   "not a directory",
	} {
		if _, err := file.New(root); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New(%q): %v, want %q", root, err, want)
		}
	}
}

func TestPaths(t *testing.T) {
	outside := t.TempDir()
	write(t, filepath.Join(outside, "secret.jpg"), "secret")
	folder := t.TempDir()
	for name, body := range map[string]string{
		"a.jpg": "a", "b/c d.jpg": "c", "é?#%41.jpg": "literal", "b/..hidden": "dots",
	} {
		write(t, filepath.Join(folder, name), body)
	}
	for link, to := range map[string]string{
		"inside": "b/c d.jpg", "up": "../" + filepath.Base(outside) + "/secret.jpg",
		"absolute": filepath.Join(outside, "secret.jpg"), "folder": outside, "circle": "circle", "dangling": "nowhere",
	} {
		if err := os.Symlink(to, filepath.Join(folder, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(folder, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, folder)

	for path, want := range map[string]string{
		"/a.jpg": "a", "a.jpg": "a", "//a.jpg": "a", "/./a.jpg": "a", "/b//c d.jpg": "c",
		"/é?#%41.jpg": "literal", "/b/..hidden": "dots", "/inside": "c",
	} {
		f, err := source.Fetch(t.Context(), s, ref(t, "local://"+path), source.Validators{}, 0)
		if err != nil || string(f.Body.Bytes()) != want {
			t.Errorf("%s: %v, %v; want %q", path, f, err, want)
		}
	}
	for path, want := range map[string]fault.Kind{
		"":                              fault.SourceMissing,
		"/":                             fault.SourceMissing,
		"/.":                            fault.SourceMissing,
		"/b":                            fault.SourceMissing,
		"/b/":                           fault.SourceMissing,
		"/a.jpg/b":                      fault.SourceMissing,
		"/A.JPG":                        fault.SourceMissing,
		"/" + strings.Repeat("a", 5000): fault.SourceMissing,
		"/circle":                       fault.SourceMissing,
		"/dangling":                     fault.SourceMissing,
		"/pipe":                         fault.SourceMissing,
		"/..":                           fault.SourceDenied,
		"/../a.jpg":                     fault.SourceDenied,
		"/b/../a.jpg":                   fault.SourceDenied,
		"/up":                           fault.SourceDenied,
		"/absolute":                     fault.SourceDenied,
		"/folder/secret.jpg":            fault.SourceDenied,
	} {
		object, err := s.Open(t.Context(), ref(t, "local://"+path), source.Validators{})
		if object != nil || !fault.Is(err, want) {
			t.Errorf("%.40s: %v, %v (%v); want %v", path, object, err, fault.KindOf(err), want)
		}
		if err != nil && (strings.Contains(err.Error(), folder) || strings.Contains(err.Error(), outside)) {
			t.Errorf("%.40s: the error tells where the root is: %v", path, err)
		}
	}
}

func TestSocketIsRefused(t *testing.T) {
	folder := t.TempDir()
	listener, err := net.Listen("unix", filepath.Join(folder, "socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, err = open(t, folder).Open(t.Context(), ref(t, "local:///socket"), source.Validators{})
	if !fault.Is(err, fault.SourceMissing) {
		t.Errorf("%v, want SourceMissing", err)
	}
}

func TestFileThatMayNotBeRead(t *testing.T) {
	folder := t.TempDir()
	write(t, filepath.Join(folder, "a.jpg"), "a")
	if err := errors.Join(os.Chmod(folder, 0o755), os.Chmod(filepath.Join(folder, "a.jpg"), 0)); err != nil {
		t.Fatal(err)
	}
	s := open(t, folder)
	asNobody(t)
	_, err := s.Open(t.Context(), ref(t, "local:///a.jpg"), source.Validators{})
	if !fault.Is(err, fault.Unreachable) || !errors.Is(err, os.ErrPermission) {
		t.Errorf("%v, want Unreachable because of the permission", err)
	}
}

// asNobody takes the superuser's right to read everything from this thread, for files only and until the test is over.
func asNobody(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	runtime.LockOSThread()
	const nobody = 65534
	if err := syscall.Setfsuid(nobody); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Setfsuid(0); err != nil {
			t.Error(err)
		}
		runtime.UnlockOSThread()
	})
}

func TestFileThatChangesWhileItIsRead(t *testing.T) {
	for name, change := range map[string]func(path string) error{
		"grows":        func(path string) error { return os.WriteFile(path, []byte("hello, world"), 0o600) },
		"shrinks":      func(path string) error { return os.Truncate(path, 2) },
		"is rewritten": func(path string) error { return os.Chtimes(path, time.Time{}, time.Now().Add(time.Hour)) },
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			path := filepath.Join(folder, "a.jpg")
			write(t, path, "hello")
			object, err := open(t, folder).Open(t.Context(), ref(t, "local:///a.jpg"), source.Validators{})
			if err != nil {
				t.Fatal(err)
			}
			defer object.Body.Close()
			if err := change(path); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadAll(object.Body); !fault.Is(err, fault.Incomplete) {
				t.Errorf("%v, want Incomplete", err)
			}
		})
	}
}

func TestFileThatIsReplacedWhileItIsReadStaysWhole(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "a.jpg")
	write(t, path, "hello")
	object, err := open(t, folder).Open(t.Context(), ref(t, "local:///a.jpg"), source.Validators{})
	if err != nil {
		t.Fatal(err)
	}
	defer object.Body.Close()
	write(t, path+".new", "other")
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(object.Body); err != nil || string(got) != "hello" {
		t.Errorf("%q, %v; want the file that was opened", got, err)
	}
}

// The same tree on another server has other inodes and other times of their change; clients that are sent
// there must find the same version.
func TestCopiesOfATreeHaveTheSameValidators(t *testing.T) {
	modified := time.Date(2026, time.March, 4, 5, 6, 7, 8, time.UTC)
	var got [2]source.Validators
	for i := range got {
		folder := t.TempDir()
		write(t, filepath.Join(folder, "a.jpg"), "hello")
		if err := os.Chtimes(filepath.Join(folder, "a.jpg"), modified, modified); err != nil {
			t.Fatal(err)
		}
		var err error
		if got[i], err = open(t, folder).Stat(t.Context(), ref(t, "local:///a.jpg")); err != nil {
			t.Fatal(err)
		}
	}
	if got[0] != got[1] || got[0].Strong() == "" {
		t.Errorf("%+v and %+v, want equal and strong", got[0], got[1])
	}
	if want := modified.Truncate(time.Second); !got[0].LastModified.Equal(want) {
		t.Errorf("last modified %v, want %v", got[0].LastModified, want)
	}
}

func open(t *testing.T, folder string) *file.Source {
	t.Helper()
	s, err := file.New(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func write(t *testing.T, path, body string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
}

func ref(t *testing.T, text string) source.Ref {
	t.Helper()
	r, err := source.ParseRef(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
