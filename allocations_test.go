//go:build !race

// The race detector makes sync.Pool forget at random, so allocations are counted without it.

package stillroom

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// maxHitAllocs is the promise: a hit in memory allocates no more than this behind net/http.
const maxHitAllocs = 15

func TestHitAllocatesLittle(t *testing.T) {
	s, remote, local := warm(t)
	for name, path := range map[string]string{"remote": remote, "local": local} {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Accept", "image/avif,image/webp,*/*;q=0.8")
		w := &sink{h: make(http.Header, 32)}
		allocs := testing.AllocsPerRun(200, func() {
			clear(w.h)
			s.ServeHTTP(w, r)
		})
		if got := w.h.Get("Cache-Status"); !strings.HasPrefix(got, "stillroom; hit") {
			t.Fatalf("%s: not a hit: %q", name, got)
		}
		t.Logf("%s: %.0f allocations", name, allocs)
		if allocs > maxHitAllocs {
			t.Errorf("%s: a hit makes %.0f allocations, want at most %d", name, allocs, maxHitAllocs)
		}
	}
}
