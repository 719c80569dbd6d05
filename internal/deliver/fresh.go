package deliver

import (
	"strconv"
	"time"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/plan"
)

// immutable is for sources that are declared never to change: the longest life that caches heed
// (RFC 9111, section 1.2.2, and RFC 8246).
const immutable = "public, max-age=31536000, immutable"

// cacheControl says how long the client may keep an answer: what is left of the entry's freshness, and no longer than
// its URL works. Times are rounded up, so that an answer made this instant has its whole life.
func (d *Deliverer) cacheControl(p plan.Plan, e *cache.Entry, now time.Time) string {
	expires := p.Delivery.Expires
	switch {
	case e.NoStore:
		return "no-store"
	case d.PassCacheControl && e.SourceCacheControl != "" && expires.IsZero():
		return e.SourceCacheControl
	}
	left := e.Clocks.Fresh.Sub(now)
	stale := e.Clocks.Revalidate.Sub(later(e.Clocks.Fresh, now))
	if !expires.IsZero() {
		left = min(left, expires.Sub(now))
		stale = min(stale, expires.Sub(now)-max(left, 0))
	}
	if e.Immutable && !e.Private && expires.IsZero() && left > 0 {
		return immutable
	}
	if left <= 0 && !e.Clocks.Fresh.After(e.Created) {
		return "no-cache"
	}

	var buf [80]byte
	b := append(buf[:0], "public, max-age="...)
	if e.Private {
		b = append(buf[:0], "private, max-age="...)
	}
	b = strconv.AppendInt(b, seconds(left), 10)
	if s := seconds(stale); s > 0 && !e.Private {
		b = append(b, ", stale-while-revalidate="...)
		b = strconv.AppendInt(b, s, 10)
	}
	return string(b)
}

// shareable reports whether a result is fresh, and nobody has said who may have it, or until when.
func shareable(p plan.Plan, e *cache.Entry, now time.Time) bool {
	return !e.NoStore && !e.OneClient && !e.Private && p.Delivery.Expires.IsZero() && e.Clocks.Fresh.After(now)
}

func seconds(d time.Duration) int64 {
	if d <= 0 {
		return 0
	}
	return int64((d + time.Second - 1) / time.Second)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
