package filesystem

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/buckettest"
	"github.com/stillroom/stillroom/internal/fault"
)

// What others put there are objects, too; what they write over ours is theirs.
func TestFilesOfOthers(t *testing.T) {
	for name, prepare := range map[string]func(*Opener){"attributes": func(*Opener) {}, "hidden files": without} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			o := opener(t, Config{Root: root})
			prepare(o)
			b := buckettest.Open(t, o, "")
			write(t, filepath.Join(root, "theirs.jpg"), "theirs")
			if info, err := b.Stat(t.Context(), "theirs.jpg", ""); err != nil || info.Size != 6 || info.ETag == "" || info.ContentType != "" {
				t.Errorf("%+v, %v; want what the file system knows", info, err)
			}
			put(t, b, "ours.jpg", "ours", bucket.PutOptions{ContentType: "image/jpeg"})
			if got, err := os.ReadFile(filepath.Join(root, "ours.jpg")); err != nil || string(got) != "ours" {
				t.Errorf("%q, %v; want the body as it is", got, err)
			}
			write(t, filepath.Join(root, "ours.jpg"), "theirs now")
			if info, err := b.Stat(t.Context(), "ours.jpg", ""); err != nil || info.ContentType != "" {
				t.Errorf("%+v, %v; want nothing of what was said about the file before", info, err)
			}
		})
	}
}

// What is on the way to an object that is not there is not its to take along: a link to a folder is somebody else's.
func TestDeleteLeavesLinks(t *testing.T) {
	root := t.TempDir()
	mkdir(t, filepath.Join(root, "real"))
	write(t, filepath.Join(root, "real", "a"), "theirs")
	if err := os.Symlink("real", filepath.Join(root, "link")); err != nil {
		t.Fatal(err)
	}
	b := buckettest.Open(t, opener(t, Config{Root: root}), "")
	put(t, b, "link/b", "1", bucket.PutOptions{})
	for _, key := range []string{"link/never", "link/b"} {
		if err := b.Delete(t.Context(), key); err != nil {
			t.Errorf("delete %s: %v", key, err)
		}
		if info, err := b.Stat(t.Context(), "link/a", ""); err != nil || info.Size != 6 {
			t.Errorf("after deleting %s: %+v, %v; want what is behind the link", key, info, err)
		}
	}
}

// In the place of a hidden file there may be anything, where others can write to the folder.
func TestWordsOfOthers(t *testing.T) {
	for name, put := range map[string]func(path string) error{
		"pipe":    func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"endless": func(path string) error { return errors.Join(os.WriteFile(path, nil, 0o600), os.Truncate(path, 1<<40)) },
		"folder":  func(path string) error { return os.Mkdir(path, 0o700) },
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			write(t, filepath.Join(root, "a"), "1")
			stat, err := os.Stat(filepath.Join(root, "a"))
			if err != nil {
				t.Fatal(err)
			}
			if err := put(filepath.Join(root, beside("a", version(stat)))); err != nil {
				t.Fatal(err)
			}
			b := buckettest.Open(t, opener(t, Config{Root: root}), "")
			answers := make(chan error, 1)
			go func() {
				_, err := b.Stat(t.Context(), "a", "")
				answers <- err
			}()
			select {
			case err := <-answers:
				if err != nil {
					t.Error(err)
				}
			case <-time.After(10 * time.Second):
				t.Error("no answer")
			}
		})
	}
}

func TestNothingOutsideIsReached(t *testing.T) {
	outside, root := t.TempDir(), t.TempDir()
	write(t, filepath.Join(outside, "secret"), "secret")
	write(t, filepath.Join(root, "inside"), "inside")
	for link, to := range map[string]string{
		"up": "../" + filepath.Base(outside) + "/secret", "absolute": filepath.Join(outside, "secret"), "folder": outside, "good": "inside",
	} {
		if err := os.Symlink(to, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(root, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	b := buckettest.Open(t, opener(t, Config{Root: root}), "")
	for _, key := range []string{"up", "absolute", "folder/secret", "pipe", "folder"} {
		_, err := b.Get(t.Context(), key, bucket.GetOptions{})
		if !fault.Is(err, fault.SourceMissing) || strings.Contains(fmt.Sprint(err), outside) {
			t.Errorf("get %s: %v, want SourceMissing without the folder", key, err)
		}
		if _, err := b.Put(t.Context(), "folder/new", strings.NewReader("x"), 1, bucket.PutOptions{}); !fault.Is(err, fault.SourceMissing) {
			t.Errorf("put: %v, want SourceMissing", err)
		}
	}
	var keys []string
	if err := b.List(t.Context(), "", "", 0, func(key string, _ bucket.Info) bool { keys = append(keys, key); return true }); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"good", "inside"}, keys); diff != "" {
		t.Errorf("listed (-want +got):\n%s", diff)
	}
	if left, err := os.ReadDir(outside); err != nil || len(left) != 1 {
		t.Errorf("outside: %v, %v; want it untouched", left, err)
	}
}

func TestFileThatChangesWhileItIsRead(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "a"), "hello")
	object, err := buckettest.Open(t, opener(t, Config{Root: root}), "").Get(t.Context(), "a", bucket.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer object.Body.Close()
	if err := os.Chtimes(filepath.Join(root, "a"), time.Time{}, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(object.Body); !fault.Is(err, fault.Incomplete) {
		t.Errorf("%v, want Incomplete", err)
	}
}
