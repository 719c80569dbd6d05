package bench

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// pictures is how many different ones are asked for in turns: enough that no single one is hot, few enough that all stay
// in every cache.
const pictures = 64

// body is what picture n of a size looks like to whoever only looks at its first bytes.
func body(size, n int) []byte {
	b := make([]byte, size)
	random := rand.NewChaCha8([32]byte{byte(n)})
	_, _ = random.Read(b) // it never fails
	copy(b, "\xff\xd8\xff\xe0")
	return b
}

// newOrigin serves picture n of a size under /size/n.
func newOrigin(tb testing.TB) *httptest.Server {
	tb.Helper()
	o := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var size, n int
		if _, err := fmt.Sscanf(r.URL.Path, "/%d/%d", &size, &n); err != nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "image/jpeg")
		w.Header().Set("Cache-Control", "max-age=3600")
		w.Header().Set("Content-Length", strconv.Itoa(size))
		_, _ = w.Write(body(size, n)) // a client may leave
	}))
	tb.Cleanup(o.Close)
	return o
}

// target is one of two servers that are measured beside each other, and what it is asked for.
type target struct {
	name  string
	url   string
	paths string // file with one path a line
}

// newTarget writes down the paths of a size and asks for each until all are answered as they should be measured.
func newTarget(tb testing.TB, name, url string, size int, path func(n int) string, warm func(http.Header) bool) target {
	tb.Helper()
	var list strings.Builder
	for n := range pictures {
		fmt.Fprintln(&list, path(n))
		await(tb, name+" serves "+path(n)+" as it is to be measured", func() bool {
			got, header := fetch(tb, url+path(n))
			if !bytes.Equal(got, body(size, n)) {
				tb.Fatalf("%s: %s: %d bytes, want %d others", name, path(n), len(got), size)
			}
			return warm(header)
		})
	}
	file := filepath.Join(tb.TempDir(), "paths")
	if err := os.WriteFile(file, []byte(list.String()), 0o600); err != nil {
		tb.Fatal(err)
	}
	return target{name, url, file}
}
