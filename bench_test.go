package stillroom

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stillroom/stillroom/internal/config"
)

// sink is a response writer that keeps the status and nothing else.
type sink struct {
	h      http.Header
	status int
	sent   int
}

func (s *sink) Header() http.Header         { return s.h }
func (s *sink) WriteHeader(status int)      { s.status = status }
func (s *sink) Write(b []byte) (int, error) { s.sent += len(b); return len(b), nil }

func newServer(tb testing.TB, settings ...string) *Server {
	tb.Helper()
	c, _, err := config.Load(config.Options{Environ: settings})
	if err != nil {
		tb.Fatal(err)
	}
	s, err := New(c, "test", nil)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// warm returns a server that has one rendition of a remote and of a local picture in memory, and their paths.
func warm(tb testing.TB) (s *Server, remote, local string) {
	tb.Helper()
	root := tb.TempDir()
	img := image.NewRGBA(image.Rect(0, 0, 600, 400))
	for i := range img.Pix {
		img.Pix[i] = uint8(i * i >> 7)
	}
	img.Set(0, 0, color.White)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "photo.jpg"), b.Bytes(), 0o600); err != nil {
		tb.Fatal(err)
	}
	source := httptest.NewServer(http.FileServer(http.Dir(root)))
	tb.Cleanup(source.Close)
	s = newServer(tb, "STILLROOM_LOCAL_FILESYSTEM_ROOT="+root, "STILLROOM_ALLOW_LOOPBACK_SOURCE_ADDRESSES=true",
		"STILLROOM_KEY=736563726574", "STILLROOM_SALT=68656c6c6f")
	remote = signed(tb, s, "/rs:fill:300:200/g:no/q:82/plain/"+source.URL+"/photo.jpg@webp")
	local = signed(tb, s, "/rs:fill:300:200/g:no/q:82/plain/local:///photo.jpg@webp")
	for _, path := range []string{remote, local} {
		if w := (&sink{h: http.Header{}}); !hit(s, w, path) {
			tb.Fatalf("%s: status %d", path, w.status)
		}
	}
	return s, remote, local
}

func signed(tb testing.TB, _ *Server, path string) string {
	tb.Helper()
	c, _, err := config.Load(config.Options{Environ: []string{"STILLROOM_KEY=736563726574", "STILLROOM_SALT=68656c6c6f"}})
	if err != nil {
		tb.Fatal(err)
	}
	keyring, err := newKeyring(c)
	if err != nil {
		tb.Fatal(err)
	}
	return "/" + keyring.Sign(path) + path
}

func hit(s *Server, w *sink, path string) bool {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	s.ServeHTTP(w, r)
	return w.sent > 0 && w.status != http.StatusNotFound
}

func BenchmarkHit(b *testing.B) {
	s, remote, local := warm(b)
	for name, path := range map[string]string{"remote": remote, "local": local} {
		b.Run(name, func(b *testing.B) {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			w := &sink{h: make(http.Header, 32)}
			b.ReportAllocs()
			for b.Loop() {
				clear(w.h)
				s.ServeHTTP(w, r)
			}
		})
	}
}
