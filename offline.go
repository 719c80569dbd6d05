package stillroom

import (
	"errors"
	"path/filepath"
	"strings"
	"time"

	"github.com/stillroom/stillroom/internal/admin"
	"github.com/stillroom/stillroom/internal/cache"
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

// copiesFolder is where the copies of sources stand within the folder of the disk tier, as a tier of their own.
const copiesFolder = "sources"

// DiskFolders returns the folders of disk tiers that a Server makes where its cache is on disk: that of results, then
// that of copies of sources, which is not there under every configuration.
func DiskFolders(path string) (results, copies string) {
	return path, filepath.Join(path, copiesFolder)
}

// Question is Explain in the words of the admin API.
func (o *Offline) Question(target string, client plan.Client, now time.Time) (admin.Question, error) {
	e, err := o.Explain(target, client, now)
	if err != nil {
		return admin.Question{}, err
	}
	q := admin.Question{
		Provider: e.Provider, Source: e.Request.Source.String(), Want: "rendition",
		Key: e.Plan.Key.String(), KeyText: e.KeyText, Group: e.Plan.Group.String(), Engine: plan.Engine,
		Delivery: admin.Delivery(e.Request.Delivery),
		Tags:     e.Plan.Tags, Vary: e.Plan.Vary, Private: e.Plan.Private,
	}
	if e.Request.Want == provider.Original {
		q.Want = "original"
	} else {
		q.Canonical = e.Plan.Canonical.String()
	}
	if e.Refusal != nil {
		q.Refusal = e.Refusal.Error()
	}
	return q, nil
}

// Group returns the key that names all results of a URL, whoever asks for it. The URL need not be signed: it is
// identified here, not answered.
func (o *Offline) Group(target string) (cache.Key, error) {
	e, err := o.parse(target)
	if err != nil {
		return cache.Key{}, err
	}
	nothing := func(string) string { return "" }
	p, err := o.planner.Resolve(e.Request, plan.Client{Header: headerFunc(nothing), Cookie: nothing})
	return p.Group, err
}

// headerFunc reads header fields.
type headerFunc func(name string) string

// Get implements plan.Header.
func (f headerFunc) Get(name string) string { return f(name) }

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
