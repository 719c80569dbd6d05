package deliver

import (
	"net/http"
	"strings"
	"time"

	"github.com/stillroom/stillroom/internal/cache"
)

// judge evaluates the request's conditions in the order of RFC 9110, section 13.2.2, and returns 200, 304
// or 412. A condition on a validator that is not sent is ignored.
func (d *Deliverer) judge(r *http.Request, e *cache.Entry) int {
	modified := d.modified(e)
	if field := list(r.Header, "If-Match"); field != "" && !d.NoETag {
		if !strongMatch(field, e.ETag) {
			return http.StatusPreconditionFailed
		}
	} else if since, ok := date(r.Header, "If-Unmodified-Since"); ok && !modified.IsZero() && modified.After(since) {
		return http.StatusPreconditionFailed
	}
	if field := list(r.Header, "If-None-Match"); field != "" {
		if !d.NoETag && cache.Listed(field, e.ETag) {
			return http.StatusNotModified
		}
		return http.StatusOK
	}
	if since, ok := date(r.Header, "If-Modified-Since"); ok && !modified.IsZero() && !modified.After(since) {
		return http.StatusNotModified
	}
	return http.StatusOK
}

// modified is the Last-Modified that is sent, in whole seconds as the field has them; zero = none.
func (d *Deliverer) modified(e *cache.Entry) time.Time {
	t := e.LastModified
	if d.NoLastModified || t.IsZero() {
		return time.Time{}
	}
	if t.Before(d.LastModifiedFloor) {
		t = d.LastModifiedFloor
	}
	return t.Truncate(time.Second)
}

// list returns a field that may stand in several lines as one list.
func list(h http.Header, name string) string {
	switch lines := h[name]; len(lines) {
	case 0:
		return ""
	case 1:
		return lines[0]
	default:
		return strings.Join(lines, ",")
	}
}

// date reads a date field; an invalid one counts as absent.
func date(h http.Header, name string) (time.Time, bool) {
	text := h.Get(name)
	if text == "" {
		return time.Time{}, false
	}
	t, err := http.ParseTime(text)
	return t, err == nil
}

// strongMatch compares for If-Match: weak tags never match (RFC 9110, section 13.1.1).
func strongMatch(field, etag string) bool {
	for field != "" {
		var tag string
		tag, field, _ = strings.Cut(field, ",")
		if tag = strings.TrimSpace(tag); tag == etag || tag == "*" {
			return true
		}
	}
	return false
}
