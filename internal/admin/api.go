package admin

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/stillroom/stillroom/internal/fault"
)

// api answers what is below /v1, errors included, in JSON.
type api struct {
	Config

	routes []route
	origin *http.CrossOriginProtection
}

// route is one call.
type route struct {
	method, path string
	answer       http.HandlerFunc
}

func newAPI(c Config) *api {
	a := &api{Config: c, origin: http.NewCrossOriginProtection()}
	if c.Purges != nil && c.Group != nil {
		a.routes = append(a.routes, route{http.MethodPost, "/v1/purge", a.purge})
	}
	if c.Stats != nil {
		a.routes = append(a.routes, route{http.MethodGet, "/v1/stats", a.stats})
	}
	if c.Ask != nil && c.Peek != nil {
		a.routes = append(a.routes, route{http.MethodGet, "/v1/explain", a.explain})
	}
	return a
}

// ServeHTTP answers one call.
func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !authorized(w, r, a.Token) {
		refuse(w, http.StatusUnauthorized, needsToken)
		return
	}
	// A page that an operator visits can have the browser send a request to loopback, where no token is needed.
	if err := a.origin.Check(r); err != nil {
		refuse(w, http.StatusForbidden, "a page of another origin may not call this: "+err.Error())
		return
	}
	for _, route := range a.routes {
		switch {
		case route.path != r.URL.Path:
			continue
		case route.method == r.Method, route.method == http.MethodGet && r.Method == http.MethodHead:
			route.answer(w, r)
		default:
			w.Header().Set("Allow", route.method)
			refuse(w, http.StatusMethodNotAllowed, "method: want "+route.method+", got "+r.Method)
		}
		return
	}
	refuse(w, http.StatusNotFound, "there is no call "+r.URL.Path)
}

// refusal is the document that goes with every error.
type refusal struct {
	Error string `json:"error"` // one line
	// Rule and At name a purge that holds although something went wrong.
	Rule string `json:"rule,omitempty"`
	At   string `json:"at,omitempty"`
}

func refuse(w http.ResponseWriter, status int, line string) {
	reply(w, status, refusal{Error: oneLine(line)})
}

// reply answers with a document.
func reply(w http.ResponseWriter, status int, document any) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false) // a URL stays readable
	e.SetIndent("", "  ")
	_ = e.Encode(document) // the documents always marshal, and a client that leaves is no failure of ours
}

// statusOf tells what an error of a kind means here.
func statusOf(err error) int {
	switch fault.KindOf(err) {
	case fault.Internal:
		return http.StatusInternalServerError
	case fault.Overloaded:
		return http.StatusServiceUnavailable
	}
	return http.StatusBadRequest
}

// cause is what went wrong without the operation, which means nothing to a client.
func cause(err error) string {
	var e *fault.Error
	if errors.As(err, &e) {
		return e.Err.Error()
	}
	return err.Error()
}

// oneLine keeps a message on its line, whatever a library or a URL put into it.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}
