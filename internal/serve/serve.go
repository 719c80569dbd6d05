// Package serve is the public HTTP edge: it takes a request through parse, admit, plan, render and
// deliver, and turns whatever fails on the way into a status, a text and a log line.
package serve

import (
	"crypto/subtle"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/deliver"
	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/plan"
	"github.com/stillroom/stillroom/internal/provider"
	"github.com/stillroom/stillroom/internal/render"
)

// Mount is a URL grammar and the path under which it is spoken.
type Mount struct {
	Prefix   string // begins and ends with "/"
	Provider provider.Provider
}

// Admission decides whether a request may be answered, before anything is fetched.
type Admission interface {
	Admit(r provider.Request, now time.Time) error
	// Verify checks the credentials alone.
	Verify(c provider.Credentials) error
}

// Observer is told of each request when it has been answered.
type Observer interface {
	Request(outcome string, status int, sent int64, took time.Duration)
}

// Config is what the handler stands on.
type Config struct {
	Mounts    []Mount // longest prefix first
	Admission Admission
	Planner   *plan.Planner
	Renderer  *render.Renderer
	Deliverer *deliver.Deliverer

	PathPrefix  string // in front of every path; empty = none
	Secret      string // bearer token that requests must carry; empty = none
	HealthPath  string // answers like /health; empty = none
	NegativeTTL time.Duration
	Development bool // error bodies say everything
	KeyCookies  bool // the planner reads cookies
	// AdminToken lets a client purge with the PURGE method; empty = nobody may.
	AdminToken string
	// Purge hides all results of a URL from now on, or makes them stale, and returns the rule's id and time.
	Purge    func(group cache.Key, soft bool) (id string, at time.Time, err error)
	Observer Observer // nil = nobody
	Log      *slog.Logger
}

// Handler answers the public listener.
type Handler struct {
	Config

	draining atomic.Bool
	busy     atomic.Int64
	memo     memo
}

// New returns a handler.
func New(c Config) *Handler {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Handler{Config: c}
}

// Drain makes health checks fail, so that balancers send no more requests. Requests that come all the same are
// answered.
func (h *Handler) Drain() { h.draining.Store(true) }

// Draining reports whether Drain was called.
func (h *Handler) Draining() bool { return h.draining.Load() }

// Busy returns how many requests are being answered.
func (h *Handler) Busy() int64 { return h.busy.Load() }

// ServeHTTP answers one request.
//
// It reads the request target as it stood in the request line: decoding and cleaning a path changes
// what a signature was made for.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.busy.Add(1)
	defer h.busy.Add(-1)
	x := exchange{h: h, w: w, r: r, began: time.Now(), id: requestID(r)}
	w.Header()["X-Request-Id"] = []string{x.id}
	x.answer()
	x.done()
}

// exchange is one request on its way; it lives as long as the request.
type exchange struct {
	h     *Handler
	w     http.ResponseWriter
	r     *http.Request
	began time.Time
	id    string

	provider string
	plan     plan.Plan
	outcome  string
	status   int
	sent     int64
	err      error
}

func (x *exchange) answer() {
	target, ok := strings.CutPrefix(target(x.r), x.h.PathPrefix)
	if !ok || target == "" || target[0] != '/' {
		x.fail(fault.New(fault.BadURL, "serve.route", "nothing is served outside %q", x.h.PathPrefix+"/"))
		return
	}
	if x.fixed(target) {
		return
	}
	switch x.r.Method {
	case http.MethodGet, http.MethodHead:
		x.image(target)
	case http.MethodOptions:
		x.options()
	case "PURGE":
		x.purge(target)
	default:
		x.refuseMethod()
	}
}

// target returns the request target in origin form. A proxy may send the absolute form (RFC 9112, section 3.2.2),
// and a handler inside another may have been given a request without one.
func target(r *http.Request) string {
	t := r.RequestURI
	if t == "" {
		return r.URL.RequestURI()
	}
	if t[0] != '/' {
		if _, rest, ok := strings.Cut(t, "://"); ok {
			if i := strings.IndexByte(rest, '/'); i >= 0 {
				return rest[i:]
			}
		}
	}
	return t
}

// image takes the request through the five steps.
func (x *exchange) image(target string) {
	if !x.authorized() {
		x.fail(fault.New(fault.Forbidden, "serve.authorize", "the bearer token is missing or wrong"))
		return
	}
	if looped(x.r) {
		x.outcome = "loop"
		x.plain(http.StatusLoopDetected, "Loop detected: the source of this image is this server")
		return
	}
	remembered := x.h.memo.get(target, x.began)
	if remembered != nil {
		x.provider, x.plan = remembered.provider, remembered.plan
	} else if err := x.understand(target); err != nil {
		x.fail(err)
		return
	}
	result, err := x.h.Renderer.Render(x.r.Context(), x.plan, first(x.r.Header["If-None-Match"]))
	if err != nil {
		x.fail(err)
		return
	}
	if remembered == nil && result.Status.Hit && x.h.Planner.Fixed() {
		x.h.memo.put(target, &understood{x.provider, x.plan})
	}
	x.outcome = result.Status.Outcome()
	x.status, x.sent = x.h.Deliverer.Result(x.w, x.r, x.plan, result)
}

// understand takes the URL through parse, admit and plan.
func (x *exchange) understand(target string) error {
	req, err := x.parse(target)
	if err != nil {
		// Whoever cannot sign is told nothing else.
		if req.Credentials != (provider.Credentials{}) {
			if refused := x.h.Admission.Verify(req.Credentials); refused != nil {
				return refused
			}
		}
		return err
	}
	if err := x.h.Admission.Admit(req, x.began); err != nil {
		return err
	}
	client := plan.Client{Header: x.r.Header}
	if x.h.KeyCookies {
		client.Cookie = x.cookie
	}
	x.plan, err = x.h.Planner.Resolve(req, client)
	return err
}

// parse asks the grammars, the longest prefix first.
func (x *exchange) parse(target string) (provider.Request, error) {
	for _, m := range x.h.Mounts {
		if !strings.HasPrefix(target, m.Prefix) {
			continue
		}
		req, err := m.Provider.Parse(target[len(m.Prefix)-1:])
		if errors.Is(err, provider.ErrSkip) {
			continue
		}
		x.provider = m.Provider.Name()
		return req, err
	}
	return provider.Request{}, fault.New(fault.BadURL, "serve.route", "no grammar reads this path")
}

// first returns the first line of a field. http.Header.Get would look at the name's capitals first.
func first(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return lines[0]
}

func (x *exchange) authorized() bool {
	if x.h.Secret == "" {
		return true
	}
	token, ok := strings.CutPrefix(x.r.Header.Get("Authorization"), "Bearer ")
	return ok && subtle.ConstantTimeCompare([]byte(token), []byte(x.h.Secret)) == 1
}

func (x *exchange) cookie(name string) string {
	c, err := x.r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

// looped reports whether the request went through this server before: its own fetches carry its name
// (RFC 8586).
func looped(r *http.Request) bool {
	for _, line := range r.Header["Cdn-Loop"] {
		for line != "" {
			var id string
			id, line, _ = strings.Cut(line, ",")
			id, _, _ = strings.Cut(id, ";")
			if strings.TrimSpace(id) == "stillroom" {
				return true
			}
		}
	}
	return false
}
