package disk

import (
	"testing"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/cache/cachetest"
)

// open opens a tier that is closed with the test.
func open(t testing.TB, c Config) *Store {
	t.Helper()
	if c.MaxBytes == 0 {
		c.MaxBytes = 8 << 20
	}
	s, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

func TestSuite(t *testing.T) {
	cachetest.Run(t, func(t *testing.T) cache.Store { return open(t, Config{Path: t.TempDir()}) })
}
