package bench

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"
)

// field is one nginx and the origin behind it, for all that is measured.
type field struct {
	origin string
	nginx  string
	files  string // what nginx serves below /static/
}

func newField(tb testing.TB) field {
	tb.Helper()
	origin := newOrigin(tb)
	nginx, files := startNginx(tb, origin.URL)
	return field{origin.URL, nginx, files}
}

// stillroom is our server with everything of a size in one tier. The pictures are handed out as they are, so that
// their size is exact; they are kept like any other result.
func (f field) stillroom(tb testing.TB, tier string, size int) target {
	tb.Helper()
	url := startStillroom(tb, "CACHE_TYPE="+tier, "CACHE_DISK_PATH="+tb.TempDir())
	return newTarget(tb, "stillroom", url, size,
		func(n int) string { return fmt.Sprintf("/_/raw:1/plain/%s/%d/%d", f.origin, size, n) },
		func(h http.Header) bool { return strings.HasSuffix(h.Get("Cache-Status"), "; detail="+tier) })
}

// proxy is nginx with everything of a size in its proxy_cache.
func (f field) proxy(tb testing.TB, size int) target {
	tb.Helper()
	return newTarget(tb, "nginx proxy_cache", f.nginx, size,
		func(n int) string { return fmt.Sprintf("/%d/%d", size, n) },
		func(h http.Header) bool { return h.Get("X-Cache") == "HIT" })
}

// static is nginx with everything of a size as files.
func (f field) static(tb testing.TB, size int) target {
	tb.Helper()
	if err := os.Mkdir(filepath.Join(f.files, strconv.Itoa(size)), 0o700); err != nil {
		tb.Fatal(err)
	}
	for n := range pictures {
		if err := os.WriteFile(filepath.Join(f.files, strconv.Itoa(size), strconv.Itoa(n)), body(size, n), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	return newTarget(tb, "nginx static", f.nginx, size,
		func(n int) string { return fmt.Sprintf("/static/%d/%d", size, n) },
		func(http.Header) bool { return true })
}

// bare is what Go's own HTTP server takes for handing out bytes that it has: no server built on it takes less.
func (f field) bare(tb testing.TB, size int) target {
	tb.Helper()
	kept := map[string][]byte{}
	for n := range pictures {
		kept[fmt.Sprintf("/%d", n)] = body(size, n)
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "image/jpeg")
		w.Header().Set("Content-Length", strconv.Itoa(size))
		_, _ = w.Write(kept[r.URL.Path]) // a client may leave
	}))
	tb.Cleanup(s.Close)
	return newTarget(tb, "bare net/http", s.URL, size,
		func(n int) string { return fmt.Sprintf("/%d", n) },
		func(http.Header) bool { return true })
}

// The bounds of the short form. On two idle cores the figures were 0.74 and 1.38.
const (
	leastThroughput = 0.6 // of nginx proxy_cache, from memory
	mostLatency     = 1.5 // times nginx static, from disk
)

// TestBesideNginx is a short form of the benchmark: it holds the server to its bounds. Each side is taken at its best
// round, because other tests run at the same time.
func TestBesideNginx(t *testing.T) {
	t.Run("throughput from memory", func(t *testing.T) {
		f := newField(t)
		p := alternate(t, load{connections: 32, duration: time.Second}, 7, f.stillroom(t, "memory", 20_000), f.proxy(t, 20_000))
		got := most(p.ours, throughput) / most(p.theirs, throughput)
		t.Logf("%.2f times the requests per second of nginx proxy_cache (%.0f)", got, most(p.theirs, throughput))
		if got < leastThroughput {
			t.Errorf("%.2f times the requests per second of nginx proxy_cache, want at least %.2f", got, leastThroughput)
		}
	})
	t.Run("latency from disk", func(t *testing.T) {
		var p pair
		// Waking a second processor takes longer than either server does; what it takes is not theirs.
		onOneCPU(t, func() {
			f := newField(t)
			p = alternate(t, load{connections: 1, duration: time.Second}, 9, f.stillroom(t, "disk", 20_000), f.static(t, 20_000))
		})
		got := least(p.ours, typical) / least(p.theirs, typical)
		t.Logf("%.2f times the latency of nginx static (%.0f us)", got, least(p.theirs, typical))
		if got > mostLatency {
			t.Errorf("%.2f times the latency of nginx static, want at most %.2f", got, mostLatency)
		}
	})
}

// BenchmarkBesideNginx measures hits beside nginx and writes one table. The rows of bare net/http say how much of a
// difference is Go's own.
func BenchmarkBesideNginx(b *testing.B) {
	for b.Loop() { // once: it takes minutes
		f := newField(b)
		t := newTable()
		for _, size := range []int{20_000, 200_000} {
			proxy, static := f.proxy(b, size), f.static(b, size)
			for _, ours := range []struct {
				from string
				target
			}{
				{"memory", f.stillroom(b, "memory", size)},
				{"disk", f.stillroom(b, "disk", size)},
				{"bare net/http", f.bare(b, size)},
			} {
				p := alternate(b, load{connections: 32, duration: 3 * time.Second}, 5, ours.target, proxy)
				t.row(ours.from, size, 32, proxy.name, "requests/s", p, throughput)
				for _, connections := range []int{1, 2} {
					p = alternate(b, load{connections: connections, duration: time.Second}, 5, ours.target, static)
					t.row(ours.from, size, connections, static.name, "p50 us", p, typical)
					t.row(ours.from, size, connections, static.name, "p99 us", p, slow)
				}
			}
		}
		onOneCPU(b, func() {
			f := newField(b)
			for _, size := range []int{20_000, 200_000} {
				static := f.static(b, size)
				for _, tier := range []string{"memory", "disk"} {
					p := alternate(b, load{connections: 1, duration: time.Second}, 9, f.stillroom(b, tier, size), static)
					t.row(tier+", one CPU", size, 1, static.name, "p50 us", p, typical)
				}
			}
		})
		t.flush()
	}
}

// table is what the benchmark writes.
type table struct{ *tabwriter.Writer }

func newTable() table {
	t := table{tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)}
	fmt.Fprint(t, "\nhits from\tbody\tconnections\tbeside\twhat\tours\ttheirs\tratio\t\n")
	return t
}

func (t table) row(from string, size, connections int, beside, what string, p pair, of func(sample) float64) {
	fmt.Fprintf(t, "%s\t%d kB\t%d\t%s\t%s\t%.0f\t%.0f\t%.2f\t\n", from, size/1000, connections, beside, what,
		medianOf(p.ours, of), medianOf(p.theirs, of), p.ratio(of))
}

func (t table) flush() { _ = t.Flush() } // it fails only if the standard output does, and then there is nobody to tell
