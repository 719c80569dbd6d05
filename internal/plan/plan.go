// Package plan turns a Request and what the client shows into a Plan: the key and everything that is
// needed to make or find the result. It is pure; nothing changes a Plan afterwards.
package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"sync"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/format"
	"github.com/stillroom/stillroom/internal/provider"
	"github.com/stillroom/stillroom/internal/source"
	"github.com/stillroom/stillroom/internal/transform"
)

// Plan says what to find or make.
type Plan struct {
	Key cache.Key
	// Group names the results of this URL for all clients and of all revisions of the engine.
	Group     cache.Key
	Want      provider.Want
	Source    source.Ref
	Canonical transform.Canonical

	// Limits and SourceBytes decide whether a miss may be made; they are no part of the key. 0 = none.
	Limits      transform.Limits
	SourceBytes int64

	Delivery provider.Delivery
	// Tags are what the result can be purged by, beside its source: what the URL says, and one for the source.
	Tags []string
	// Vary is the value of the Vary field: what negotiation and key headers looked at. Empty = nothing.
	Vary string
	// Private says that a cookie is part of the key, so that no shared cache may keep the answer.
	Private bool
}

// Config is what the operator lets requests vary by.
type Config struct {
	// Auto holds the modern formats that are chosen for clients that show them where a URL names no
	// format; Enforce those that replace even a named one.
	Auto, Enforce format.Set
	// ClientHints lets Width and DPR fill what a URL leaves open.
	ClientHints bool
	// KeyHeaders and KeyCookies name request headers and cookies that are part of the key.
	KeyHeaders, KeyCookies []string

	// SourceTag gives each result a tag of its source, see TagOf.
	SourceTag bool

	// Limits and SourceBytes hold where a URL does not set its own. 0 = none.
	Limits      transform.Limits
	SourceBytes int64
}

// Client is what a request shows of the client.
type Client struct {
	Header Header
	// Cookie returns the value of a cookie, empty when absent; it may be nil where Config.KeyCookies is empty.
	Cookie func(name string) string
}

// Header reads request header fields; http.Header is one. Get returns the empty string for what is absent.
type Header interface{ Get(name string) string }

// Planner makes plans. It is safe for concurrent use.
type Planner struct {
	config Config
	vary   string
	texts  sync.Pool // of *[]byte: buffers for key texts, because a hit should not allocate to find its key
}

// New returns a planner.
func New(c Config) *Planner {
	return &Planner{config: c, vary: varyOn(c)}
}

// Resolve makes the plan of a request. Errors are those of transform.Normalize, of kind BadURL.
func (p *Planner) Resolve(r provider.Request, client Client) (Plan, error) {
	pipeline := r.Pipeline
	if p.config.ClientHints {
		pipeline = withHints(pipeline, r.Hints, client)
	}
	if offer := p.config.Auto | p.config.Enforce; offer != 0 {
		shown := format.Accepted(client.Header.Get("Accept"), offer)
		pipeline.Output.Auto = shown & p.config.Auto
		pipeline.Output.Enforce = shown & p.config.Enforce
	}
	if r.Want == provider.Original {
		pipeline = transform.Pipeline{}
	}
	canonical, err := transform.Normalize(pipeline)
	if err != nil {
		return Plan{}, err
	}
	plan := Plan{
		Want:        r.Want,
		Source:      r.Source,
		Canonical:   canonical,
		Limits:      p.limits(r.Limits),
		SourceBytes: override(r.Limits.SourceBytes, p.config.SourceBytes),
		Delivery:    r.Delivery,
		Tags:        r.Tags,
		Vary:        p.vary,
		Private:     len(p.config.KeyCookies) > 0,
	}
	if p.config.SourceTag {
		plan.Tags = append(r.Tags[:len(r.Tags):len(r.Tags)], TagOf(r.Source))
	}
	plan.Key = p.key(Engine, r, canonical, client)
	if plan.Group, err = p.group(r, canonical); err != nil {
		return Plan{}, err
	}
	return plan, nil
}

// Fixed reports whether plans depend on requests alone: nothing that a client shows changes them.
func (p *Planner) Fixed() bool { return p.vary == "" }

// group returns the key of a client that shows nothing, as it would be if no engine had a revision. A purge of a URL has to
// reach what other revisions made: they share the bucket during a deploy, and the disk after one that was taken back.
func (p *Planner) group(r provider.Request, c transform.Canonical) (cache.Key, error) {
	if p.vary != "" && r.Want != provider.Original { // then the client may have had a say in it
		var err error
		if c, err = transform.Normalize(r.Pipeline); err != nil {
			return cache.Key{}, err
		}
	}
	return p.key("", r, c, Client{Header: silent{}, Cookie: silent{}.Get}), nil
}

// TagOf returns the tag that all results of a source carry: short, for networks bound the length of tags, and without
// the source's own text, which may hold credentials.
func TagOf(ref source.Ref) string {
	sum := sha256.Sum256([]byte(ref.String()))
	return "src-" + hex.EncodeToString(sum[:8])
}

// silent is a client that shows nothing.
type silent struct{}

func (silent) Get(string) string { return "" }

func (p *Planner) limits(own provider.Limits) transform.Limits {
	return transform.Limits{
		SourcePixels: override(own.SourcePixels, p.config.Limits.SourcePixels),
		FramePixels:  override(own.FramePixels, p.config.Limits.FramePixels),
	}
}

func override(own, configured int64) int64 {
	if own != 0 {
		return own
	}
	return configured
}

// varyOn lists every request header that can change an answer. The value is the same for all URLs
// under one configuration, as caches need it: they learn it from one answer and apply it to the next.
func varyOn(c Config) string {
	vary := ""
	add := func(name string) {
		if vary != "" {
			vary += ", "
		}
		vary += name
	}
	if c.Auto|c.Enforce != 0 {
		add("Accept")
	}
	if c.ClientHints {
		add("Sec-CH-DPR")
		add("DPR")
		add("Sec-CH-Width")
		add("Width")
	}
	for _, name := range c.KeyHeaders {
		add(name)
	}
	if len(c.KeyCookies) > 0 {
		add("Cookie")
	}
	return vary
}
