package filesystem

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/buckettest"
	"github.com/stillroom/stillroom/internal/fault"
)

// without makes an Opener believe that its file system has no extended attributes.
func without(o *Opener) {
	o.attribute = func(*os.File, []byte) error { return syscall.ENOTSUP }
}

func TestBucket(t *testing.T) {
	for name, prepare := range map[string]func(*Opener){"attributes": func(*Opener) {}, "hidden files": without} {
		t.Run(name, func(t *testing.T) {
			buckettest.Run(t, func(t *testing.T) buckettest.Harness {
				root := t.TempDir()
				mkdir(t, filepath.Join(root, "pictures"))
				o := opener(t, Config{Root: root})
				prepare(o)
				t.Cleanup(func() { wantTidy(t, root) })
				return buckettest.Harness{Bucket: buckettest.Open(t, o, "pictures"), Missing: buckettest.Open(t, o, "missing"), Folders: true}
			})
		})
	}
}

func TestRootAsBucket(t *testing.T) {
	buckettest.Run(t, func(t *testing.T) buckettest.Harness {
		return buckettest.Harness{Bucket: buckettest.Open(t, opener(t, Config{Root: t.TempDir()}), ""), Folders: true}
	})
}

// wantTidy fails the test where hidden files are left that speak of no object.
func wantTidy(t *testing.T, root string) {
	t.Helper()
	objects, hiddenOnes := 0, 0
	err := filepath.WalkDir(root, func(_ string, entry os.DirEntry, err error) error {
		switch {
		case err != nil || entry.IsDir():
		case strings.HasPrefix(entry.Name(), hidden+"new-"):
			t.Errorf("left behind: %s", entry.Name())
		case strings.HasPrefix(entry.Name(), hidden):
			hiddenOnes++
		default:
			objects++
		}
		return err
	})
	if err != nil || hiddenOnes > objects {
		t.Errorf("%d hidden files beside %d objects, %v", hiddenOnes, objects, err)
	}
}

func TestNew(t *testing.T) {
	folder := t.TempDir()
	write(t, filepath.Join(folder, "file"), "x")
	for root, want := range map[string]string{
		"": "empty path", filepath.Join(folder, "missing"): "no such file", filepath.Join(folder, "file"): "not a directory",
	} {
		if _, err := New(Config{Root: root}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New(%q): %v, want %q", root, err, want)
		}
	}
}

func TestNamesOfBuckets(t *testing.T) {
	o := opener(t, Config{Root: t.TempDir()})
	for _, name := range []string{".", "..", "a/b", "../a", "a\x00", strings.Repeat("n", 256), ".stillroom-a"} {
		if b, err := o.Open(name); b != nil || !fault.Is(err, fault.SourceDenied) {
			t.Errorf("%q: %v, %v; want SourceDenied", name, b, err)
		}
	}
}

func TestCreate(t *testing.T) {
	b := buckettest.Open(t, opener(t, Config{Root: t.TempDir(), Create: true}), "new")
	if _, err := b.Stat(t.Context(), "a", ""); !bucket.Absent(err) {
		t.Errorf("%v, want an absent object", err)
	}
	put(t, b, "a", "1", bucket.PutOptions{})
	if info, err := b.Stat(t.Context(), "a", ""); err != nil || info.Size != 1 {
		t.Errorf("%+v, %v; want the object", info, err)
	}
}

// A file system may take small attributes and no large ones (ext4 has one block for all of them).
func TestAttributeWithoutRoom(t *testing.T) {
	o := opener(t, Config{Root: t.TempDir()})
	o.attribute = func(f *os.File, text []byte) error {
		if len(text) > 200 {
			return syscall.ENOSPC
		}
		return setAttribute(f, text)
	}
	b := buckettest.Open(t, o, "")
	for _, n := range []int{10, 200, 10} {
		want := map[string]string{"v": strings.Repeat("x", n), "w": strings.Repeat("x", n)}
		put(t, b, "a", "1", bucket.PutOptions{Metadata: want})
		info, err := b.Stat(t.Context(), "a", "")
		if diff := cmp.Diff(want, info.Metadata); err != nil || diff != "" {
			t.Errorf("%d bytes: %v (-want +got):\n%s", n, err, diff)
		}
	}
}

func TestHiddenNamesAreNoKeys(t *testing.T) {
	o := opener(t, Config{Root: t.TempDir()})
	without(o)
	b := buckettest.Open(t, o, "")
	put(t, b, "a", "1", bucket.PutOptions{ContentType: "image/png"})
	entries, err := os.ReadDir(o.root.Name())
	if err != nil || len(entries) != 2 {
		t.Fatalf("%v, %v; want the object and what is said about it", entries, err)
	}
	for _, key := range []string{entries[0].Name(), ".stillroom-x", "a/.stillroom-x/b", "double//slash", "/a", "a/"} {
		if _, err := b.Stat(t.Context(), key, ""); !bucket.Absent(err) {
			t.Errorf("stat %q: %v, want absent", key, err)
		}
		if _, err := b.Put(t.Context(), key, strings.NewReader("x"), 1, bucket.PutOptions{}); !fault.Is(err, fault.SourceMissing) {
			t.Errorf("put %q: %v, want a refusal", key, err)
		}
	}
}

func TestFileAndFolderOfOneName(t *testing.T) {
	b := buckettest.Open(t, opener(t, Config{Root: t.TempDir()}), "")
	put(t, b, "a/b", "1", bucket.PutOptions{})
	put(t, b, "c", "2", bucket.PutOptions{})
	for _, key := range []string{"a", "c/d"} {
		for _, ifAbsent := range []bool{false, true} {
			_, err := b.Put(t.Context(), key, strings.NewReader("x"), 1, bucket.PutOptions{IfAbsent: ifAbsent})
			var status *bucket.StatusError
			if !errors.As(err, &status) || status.Status != 409 {
				t.Errorf("put %q: %v, want a conflict", key, err)
			}
		}
	}
	if err := b.Delete(t.Context(), "a"); err != nil {
		t.Errorf("delete a folder: %v", err)
	}
	if err := b.Delete(t.Context(), "a/b"); err != nil {
		t.Fatal(err)
	}
	put(t, b, "a", "3", bucket.PutOptions{}) // the empty folder is gone
}

// A Put whose words cannot be kept leaves nothing, not even half of them.
func TestWordsWithoutRoom(t *testing.T) {
	o := opener(t, Config{Root: t.TempDir()})
	o.attribute = func(f *os.File, _ []byte) error {
		stat, err := f.Stat()
		if err != nil {
			t.Error(err)
		}
		// What cannot be written to, and is in the place of the hidden file.
		mkdir(t, filepath.Join(o.root.Name(), beside("a", version(stat))))
		return syscall.ENOSPC
	}
	b := buckettest.Open(t, o, "")
	if _, err := b.Put(t.Context(), "a", strings.NewReader("1"), 1, bucket.PutOptions{ContentType: "image/png"}); err == nil {
		t.Error("no error")
	}
	if entries, err := os.ReadDir(o.root.Name()); err != nil || len(entries) != 0 {
		t.Errorf("left: %v, %v", entries, err)
	}
}

// A reader of a version that is replaced meanwhile has what belongs together: these bytes and these words.
func TestBodyAndWordsBelongTogether(t *testing.T) {
	for name, prepare := range map[string]func(*Opener){"attributes": func(*Opener) {}, "hidden files": without} {
		t.Run(name, func(t *testing.T) {
			o := opener(t, Config{Root: t.TempDir()})
			prepare(o)
			b := buckettest.Open(t, o, "")
			put(t, b, "a", "0", bucket.PutOptions{Metadata: map[string]string{"n": "0"}})
			var all sync.WaitGroup
			for range 2 {
				all.Go(func() {
					for i := range 100 {
						text := fmt.Sprint(i)
						put(t, b, "a", text, bucket.PutOptions{Metadata: map[string]string{"n": text}})
					}
				})
			}
			for range 2 {
				all.Go(func() {
					for range 200 {
						object, err := b.Get(t.Context(), "a", bucket.GetOptions{})
						if err != nil {
							t.Error(err)
							return
						}
						body, err := io.ReadAll(object.Body)
						if err != nil || string(body) != object.Info.Metadata["n"] {
							t.Errorf("%q with %v, %v", body, object.Info.Metadata, err)
						}
						_ = object.Body.Close()
					}
				})
			}
			all.Wait()
			wantTidy(t, o.root.Name())
		})
	}
}

// A folder goes with its last object, also while somebody is about to put another one there.
func TestFolderThatGoesMeanwhile(t *testing.T) {
	b := buckettest.Open(t, opener(t, Config{Root: t.TempDir()}), "")
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			key := fmt.Sprintf("a/b/%d", g)
			for range 300 {
				put(t, b, key, "1", bucket.PutOptions{})
				if err := b.Delete(t.Context(), key); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}

func TestListThatIsGivenUp(t *testing.T) {
	b := buckettest.Open(t, opener(t, Config{Root: t.TempDir()}), "")
	for _, key := range []string{"a", "b", "c"} {
		put(t, b, key, key, bucket.PutOptions{})
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	visited := 0
	err := b.List(ctx, "", "", 0, func(string, bucket.Info) bool {
		visited++
		cancel()
		return true
	})
	if !fault.Is(err, fault.Canceled) || visited != 1 {
		t.Errorf("%v after %d objects, want Canceled after one", err, visited)
	}
}

// A Put that somebody gives up leaves the old object and nothing else.
func TestPutThatIsGivenUp(t *testing.T) {
	root := t.TempDir()
	b := buckettest.Open(t, opener(t, Config{Root: root}), "")
	put(t, b, "a", "old", bucket.PutOptions{})
	ctx, cancel := context.WithCancel(t.Context())
	content := &givenUp{Reader: bytes.NewReader(make([]byte, 1<<20)), cancel: cancel}
	if _, err := b.Put(ctx, "a", content, 1<<20, bucket.PutOptions{}); !fault.Is(err, fault.Canceled) {
		t.Errorf("%v, want Canceled", err)
	}
	entries, err := os.ReadDir(root)
	if err != nil || len(entries) != 1 {
		t.Errorf("%v, %v; want the old object only", entries, err)
	}
}

// givenUp is cancelled by being read.
type givenUp struct {
	*bytes.Reader
	cancel context.CancelFunc
}

func (g *givenUp) Read(p []byte) (int, error) {
	g.cancel()
	return g.Reader.Read(p[:min(len(p), 1000)])
}

// WriteTo would hand everything over at once.
func (g *givenUp) WriteTo(io.Writer) (int64, error) { return 0, errors.ErrUnsupported }

func TestFullDisk(t *testing.T) {
	err := failure("filesystem.put", "a", &os.PathError{Op: "write", Path: "/secret/place", Err: syscall.ENOSPC})
	var status *bucket.StatusError
	if !fault.Is(err, fault.SourceFailed) || !errors.As(err, &status) || status.Status != 507 || strings.Contains(err.Error(), "place") {
		t.Errorf("%v, want SourceFailed with a status of 507 and no path", err)
	}
}

func opener(t *testing.T, config Config) *Opener {
	t.Helper()
	o, err := New(config)
	return buckettest.Opened(t, o, err)
}

func put(t *testing.T, b bucket.Bucket, key, body string, options bucket.PutOptions) {
	t.Helper()
	if _, err := b.Put(t.Context(), key, strings.NewReader(body), int64(len(body)), options); err != nil {
		t.Errorf("put %s: %v", key, err)
	}
}

func mkdir(t *testing.T, path string) {
	t.Helper()
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, body string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
}
