package serve

import (
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/stillroom/stillroom/internal/plan"
)

// purge hides what is kept for a URL, as nginx's and Varnish's PURGE do, for whoever carries the admin token. The URL
// names the results, for whatever client they were made; its signature does not matter. With the field
// "Soft-Purge: 1" they become stale in place of unreachable.
func (x *exchange) purge(target string) {
	x.outcome = "purge"
	token, ok := strings.CutPrefix(x.r.Header.Get("Authorization"), "Bearer ")
	if x.h.AdminToken == "" || !ok || subtle.ConstantTimeCompare([]byte(token), []byte(x.h.AdminToken)) != 1 {
		x.plain(http.StatusForbidden, "Forbidden: PURGE needs the admin token")
		return
	}
	req, err := x.parse(target)
	if err != nil {
		x.fail(err)
		return
	}
	if x.plan, err = x.h.Planner.Resolve(req, plan.Client{Header: x.r.Header, Cookie: x.cookie}); err != nil {
		x.fail(err)
		return
	}
	id, at, err := x.h.Purge(x.plan.Group, x.r.Header.Get("Soft-Purge") == "1")
	if err != nil {
		x.fail(err)
		return
	}
	body, _ := json.Marshal(struct { // strings always marshal
		Rule string `json:"rule"`
		At   string `json:"at"`
	}{id, at.UTC().Format(time.RFC3339Nano)})
	h := x.w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	x.status = http.StatusOK
	x.w.WriteHeader(x.status)
	n, _ := x.w.Write(body) // a client that leaves is no failure of ours
	x.sent = int64(n)
}
