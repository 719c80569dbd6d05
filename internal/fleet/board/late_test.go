package board

import (
	"context"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/stillroom/stillroom/internal/bucket"
)

// late is a bucket whose listings tell of changes after a while, as Swift's may.
type late struct {
	bucket.Bucket
	lag time.Duration

	mu   sync.Mutex
	born map[string]time.Time
	died map[string]ghost
}

// ghost is an object that is gone but listed.
type ghost struct {
	at   time.Time
	info bucket.Info
}

func (l *late) Put(ctx context.Context, key string, body io.ReadSeeker, size int64, options bucket.PutOptions) (bucket.Info, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.born[key] = time.Now()
	return l.Bucket.Put(ctx, key, body, size, options)
}

func (l *late) Delete(ctx context.Context, key string) error {
	info, err := l.Bucket.Stat(ctx, key, "")
	if err != nil {
		return nil // there is none
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.died[key] = ghost{time.Now(), info}
	return l.Bucket.Delete(ctx, key)
}

func (l *late) List(ctx context.Context, prefix, after string, limit int, visit func(string, bucket.Info) bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	found := map[string]bucket.Info{}
	err := l.Bucket.List(ctx, prefix, after, 0, func(key string, info bucket.Info) bool {
		if time.Since(l.born[key]) >= l.lag {
			found[key] = info
		}
		return true
	})
	for key, g := range l.died {
		if time.Since(g.at) < l.lag && strings.HasPrefix(key, prefix) && key > after {
			found[key] = g.info
		}
	}
	for i, key := range slices.Sorted(maps.Keys(found)) {
		if limit > 0 && i == limit || !visit(key, found[key]) {
			break
		}
	}
	return err
}
