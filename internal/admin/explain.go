package admin

import (
	"fmt"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"

	"github.com/stillroom/stillroom/internal/plan"
)

// shownPrefix is in front of the names of request headers that stand for those of the client in question.
const shownPrefix = "X-Explain-"

// explain answers GET /v1/explain?url=PATH. What the client in question shows comes as X-Explain-Accept: … or
// accept=…, and so with every other header, Cookie among them.
func (a *api) explain(w http.ResponseWriter, r *http.Request) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		refuse(w, http.StatusBadRequest, "query: "+err.Error())
		return
	}
	if n := len(query["url"]); n != 1 {
		refuse(w, http.StatusBadRequest, fmt.Sprintf("url: want one path or URL of the public listener, got %d", n))
		return
	}
	target, err := path(query.Get("url"))
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	shown := clientOf(r.Header, query)
	q, err := a.Ask(target, plan.Client{Header: shown, Cookie: cookies(shown)})
	if err != nil {
		refuse(w, http.StatusBadRequest, "url: "+cause(err))
		return
	}
	view, err := a.view(r.Context(), q)
	if err != nil {
		refuse(w, http.StatusInternalServerError, err.Error())
		return
	}
	view.Ignored = ignored(shown, q.Vary)
	e := Explanation{Question: q, Cache: view}
	if strings.Contains(r.Header.Get("Accept"), "text/plain") {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		_ = e.WriteText(w) // a client that leaves is no failure of ours
		return
	}
	reply(w, http.StatusOK, e)
}

// clientOf returns the headers of the client in question.
func clientOf(h http.Header, query url.Values) http.Header {
	shown := http.Header{}
	for name, values := range h {
		if rest, ok := strings.CutPrefix(name, shownPrefix); ok {
			shown[textproto.CanonicalMIMEHeaderKey(rest)] = values
		}
	}
	for name, values := range query {
		if name != "url" {
			shown[textproto.CanonicalMIMEHeaderKey(name)] = values
		}
	}
	return shown
}

func cookies(h http.Header) func(name string) string {
	r := http.Request{Header: h}
	return func(name string) string {
		c, err := r.Cookie(name)
		if err != nil {
			return ""
		}
		return c.Value
	}
}

// ignored lists the headers that no answer varies on. Silence about them would look like an answer.
func ignored(shown http.Header, vary string) []string {
	var all []string
	for name := range shown {
		if !slices.ContainsFunc(strings.Split(vary, ", "), func(v string) bool { return strings.EqualFold(v, name) }) {
			all = append(all, strings.ToLower(name))
		}
	}
	slices.Sort(all)
	return all
}
