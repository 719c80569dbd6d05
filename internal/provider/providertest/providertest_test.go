package providertest_test

import (
	"strings"
	"testing"

	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/provider"
	"github.com/stillroom/stillroom/internal/provider/providertest"
	"github.com/stillroom/stillroom/internal/source"
)

// toy is the smallest grammar: "/toy/" and the source.
type toy struct{ fault string }

func (toy) Name() string { return "toy" }

func (g toy) Parse(target string) (provider.Request, error) {
	text, ok := strings.CutPrefix(target, "/toy/")
	if !ok {
		return provider.Request{}, provider.ErrSkip
	}
	ref, err := source.ParseRef(text)
	r := provider.Request{Source: ref}
	switch {
	case g.fault == "request beside the error" && err != nil:
		r.CacheBuster = "left over"
	case g.fault == "kind" && err != nil:
		err = fault.New(fault.Broken, "toy.parse", "broken")
	case g.fault == "lost" && err == nil:
		r.CacheBuster = "never written"
	}
	return r, err
}

func (g toy) Format(r provider.Request) (string, error) {
	if g.fault == "lost" && r.CacheBuster != "" {
		return "/toy/local:///other", nil
	}
	return "/toy/" + r.Source.String(), nil
}

func TestToy(t *testing.T) {
	providertest.Run(t, toy{},
		providertest.Case{Target: "/toy/local:///a.png"},
		providertest.Case{Target: "/toy/LOCAL:///a.png", SameAs: "/toy/local:///a.png"},
		providertest.Case{Target: "/toy/a.png", Kind: fault.Unreachable},
		providertest.Case{Target: "/other/a.png", Skip: true},
	)
}

// recorder notes that a check failed instead of failing.
type recorder struct {
	testing.TB
	failed bool
}

func (r *recorder) Helper()               {}
func (r *recorder) Errorf(string, ...any) { r.failed = true }

func TestCheckNotices(t *testing.T) {
	for _, c := range []struct{ fault, target string }{
		{"request beside the error", "/toy/a.png"},
		{"kind", "/toy/a.png"},
		{"lost", "/toy/local:///a.png"},
	} {
		r := &recorder{TB: t}
		providertest.Check(r, toy{fault: c.fault}, c.target)
		if !r.failed {
			t.Errorf("a grammar with the fault %q passes", c.fault)
		}
	}
}
