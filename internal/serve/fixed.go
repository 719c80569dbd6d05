package serve

import (
	"net/http"
	"strings"
)

const allowed = "GET, HEAD, OPTIONS"

// fixed answers the paths that are no images, and reports whether this was one.
func (x *exchange) fixed(target string) bool {
	path, _, _ := strings.Cut(target, "?")
	switch {
	case path == "/health" || path == x.h.HealthPath && path != "":
		x.outcome = "health"
		x.w.Header().Set("Cache-Control", "no-cache")
		if x.h.draining.Load() {
			x.plain(http.StatusServiceUnavailable, "draining")
		} else {
			x.plain(http.StatusOK, "stillroom is running")
		}
	case path == "/":
		x.outcome = "landing"
		x.plain(http.StatusOK, "This is Stillroom, an image server. It speaks imgproxy URLs: /{signature}/{options}/plain/{source}")
	case path == "/favicon.ico" || path == "/robots.txt" || strings.HasPrefix(path, "/.well-known/"):
		x.outcome = "fixed"
		x.plain(http.StatusNotFound, "Not found")
	default:
		return false
	}
	return true
}

// options answers a CORS preflight and whoever else asks.
func (x *exchange) options() {
	x.outcome = "options"
	h := x.w.Header()
	h.Set("Allow", allowed)
	if origin := x.h.Deliverer.Origin; origin != "" {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Methods", allowed)
		h.Set("Access-Control-Max-Age", "86400")
	}
	x.status = http.StatusNoContent
	x.w.WriteHeader(x.status)
}

func (x *exchange) refuseMethod() {
	x.outcome = "method"
	x.w.Header().Set("Allow", allowed)
	x.plain(http.StatusMethodNotAllowed, "Method not allowed: use "+allowed)
}
