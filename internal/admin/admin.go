// Package admin is the HTTP edge for operators: health, readiness and metrics, on a listener of its own.
package admin

import (
	"crypto/subtle"
	"io"
	"net/http"
	"strings"
)

// Config is what the handler stands on.
type Config struct {
	Token string // bearer token; empty = none, for loopback only
	// Ready returns nil when requests can be served, else why not.
	Ready func() error
	// Metrics serves the metrics.
	Metrics http.Handler
}

// New returns the admin handler. Probes need no token, because orchestrators send none and the answers say nothing;
// everything else does when one is set.
func New(c Config) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { text(w, http.StatusOK, "alive") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if err := c.Ready(); err != nil {
			text(w, http.StatusServiceUnavailable, "not ready: "+err.Error())
			return
		}
		text(w, http.StatusOK, "ready")
	})
	mux.Handle("GET /metrics", guarded(c.Token, c.Metrics))
	return mux
}

// guarded lets in who carries the token.
func guarded(token string, next http.Handler) http.Handler {
	if token == "" {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok || subtle.ConstantTimeCompare([]byte(given), []byte(token)) != 1 {
			w.Header().Set("WWW-Authenticate", `Bearer realm="stillroom admin"`)
			text(w, http.StatusUnauthorized, "this needs the admin token: Authorization: Bearer …")
			return
		}
		next.ServeHTTP(w, r)
	})
}

func text(w http.ResponseWriter, status int, line string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, line+"\n") // a probe that leaves is no failure of ours
}
