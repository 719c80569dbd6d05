package blob_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stillroom/stillroom/internal/blob"
)

// holder counts how often it is told to let go.
type holder struct{ released int }

func (h *holder) Release() { h.released++ }

// text is what every blob here holds, within a file from byte 5 on.
const text = "a body of some bytes"

func openFile(t *testing.T) *os.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("head:"+text+":tail"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() }) // some tests have closed it
	return f
}

func blobs(t *testing.T) map[string]*blob.Blob {
	return map[string]*blob.Blob{
		"in memory":        blob.New([]byte(text)),
		"in a file":        blob.FromFile(openFile(t), 5, int64(len(text))),
		"in a shared file": blob.FromShared(openFile(t), 5, int64(len(text)), &holder{}),
	}
}

// direct takes files by itself.
type direct struct {
	bytes.Buffer

	files int
}

func (d *direct) WriteFile(f *os.File, off, n int64) (int64, error) {
	d.files++
	return io.Copy(&d.Buffer, io.NewSectionReader(f, off, n))
}

func TestReads(t *testing.T) {
	for name, b := range blobs(t) {
		t.Run(name, func(t *testing.T) {
			if b.Len() != int64(len(text)) {
				t.Errorf("Len %d, want %d", b.Len(), len(text))
			}
			for range 2 {
				if got, err := io.ReadAll(b.Reader()); err != nil || string(got) != text {
					t.Errorf("Reader: %q, %v", got, err)
				}
				var w bytes.Buffer
				if n, err := b.WriteTo(&w); err != nil || n != int64(len(text)) || w.String() != text {
					t.Errorf("WriteTo: %d bytes, %q, %v", n, w.String(), err)
				}
				var d direct
				if n, err := b.WriteTo(&d); err != nil || n != int64(len(text)) || d.String() != text {
					t.Errorf("WriteTo one that takes files: %d bytes, %q, %v", n, d.String(), err)
				}
				if inFile := !b.InMemory(); inFile != (d.files == 1) {
					t.Errorf("asked to take a file %d times", d.files)
				}
			}
			loaded, err := b.Load()
			if err != nil || string(loaded.Bytes()) != text || !loaded.InMemory() {
				t.Errorf("Load: %q, %v", loaded.Bytes(), err)
			}
		})
	}
}

// Many may send one shared file at once, also to what would move its offset.
func TestSharedFileIsSentByMany(t *testing.T) {
	f := openFile(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var all sync.WaitGroup
	for range 8 {
		client, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		server, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		all.Go(func() {
			defer server.Close()
			b := blob.FromShared(f, 5, int64(len(text)), &holder{})
			for range 50 {
				if _, err := b.WriteTo(server); err != nil {
					t.Error(err)
				}
			}
		})
		all.Go(func() {
			defer client.Close()
			got, err := io.ReadAll(client)
			if err != nil || !bytes.Equal(got, bytes.Repeat([]byte(text), 50)) {
				t.Errorf("%d bytes, %v; want %d that repeat the body", len(got), err, 50*len(text))
			}
		})
	}
	all.Wait()
	if at, err := f.Seek(0, io.SeekCurrent); err != nil || at != 0 {
		t.Errorf("the file's offset is %d, %v", at, err)
	}
}

func TestClose(t *testing.T) {
	f := openFile(t)
	own := blob.FromFile(f, 5, int64(len(text)))
	for range 2 {
		if err := own.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	if _, err := f.Stat(); !errors.Is(err, os.ErrClosed) {
		t.Error("the file is still open")
	}

	f, h := openFile(t), &holder{}
	shared := blob.FromShared(f, 5, int64(len(text)), h)
	for range 2 {
		if err := shared.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	if h.released != 1 {
		t.Errorf("the holder was told %d times, want once", h.released)
	}
	if _, err := f.Stat(); err != nil {
		t.Errorf("the holder's file: %v", err)
	}
	if err := blob.New(nil).Close(); err != nil {
		t.Errorf("Close in memory: %v", err)
	}
	if err := (*blob.Blob)(nil).Close(); err != nil {
		t.Errorf("Close of none: %v", err)
	}
}

// A file that is shorter than it should be is an error everywhere.
func TestShortFile(t *testing.T) {
	for name, b := range map[string]*blob.Blob{
		"own":    blob.FromFile(openFile(t), 5, 1000),
		"shared": blob.FromShared(openFile(t), 5, 1000, &holder{}),
	} {
		var w bytes.Buffer
		if _, err := b.WriteTo(&w); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: WriteTo: %v", name, err)
		}
		if _, err := b.Load(); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: Load: %v", name, err)
		}
	}
}

func TestReadAll(t *testing.T) {
	for _, test := range []struct {
		size        int
		limit, hint int64
		fits        bool
	}{
		{0, 10, -1, true},
		{10, 10, -1, true},
		{11, 10, -1, false},
		{11, 10, 5, false},
		{5000, 0, 1 << 40, true},
	} {
		b, err := blob.ReadAll(bytes.NewReader(make([]byte, test.size)), test.limit, test.hint)
		switch {
		case test.fits && (err != nil || b.Len() != int64(test.size)):
			t.Errorf("%+v: %v", test, err)
		case !test.fits && !errors.Is(err, blob.ErrTooLarge):
			t.Errorf("%+v: %v, want ErrTooLarge", test, err)
		}
	}
}
