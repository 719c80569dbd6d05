// Package providertest holds what every URL grammar has to get right, whatever its URLs look like.
package providertest

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/provider"
	"github.com/stillroom/stillroom/internal/source"
)

// Case is a request target and what a grammar has to make of it.
type Case struct {
	Target string
	// SameAs is another spelling of the same Request, Credentials aside; empty = none is known.
	SameAs string
	// Kind is the kind of error that Parse has to return; the zero value means none.
	Kind fault.Kind
	// Skip says that the target is not in the grammar at all.
	Skip bool
}

// Run checks a grammar on cases, and on what becomes of them when a piece is lost. The cases should
// cover every option of the grammar.
func Run(t *testing.T, p provider.Provider, cases ...Case) {
	if p.Name() == "" || strings.ToLower(p.Name()) != p.Name() {
		t.Errorf("name %q, want a word in lower case", p.Name())
	}
	for _, c := range cases {
		t.Run(c.Target, func(t *testing.T) {
			c.check(t, p)
			for i := range len(c.Target) {
				Check(t, p, c.Target[:i])
				Check(t, p, c.Target[:i]+c.Target[i+1:])
			}
		})
	}
	t.Run("concurrent", func(t *testing.T) { concurrent(t, p, cases) })
}

func (c Case) check(t *testing.T, p provider.Provider) {
	t.Helper()
	Check(t, p, c.Target)
	r, err := p.Parse(c.Target)
	switch {
	case c.Skip:
		if !errors.Is(err, provider.ErrSkip) {
			t.Errorf("error %v, want ErrSkip", err)
		}
	case c.Kind != fault.Internal:
		if !fault.Is(err, c.Kind) {
			t.Errorf("error %v, want one of kind %q", err, c.Kind)
		}
	case err != nil:
		t.Errorf("error %v, want a request", err)
	case r.Source.IsZero():
		t.Error("the request has no source")
	}
	if c.SameAs == "" || t.Failed() {
		return
	}
	other, err := p.Parse(c.SameAs)
	if err != nil {
		t.Fatalf("%s: %v", c.SameAs, err)
	}
	if d := Diff(other, r); d != "" {
		t.Errorf("differs from the request of %s (-that +this):\n%s", c.SameAs, d)
	}
}

// Check checks what holds for every target, in the grammar or not: Parse does not panic; it says the
// same when asked again; an error is ErrSkip or of an allowed kind and comes with nothing but
// Credentials; a request has a source and can be written, and what was written is read as the same
// request. Fuzz tests call it.
func Check(t testing.TB, p provider.Provider, target string) {
	t.Helper()
	r, err := p.Parse(target)
	again, errAgain := p.Parse(target)
	if d := cmp.Diff(r, again, options()...); d != "" || (err == nil) != (errAgain == nil) {
		t.Errorf("%q: asked twice, answers differ (errors %v and %v):\n%s", target, err, errAgain, d)
	}
	if err != nil {
		checkError(t, target, r, err)
		return
	}
	if r.Source.IsZero() {
		t.Errorf("%q: the request has no source", target)
	}
	written, err := p.Format(r)
	if err != nil {
		t.Errorf("%q: cannot be written: %v", target, err)
		return
	}
	if !strings.HasPrefix(written, "/") {
		t.Errorf("%q: written as %q, want a path that begins with /", target, written)
	}
	back, err := p.Parse(written)
	if err != nil {
		t.Errorf("%q: written as %q, which is not understood: %v", target, written, err)
		return
	}
	if d := Diff(r, back); d != "" {
		t.Errorf("%q: written as %q, which is another request (-want +got):\n%s", target, written, d)
	}
	if stable, err := p.Format(back); err != nil || stable != written {
		t.Errorf("%q: written as %q, then as %q (error %v)", target, written, stable, err)
	}
}

func checkError(t testing.TB, target string, r provider.Request, err error) {
	t.Helper()
	if d := Diff(provider.Request{}, r); d != "" {
		t.Errorf("%q: with error %v, want a request that holds nothing but credentials:\n%s", target, err, d)
	}
	if errors.Is(err, provider.ErrSkip) {
		if !errors.Is(err, provider.ErrSkip) || r.Credentials != (provider.Credentials{}) {
			t.Errorf("%q: error %v with credentials %+v, want ErrSkip itself with nothing", target, err, r.Credentials)
		}
		return
	}
	var e *fault.Error
	if !errors.As(err, &e) {
		t.Errorf("%q: error %v is no *fault.Error", target, err)
		return
	}
	switch e.Kind {
	case fault.BadURL, fault.OptionDenied, fault.SourceDenied, fault.Unreachable:
	default:
		t.Errorf("%q: error %v of kind %q, want bad url, option denied, source denied or unreachable", target, err, e.Kind)
	}
	if e.Op == "" || e.Err == nil || e.Err.Error() == "" {
		t.Errorf("%q: the error does not say what went wrong: %+v", target, e)
	}
}

// Diff returns how two requests differ, Credentials aside; empty if they do not.
func Diff(a, b provider.Request) string {
	a.Credentials, b.Credentials = provider.Credentials{}, provider.Credentials{}
	return cmp.Diff(a, b, options()...)
}

func options() cmp.Options {
	return cmp.Options{cmp.Comparer(func(a, b source.Ref) bool { return a == b })}
}

// concurrent looks for what requests might share: under the race detector, and by comparing each with
// the one that was parsed alone.
func concurrent(t *testing.T, p provider.Provider, cases []Case) {
	alone := make([]provider.Request, len(cases))
	for i, c := range cases {
		alone[i], _ = p.Parse(c.Target)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i, c := range cases {
				r, _ := p.Parse(c.Target)
				if d := Diff(alone[i], r); d != "" {
					t.Errorf("%q: parsed beside others, the request differs:\n%s", c.Target, d)
				}
			}
		})
	}
	wg.Wait()
}
