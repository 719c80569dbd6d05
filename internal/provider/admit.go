package provider

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/source"
)

// Checker decides whether a signature lets a URL in. A refusal is of kind fault.Forbidden.
type Checker interface {
	Check(signature, signed string) error
}

// AdmissionConfig says what is let in.
type AdmissionConfig struct {
	// Checker checks signatures; nil = nobody does.
	Checker Checker
	// AllowedSources are beginnings of sources, of which one has to match; "*" stands for any run of
	// characters other than "/". Empty = every source. Hosts should end with "/": "https://example.com"
	// also allows https://example.com.evil.net.
	AllowedSources []string
	// Schemes that can be opened, in lower case; empty = not checked here.
	Schemes []string
}

// Admission decides whether a request may be answered. It is pure, immutable and safe for concurrent
// use.
type Admission struct {
	checker Checker
	schemes []string
	allowed []pattern
}

// NewAdmission returns the admission that cfg describes. Errors name the setting.
func NewAdmission(cfg AdmissionConfig) (*Admission, error) {
	a := &Admission{checker: cfg.Checker, schemes: slices.Clone(cfg.Schemes)}
	for i, text := range cfg.AllowedSources {
		if text == "" {
			return nil, fmt.Errorf("allowed sources: item %d is empty, which would allow every source", i+1)
		}
		a.allowed = append(a.allowed, newPattern(text))
	}
	return a, nil
}

// Admit returns nil if r may be answered at the time now. Otherwise the error is, in this order, what
// Verify says; Expired; Unreachable for a scheme that cannot be opened; SourceDenied.
func (a *Admission) Admit(r Request, now time.Time) error {
	if err := a.Verify(r.Credentials); err != nil {
		return err
	}
	if at := r.Delivery.Expires; !at.IsZero() && !now.Before(at) {
		return fault.New(fault.Expired, "provider.admit", "the URL expired at %s", at.UTC().Format(time.RFC3339))
	}
	if len(a.schemes) > 0 && !slices.Contains(a.schemes, r.Source.Scheme()) {
		return fault.New(fault.Unreachable, "provider.admit", "no source of the scheme %q is configured", r.Source.Scheme())
	}
	return a.source(r.Source)
}

// Verify checks the signature alone: for a URL that could not be parsed, so that one that is not signed
// is told nothing else.
func (a *Admission) Verify(c Credentials) error {
	if a.checker == nil {
		return nil
	}
	return a.checker.Check(c.Signature, c.Signed)
}

func (a *Admission) source(ref source.Ref) error {
	if len(a.allowed) == 0 {
		return nil
	}
	text := ref.String()
	if climbs(text) {
		return fault.New(fault.SourceDenied, "provider.admit", "source %s: a path with \"..\" could leave what is allowed",
			ref.Redacted())
	}
	for i := range a.allowed {
		if a.allowed[i].matches(text) {
			return nil
		}
	}
	return fault.New(fault.SourceDenied, "provider.admit", "source %s: not among the allowed sources", ref.Redacted())
}

// climbs reports whether the path has a segment "..", escaped or not. Whoever opens the source would
// resolve it, and leave what the beginning of the text promised.
func climbs(text string) bool {
	path, _, _ := strings.Cut(text, "?")
	if !strings.Contains(path, "..") && !strings.ContainsRune(path, '%') {
		return false
	}
	path = unescapePath.Replace(path)
	for segment := range strings.SplitSeq(path, "/") {
		if segment == ".." {
			return true
		}
	}
	return false
}

// unescapePath undoes the escapes, in either case, that can hide a segment "..". Servers that resolve a
// backslash take it for a slash.
var unescapePath = strings.NewReplacer("%2e", ".", "%2E", ".", "%2f", "/", "%2F", "/", "%5c", "/", "%5C", "/", `\`, "/")

// pattern matches the beginning of a source.
type pattern struct {
	prefix string         // where there is no star
	expr   *regexp.Regexp // where there is one
}

func newPattern(text string) pattern {
	text = fold(text)
	if !strings.Contains(text, "*") {
		return pattern{prefix: text}
	}
	return pattern{expr: regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(text), `\*`, "[^/]*"))}
}

func (p *pattern) matches(text string) bool {
	if p.expr != nil {
		return p.expr.MatchString(text)
	}
	return strings.HasPrefix(text, p.prefix)
}

// fold writes scheme, host and port of a pattern as source.ParseRef writes those of a source.
func fold(text string) string {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		return text
	}
	scheme = strings.ToLower(scheme)
	port := map[string]string{"http": ":80", "https": ":443"}[scheme]
	if port == "" {
		return scheme + "://" + rest
	}
	host, path, ok := strings.Cut(rest, "/")
	host = strings.ToLower(host)
	if ok {
		host = strings.TrimSuffix(host, port) + "/"
	}
	return scheme + "://" + host + path
}
