// Package admin is the HTTP edge for operators, on a listener of its own: health, readiness and metrics, purging,
// statistics, and what is known of a URL. It holds both ends, the handler and the Client that the command line uses.
package admin

import (
	"context"
	"crypto/subtle"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/plan"
	"github.com/stillroom/stillroom/internal/purge"
	"github.com/stillroom/stillroom/internal/source"
)

// Config is what the handler stands on. Ready and Metrics are needed. A call below /v1 whose port is nil is not there.
type Config struct {
	Token string // bearer token; empty = none, for loopback only
	// Ready returns nil when requests can be served, else why not.
	Ready func() error
	// Metrics serves the metrics.
	Metrics http.Handler

	// Purges takes the rules of POST /v1/purge. It needs Group.
	Purges Purges
	// Group returns the group of all results of a URL. target is a path as it stands in a request line; it identifies,
	// so its signature need not be right. The error says why it is not understood.
	Group func(target string) (cache.Key, error)
	// Tiers are what a dry run of a purge counts in, as far as they are Walkers. They are the tiers themselves, not what
	// counts or guards them, so that looking has no effect.
	Tiers []cache.Tier

	// Stats returns the numbers of GET /v1/stats.
	Stats func() Stats

	// Ask tells how a URL is understood when such a client asks, for GET /v1/explain; target is as with Group.
	// It needs Peek.
	Ask func(target string, client plan.Client) (Question, error)
	// Peek tells what each tier holds, fastest first, without an effect; see Look.
	Peek func(ctx context.Context, key cache.Key) []Held
	// Failure returns the failure that is remembered of a key, nil if none is; nil = none ever is.
	Failure func(key cache.Key) error
	// Changed reports whether the source of a question is known to be another version than the one given;
	// nil = it never is. It may ask a source that answers without being fetched.
	Changed func(ctx context.Context, ref source.Ref, version string) bool

	// Log is told of every purge; nil = nobody is.
	Log *slog.Logger
	// Now is the clock; nil = time.Now.
	Now func() time.Time
}

// Purges takes purge rules; *purge.Ledger is one.
type Purges interface {
	// Add puts a rule in force and returns it with its ID and time. An error of kind Internal may say that the rule
	// holds until a restart; then the rule comes with it.
	Add(r purge.Rule) (purge.Rule, error)
}

// New returns the admin handler. Probes need no token, because orchestrators send none and the answers say nothing;
// everything else does when one is set.
func New(c Config) http.Handler {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { text(w, http.StatusOK, "alive") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if err := c.Ready(); err != nil {
			text(w, http.StatusServiceUnavailable, "not ready: "+err.Error())
			return
		}
		text(w, http.StatusOK, "ready")
	})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		if !authorized(w, r, c.Token) {
			text(w, http.StatusUnauthorized, needsToken)
			return
		}
		c.Metrics.ServeHTTP(w, r)
	})
	mux.Handle("/v1/", newAPI(c))
	return mux
}

const needsToken = "this needs the admin token: Authorization: Bearer …"

// authorized reports whether a request carries the token; if not, it says in the answer's header what is missing.
func authorized(w http.ResponseWriter, r *http.Request, token string) bool {
	if token == "" {
		return true
	}
	given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if ok && subtle.ConstantTimeCompare([]byte(given), []byte(token)) == 1 {
		return true
	}
	w.Header().Set("WWW-Authenticate", `Bearer realm="stillroom admin"`)
	return false
}

func text(w http.ResponseWriter, status int, line string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, line+"\n") // a probe that leaves is no failure of ours
}
