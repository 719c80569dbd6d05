package e2e

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// witness holds every answer against the first that was ever seen for its URL.
type witness struct {
	t     *testing.T
	mu    sync.Mutex
	first map[string][32]byte
}

func (w *witness) see(path string, a answer) {
	if a.status == http.StatusNotModified {
		return
	}
	if a.status != http.StatusOK {
		w.t.Errorf("%s: %v", path, a)
		return
	}
	if declared, _ := strconv.Atoi(a.header.Get("Content-Length")); declared != len(a.body) {
		w.t.Errorf("%s: %d bytes, Content-Length %d", path, len(a.body), declared)
	}
	sum := sha256.Sum256(a.body)
	w.mu.Lock()
	defer w.mu.Unlock()
	if was, known := w.first[path]; known && was != sum {
		w.t.Errorf("%s: other bytes than the first time (%s)", path, a.header.Get("Cache-Status"))
	}
	w.first[path] = sum
}

// traffic asks for random paths until ctx ends; failures after that are what a killed server leaves behind.
func (w *witness) traffic(ctx context.Context, s *server, paths []string, random *rand.Rand) {
	etag := ""
	for ctx.Err() == nil {
		path := paths[min(random.IntN(len(paths)), random.IntN(len(paths)))] // some are asked for more often
		header := []string{"If-None-Match", etag}
		if etag == "" || random.IntN(4) > 0 {
			header = nil
		}
		a, err := s.try(ctx, http.MethodGet, path, header...)
		switch {
		case err == nil:
			w.see(path, a)
			etag = a.header.Get("ETag")
		case ctx.Err() == nil:
			w.t.Errorf("%s: %v", path, err)
		}
	}
}

// A server that is killed in the middle of traffic, again and again, never serves a byte that differs, never
// outgrows its folder and leaves no half-written file.
func TestKilledUnderLoad(t *testing.T) {
	const kills, clients, size = 8, 8, 2 << 20
	pictures := map[string][]byte{}
	for n := range 8 {
		pictures["/"+strconv.Itoa(n)] = photo(t, 500+20*n, 400)
	}
	source := newOrigin(t, func(w http.ResponseWriter, r *http.Request) { serves(pictures[r.URL.Path], 0)(w, r) })
	var paths []string
	for n := range 8 {
		for _, options := range []string{"raw:1", "w:40", "w:81", "w:122/f:png", "w:203/f:png", "w:304/f:webp", "w:405/f:png"} {
			paths = append(paths, fmt.Sprintf("/_/%s/plain/%s/%d", options, source.URL, n))
		}
	}
	folder, seen := t.TempDir(), &witness{t: t, first: map[string][32]byte{}}
	evicted := 0.0
	random := rand.New(rand.NewPCG(1, 2))
	random.Shuffle(len(paths), func(i, k int) { paths[i], paths[k] = paths[k], paths[i] })
	for kill := range kills + 1 {
		s := start(t, "CACHE_TYPE=hybrid", "CACHE_MEMORY_SIZE=512KiB", "CACHE_DISK_PATH="+folder, fmt.Sprintf("CACHE_DISK_SIZE=%d", size))
		if kill > 0 {
			for _, path := range paths {
				seen.see(path, s.get(path))
			}
			evicted += s.metric("stillroom_cache_evictions_total", `cache_type="disk"`)
			eventually(t, "no temporary file is left", func() bool { return len(occupies(t, folder).temporary) == 0 })
		}
		if kill == kills {
			break
		}
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for range clients {
			own := rand.New(rand.NewPCG(random.Uint64(), 3))
			wg.Go(func() { seen.traffic(ctx, s, paths, own) })
		}
		for end := time.Now().Add(time.Duration(20+random.IntN(400)) * time.Millisecond); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
			if o := occupies(t, folder); o.bytes > size {
				t.Errorf("the folder takes %d bytes, want at most %d", o.bytes, size)
			}
		}
		cancel()
		s.crash()
		wg.Wait()
		if o := occupies(t, folder); o.bytes > size {
			t.Errorf("killed, the server leaves %d bytes, want at most %d", o.bytes, size)
		}
	}
	t.Logf("%v entries were evicted", evicted)
	if evicted == 0 {
		t.Error("everything fits, so the bound was not tried")
	}
	if len(seen.first) != len(paths) {
		t.Errorf("%d of %d paths were ever answered", len(seen.first), len(paths))
	}
	if text := strings.Join(occupies(t, folder).temporary, "\n"); text != "" {
		t.Errorf("temporary files at the end:\n%s", text)
	}
}
