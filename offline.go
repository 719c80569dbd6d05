package stillroom

import (
	"errors"
	"strings"
	"time"

	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/plan"
	"github.com/stillroom/stillroom/internal/provider"
	"github.com/stillroom/stillroom/internal/sign"
)

// Offline reads URLs as a Server of the same configuration does, without cache, engine or network.
type Offline struct {
	door

	prefix  string
	planner *plan.Planner
}

// NewOffline returns the reader of a configuration.
func NewOffline(c *Config) (*Offline, error) {
	door, err := newDoor(c)
	if err != nil {
		return nil, err
	}
	return &Offline{door: door, prefix: c.Server.PathPrefix, planner: newPlanner(c)}, nil
}

// Keyring returns the keys that sign and check.
func (o *Offline) Keyring() *sign.Keyring { return o.keyring }

// Grammar returns a grammar by its name, and the path in front of its URLs, which ends with "/".
func (o *Offline) Grammar(name string) (grammar provider.Provider, prefix string, ok bool) {
	for _, m := range o.mounts {
		if m.Provider.Name() == name {
			return m.Provider, o.prefix + m.Prefix, true
		}
	}
	return nil, "", false
}

// Explanation is how a URL is understood.
type Explanation struct {
	Provider string // the name of the grammar that read it
	Request  provider.Request
	Refusal  error // why the server would not answer it; nil = it would
	Plan     plan.Plan
	KeyText  string // what Plan.Key is the SHA-256 of
}

// Explain reads a request target as it would stand in a request line. The error says why it is not
// understood; a URL that is understood and would be refused, for its signature say, is explained all the same.
func (o *Offline) Explain(target string, client plan.Client, now time.Time) (Explanation, error) {
	e, err := o.parse(target)
	if err != nil {
		return e, err
	}
	e.Refusal = o.admission.Admit(e.Request, now)
	e.Plan, err = o.planner.Resolve(e.Request, client)
	if err != nil {
		return e, err
	}
	e.KeyText = o.planner.Text(e.Request, e.Plan, client)
	return e, nil
}

// parse asks the grammars, the longest prefix first.
func (o *Offline) parse(target string) (Explanation, error) {
	path, ok := strings.CutPrefix(target, o.prefix)
	for _, m := range o.mounts {
		if !ok || !strings.HasPrefix(path, m.Prefix) {
			continue
		}
		request, err := m.Provider.Parse(path[len(m.Prefix)-1:])
		if !errors.Is(err, provider.ErrSkip) {
			return Explanation{Provider: m.Provider.Name(), Request: request}, err
		}
	}
	return Explanation{}, fault.New(fault.BadURL, "explain.route", "no grammar reads this path")
}
