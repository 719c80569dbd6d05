package admin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/purge"
	"github.com/stillroom/stillroom/internal/source"
)

// maxOrder bounds the body of a purge, in bytes: far above the longest value that a rule may have, written
// with every character escaped.
const maxOrder = 64 << 10

// Walker is a tier that can show what it holds.
type Walker interface {
	// Walk calls visit with each entry until it returns false or ctx ends. What comes or goes meanwhile may be seen or
	// not. It has no effect.
	Walk(ctx context.Context, visit func(key cache.Key, m cache.Meta) bool) error
}

// Receipt is the answer to a purge.
type Receipt struct {
	Rule string `json:"rule,omitempty"` // its ID; empty after a dry run
	// At is when the rule came: entries that began to be made later are not covered. Zero after a dry run.
	At       time.Time `json:"at,omitzero"`
	Selector string    `json:"selector"`
	Value    string    `json:"value,omitempty"` // as entries are compared with it; of a URL, the group's key
	Soft     bool      `json:"soft,omitempty"`
	DryRun   bool      `json:"dry_run,omitempty"`
	// Covers says after a dry run what the rule would cover now, for each tier that can be walked.
	Covers []Covered `json:"covers,omitempty"`
}

// Covered is what a rule covers in one tier.
type Covered struct {
	Tier    string `json:"tier"`
	Entries int64  `json:"entries"`
	Bytes   int64  `json:"bytes"` // of their bodies
}

// purge answers POST /v1/purge.
func (a *api) purge(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxOrder))
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			refuse(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("body: want at most %d bytes", maxOrder))
			return
		}
		refuse(w, http.StatusBadRequest, "body: "+err.Error())
		return
	}
	order, err := parseOrder(body)
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	rule, err := a.rule(order)
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	if order.DryRun {
		a.rehearse(w, r, rule)
		return
	}
	a.enact(w, r, rule)
}

// enact puts a rule in force, and into the log.
func (a *api) enact(w http.ResponseWriter, r *http.Request, rule purge.Rule) {
	added, err := a.Purges.Add(rule)
	record := []any{
		"selector", string(rule.Selector), "value", redacted(rule), "soft", rule.Soft, "rule", added.ID, "remote", r.RemoteAddr,
	}
	if err != nil {
		level := slog.LevelInfo
		if fault.Is(err, fault.Internal) {
			level = slog.LevelError
		}
		a.Log.Log(r.Context(), level, "purge failed", append(record, "error", cause(err))...)
		answer := refusal{Error: oneLine(cause(err)), Rule: added.ID}
		if added.ID != "" {
			answer.At = added.At.Format(time.RFC3339Nano)
		}
		reply(w, statusOf(err), answer)
		return
	}
	a.Log.Info("purge", record...)
	reply(w, http.StatusOK, receipt(added))
}

// rehearse tells what a rule would do, and does nothing.
func (a *api) rehearse(w http.ResponseWriter, r *http.Request, rule purge.Rule) {
	rule.At = a.Now()
	answer := receipt(rule)
	answer.At, answer.DryRun = time.Time{}, true
	for _, tier := range a.Tiers {
		walker, ok := tier.Store.(Walker)
		if !ok {
			continue
		}
		covered := Covered{Tier: tier.Name}
		err := walker.Walk(r.Context(), func(_ cache.Key, m cache.Meta) bool {
			if rule.Covers(&m) {
				covered.Entries++
				covered.Bytes += m.Length
			}
			return true
		})
		if err != nil {
			refuse(w, http.StatusInternalServerError, fmt.Sprintf("looking through the %s tier: %s", tier.Name, cause(err)))
			return
		}
		answer.Covers = append(answer.Covers, covered)
	}
	reply(w, http.StatusOK, answer)
}

func receipt(r purge.Rule) Receipt {
	return Receipt{Rule: r.ID, At: r.At, Selector: string(r.Selector), Value: r.Value, Soft: r.Soft}
}

// redacted returns the value of a rule without what may be a credential in a source.
func redacted(r purge.Rule) string {
	if r.Selector != purge.Source && r.Selector != purge.Prefix {
		return r.Value
	}
	if ref, err := source.ParseRef(r.Value); err == nil {
		return ref.Redacted()
	}
	// A prefix that ends within the host: what there is may be a user and half of a password.
	scheme, _, _ := strings.Cut(r.Value, "://")
	return scheme + "://…"
}
