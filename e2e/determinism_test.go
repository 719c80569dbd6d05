package e2e

import (
	"crypto/sha256"
	"fmt"
	"sync"
	"testing"
)

// The same source and URL give the same bytes in two processes, whatever else they are doing: strong ETags rest on it.
func TestSameBytesInTwoProcessesUnderLoad(t *testing.T) {
	source := newOrigin(t, serves(photo(t, 1500, 1000), 0))
	sum := func(workers int) map[string]string {
		s := start(t, "CACHE_TYPE=none", fmt.Sprintf("WORKERS=%d", workers))
		sums := map[string]string{}
		var mu sync.Mutex
		var wg sync.WaitGroup
		for _, f := range []string{"jpg", "png", "webp", "avif", "gif", "tiff"} {
			for _, w := range []int{90, 311, 640} {
				for range 2 {
					wg.Go(func() {
						path := fmt.Sprintf("/_/rs:fill:%d:%d/g:noea/plain/%s/a.jpg@%s", w, w*2/3, source.URL, f)
						a := s.get(path)
						if a.status != 200 {
							t.Errorf("%s: %v", path, a)
							return
						}
						made := fmt.Sprintf("%x %s", sha256.Sum256(a.body), a.header.Get("ETag"))
						mu.Lock()
						defer mu.Unlock()
						if before, ok := sums[path]; ok && before != made {
							t.Errorf("%s: two different results in one process", path)
						}
						sums[path] = made
					})
				}
			}
		}
		wg.Wait()
		return sums
	}
	one, two := sum(1), sum(4)
	for path, made := range one {
		if two[path] != made {
			t.Errorf("%s: another process made something else", path)
		}
	}
}
