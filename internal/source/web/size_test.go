package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/source"
)

func TestContentCoding(t *testing.T) {
	for _, c := range []struct {
		coding string
		body   string
		want   fault.Kind // Internal = the body is "hello"
	}{
		{"", "hello", fault.Internal},
		{"identity", "hello", fault.Internal},
		{"aws-chunked", "hello", fault.Internal},
		{"gzip", zipped("hello"), fault.Internal},
		{"GZIP", zipped("hello"), fault.Internal},
		{"gzip", zipped("hello")[:15], fault.Incomplete},
		{"gzip", "hello, this is not gzip", fault.SourceFailed},
		{"gzip", zipped("hello")[:20] + "????" + zipped("hello")[24:], fault.SourceFailed},
		{"br", "hello", fault.SourceFailed},
		{"zstd", "hello", fault.SourceFailed},
		{"gzip, gzip", zipped(zipped("hello")), fault.SourceFailed},
	} {
		origin := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			if c.coding != "" {
				w.Header().Set("Content-Encoding", c.coding)
			}
			_, _ = io.WriteString(w, c.body)
		})
		f, err := get(t, local(t, Config{}), origin)
		switch {
		case c.want != fault.Internal && !fault.Is(err, c.want):
			t.Errorf("%q: %v (%v), want %v", c.coding, err, fault.KindOf(err), c.want)
		case c.want == fault.Internal && (err != nil || string(f.Body.Bytes()) != "hello"):
			t.Errorf("%q: %v, %v; want the body", c.coding, f, err)
		}
	}
}

func TestMaxSizeBoundsWhatComesOutOfGzip(t *testing.T) {
	bomb := zipped(strings.Repeat("\x00", 16<<20))
	origin := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = io.WriteString(w, bomb)
	})
	object, err := local(t, Config{MaxSize: 1 << 20}).Open(t.Context(), ref(t, origin), source.Validators{})
	if err != nil {
		t.Fatal(err)
	}
	defer object.Body.Close()
	n, err := io.Copy(io.Discard, object.Body)
	if !fault.Is(err, fault.TooLarge) || n != 1<<20 {
		t.Errorf("%d bytes and %v from %d bytes of gzip; want 1 MiB and TooLarge", n, err, len(bomb))
	}
	if n, again := object.Body.Read(make([]byte, 1)); n != 0 || !fault.Is(again, fault.TooLarge) {
		t.Errorf("reading on gives %d bytes and %v", n, again)
	}
}

// The length of a body may stand in Content-Range alone; reading has to notice by itself what is missing.
func TestRangeAnnouncesTheSize(t *testing.T) {
	origin := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Range", "bytes 0-8/9")
		w.Header().Set("Transfer-Encoding", "chunked")
		w.WriteHeader(http.StatusPartialContent)
		_, _ = io.WriteString(w, "hello")
	})
	object, err := local(t, Config{}).Open(t.Context(), ref(t, origin), source.Validators{})
	if err != nil {
		t.Fatal(err)
	}
	defer object.Body.Close()
	got, err := io.ReadAll(object.Body)
	if object.Size != 9 || string(got) != "hello" || !fault.Is(err, fault.Incomplete) {
		t.Errorf("size %d, %q, %v; want 9, what came, and Incomplete", object.Size, got, err)
	}
}

func TestReadingAfterClose(t *testing.T) {
	origin := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
	object, err := local(t, Config{}).Open(t.Context(), ref(t, origin), source.Validators{})
	if err != nil {
		t.Fatal(err)
	}
	_ = object.Body.Close()
	if n, err := object.Body.Read(make([]byte, 1)); n != 0 || !fault.Is(err, fault.Canceled) {
		t.Errorf("%d bytes, %v; want Canceled", n, err)
	}
}

func TestAnnouncedSizeIsRefusedUnread(t *testing.T) {
	origin := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000001")
		w.WriteHeader(http.StatusOK)
	})
	object, err := local(t, Config{MaxSize: 1_000_000}).Open(t.Context(), ref(t, origin), source.Validators{})
	if object != nil || !fault.Is(err, fault.TooLarge) || !strings.Contains(err.Error(), "1000001") {
		t.Errorf("%v, %v; want TooLarge with the number", object, err)
	}
}

func zipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text)
	_ = w.Close() // a bytes.Buffer takes everything
	return b.String()
}
