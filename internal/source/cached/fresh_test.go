package cached

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/source"
)

// Each step waits, fetches and says how the origin was asked: "" = not at all.
func TestFreshness(t *testing.T) {
	tagged := source.Validators{ETag: `"v1"`}
	type step struct {
		wait time.Duration
		want string
	}
	with := func(change func(*source.Freshness)) source.Freshness {
		f := says(60)
		change(&f)
		return f
	}
	for _, c := range []struct {
		name       string
		policy     cache.Policy
		freshness  source.Freshness
		validators source.Validators
		steps      []step
	}{
		{"max-age counts from the beginning of the fetch", policy, says(60), tagged,
			[]step{{0, "full"}, {58 * time.Second, ""}, {time.Second, "304"}, {58 * time.Second, ""}, {time.Second, "304"}}},
		{"without validators a stale copy is worth nothing", policy, says(60), source.Validators{},
			[]step{{0, "full"}, {30 * time.Second, ""}, {30 * time.Second, "full"}}},
		{"the source says nothing", policy, source.Freshness{}, tagged,
			[]step{{0, "full"}, {59 * time.Minute, ""}, {time.Minute, "304"}}},
		{"more than the maximum", policy, says(1_000_000), tagged,
			[]step{{0, "full"}, {23 * time.Hour, ""}, {time.Hour, "304"}}},
		{"less than the minimum", cache.Policy{MinTTL: time.Minute, MaxTTL: time.Hour, Keep: time.Hour}, says(0), tagged,
			[]step{{0, "full"}, {58 * time.Second, ""}, {time.Second, "304"}}},
		{"nothing at all is fresh", policy, says(0), tagged, []step{{0, "full"}, {0, "304"}, {0, "304"}}},
		{"no-cache", policy, with(func(f *source.Freshness) { f.NoCache = true }), tagged, []step{{0, "full"}, {0, "304"}}},
		{"no-store", policy, with(func(f *source.Freshness) { f.NoStore = true }), tagged, []step{{0, "full"}, {0, "full"}}},
		{"private", policy, with(func(f *source.Freshness) { f.Private = true }), tagged, []step{{0, "full"}, {0, "full"}}},
		{"kept for asking, but not for ever", policy, says(60), tagged,
			[]step{{0, "full"}, {48 * time.Hour, "304"}, {49 * time.Hour, "full"}}},
		{"a stale copy outlives its results", cache.Policy{MaxTTL: time.Hour, IfError: time.Hour, Keep: time.Minute}, says(60), tagged,
			[]step{{0, "full"}, {time.Hour, "304"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := &origin{body: "hello", validators: c.validators, freshness: c.freshness}
				s := New(o, &shelf{}, Config{Policy: c.policy})
				for i, step := range c.steps {
					time.Sleep(step.wait)
					f := fetch(t, s)
					if got := o.served(); got != step.want || string(f.Body.Bytes()) != "hello" {
						t.Errorf("step %d: %q, the origin served %q, want %q", i, f.Body.Bytes(), got, step.want)
					}
				}
			})
		})
	}
}

// A copy is returned as its fetch returned it, its beginning included: results made of it are dated by that.
func TestCopyIsWhatWasFetched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		o := &origin{body: "hello",
			validators: source.Validators{ETag: `W/"v1"`, LastModified: began.Add(-time.Hour)},
			freshness: source.Freshness{Explicit: true, Lifetime: time.Minute, CacheControl: "max-age=60, must-revalidate, immutable",
				MustRevalidate: true, Immutable: true}}
		s := New(o, &shelf{}, Config{Policy: policy})
		first := fetch(t, s)
		if !first.Began.Equal(began) {
			t.Errorf("began at %v, want %v", first.Began, began)
		}
		time.Sleep(30 * time.Second)
		again := fetch(t, s)
		if diff := cmp.Diff(first, again, cmpopts.IgnoreFields(source.Fetched{}, "Body")); diff != "" {
			t.Errorf("(-fetched +copy)\n%s", diff)
		}
		if again.Body != first.Body {
			t.Error("the bytes were copied")
		}

		o.freshness = says(600)
		time.Sleep(30 * time.Second)
		confirmed := time.Now()
		renewed := fetch(t, s)
		want := *first
		want.Began, want.Freshness = confirmed, says(600)
		if diff := cmp.Diff(&want, renewed, cmpopts.IgnoreFields(source.Fetched{}, "Body")); diff != "" {
			t.Errorf("after a confirmation (-want +got)\n%s", diff)
		}
		if got := o.served(); got != "full 304" {
			t.Errorf("the origin served %q", got)
		}
	})
}

// A copy that the origin cannot be asked about takes no room once it is stale.
func TestHowLongTheStoreKeepsACopy(t *testing.T) {
	for _, c := range []struct {
		validators source.Validators
		want       time.Duration
	}{
		{source.Validators{}, time.Minute},
		{source.Validators{ETag: `"v1"`}, time.Minute + policy.Keep},
		{source.Validators{LastModified: time.Unix(1, 0)}, time.Minute + policy.Keep},
	} {
		synctest.Test(t, func(t *testing.T) {
			store := &shelf{}
			began := time.Now()
			fetch(t, New(&origin{body: "hello", validators: c.validators, freshness: says(60)}, store, Config{Policy: policy}))
			e, err := store.Get(t.Context(), keyOf(photo(t)))
			if err != nil || e.Clocks.Keep.Sub(began) != c.want {
				t.Errorf("%+v: kept for %v, %v; want %v", c.validators, e.Clocks.Keep.Sub(began), err, c.want)
			}
		})
	}
}

func TestSilentConfirmationLeavesTheFreshnessAsItWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &origin{body: "hello", validators: source.Validators{ETag: `"v1"`}, freshness: says(60)}
		s := New(o, &shelf{}, Config{Policy: policy})
		fetch(t, s)
		o.freshness = source.Freshness{}
		time.Sleep(time.Minute)
		if got := fetch(t, s).Freshness; got != says(60) {
			t.Errorf("got %+v, want %+v", got, says(60))
		}
	})
}

func TestConfirmationOfAnotherVersionIsNotBelieved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &origin{body: "hello", validators: source.Validators{ETag: `"v1"`}, freshness: says(60)}
		s := New(o, &shelf{}, Config{Policy: policy})
		fetch(t, s)
		o.confirmed = &source.Validators{ETag: `"v2"`}
		o.body, o.validators = "other", *o.confirmed
		time.Sleep(time.Minute)
		if f := fetch(t, s); string(f.Body.Bytes()) != "other" || f.Version != `"v2"` {
			t.Errorf("got %q of version %s", f.Body.Bytes(), f.Version)
		}
		if got := o.served(); got != "full 304 full" {
			t.Errorf("the origin served %q", got)
		}
	})
}

func TestReplacedSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &origin{body: "hello", validators: source.Validators{ETag: `"v1"`}, freshness: says(60)}
		store := &shelf{}
		s := New(o, store, Config{Policy: policy})
		fetch(t, s)
		o.body, o.validators = "other", source.Validators{ETag: `"v2"`}
		time.Sleep(time.Minute)
		if f := fetch(t, s); string(f.Body.Bytes()) != "other" || f.Version != `"v2"` {
			t.Errorf("got %q of version %s", f.Body.Bytes(), f.Version)
		}
		// What must not be kept takes the older copy with it.
		o.freshness.NoStore = true
		time.Sleep(time.Minute)
		fetch(t, s)
		if store.len() != 0 {
			t.Error("a copy of what must not be stored is still there")
		}
	})
}

func TestFailures(t *testing.T) {
	for kind, kept := range map[fault.Kind]int{
		fault.SourceMissing: 0, fault.SourceFailed: 1, fault.SourceTimeout: 1, fault.Unreachable: 1,
	} {
		synctest.Test(t, func(t *testing.T) {
			o := &origin{body: "hello", validators: source.Validators{ETag: `"v1"`}, freshness: says(60)}
			store := &shelf{}
			s := New(o, store, Config{Policy: policy})
			fetch(t, s)
			o.err = fault.New(kind, "test", "out of order")
			time.Sleep(time.Minute)
			if _, err := s.Fetch(t.Context(), photo(t), 0, time.Time{}); !fault.Is(err, kind) {
				t.Errorf("got %v, want %v: a stale copy is not for this tier to serve", err, kind)
			}
			synctest.Wait()
			if store.len() != kept {
				t.Errorf("%v: %d copies are left, want %d", kind, store.len(), kept)
			}
		})
	}
}

func TestVersion(t *testing.T) {
	for _, validators := range []source.Validators{{ETag: `"v1"`}, {ETag: `W/"v1"`}, {}} {
		synctest.Test(t, func(t *testing.T) {
			o := &origin{body: "hello", validators: validators, freshness: says(60)}
			s := New(o, &shelf{}, Config{Policy: policy})
			if version, ok := s.Version(t.Context(), photo(t)); ok {
				t.Errorf("%v: known as %q before it was fetched", validators, version)
			}
			want := fetch(t, s).Version
			if version, ok := s.Version(t.Context(), photo(t)); !ok || version != want {
				t.Errorf("%v: known as %q, %t; want %q", validators, version, ok, want)
			}
			time.Sleep(time.Minute)
			if version, ok := s.Version(t.Context(), photo(t)); ok {
				t.Errorf("%v: known as %q although the copy is stale", validators, version)
			}
			if got := o.served(); got != "full" {
				t.Errorf("the origin served %q", got)
			}
		})
	}
}

// counter is an origin that can be asked for its version, which costs a round trip.
type counter struct {
	origin

	asked  int
	askErr error
}

func (c *counter) Ask(context.Context, source.Ref) (source.Validators, error) {
	c.asked++
	return c.validators, c.askErr
}

// Such an origin is asked where its body would be fetched otherwise, and only there.
func TestVersionIsAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &counter{origin: origin{body: "hello", validators: source.Validators{ETag: `"v1"`}, freshness: says(60)}}
		s := New(c, &shelf{}, Config{Policy: policy})
		check := func(when string, known bool, asked int) {
			t.Helper()
			version, ok := s.Version(t.Context(), photo(t))
			if ok != known || ok && version != `"v1"` || c.asked != asked {
				t.Errorf("%s: version %q, %t, asked %d times; want %t, %d", when, version, ok, c.asked, known, asked)
			}
		}
		check("nothing is held", true, 1)
		if fetch(t, s); c.asked != 1 {
			t.Error("a fetch asked first")
		}
		check("a fresh copy is held", true, 1)
		if s.Changed(t.Context(), photo(t), `"v0"`) || c.asked != 1 {
			t.Errorf("a hit asked")
		}
		time.Sleep(time.Minute)
		check("a stale copy is held", true, 2)
		c.validators = source.Validators{ETag: `W/"v1"`}
		check("the tag is weak", false, 3)
		c.askErr = fault.New(fault.SourceFailed, "ask", "for a test")
		check("the source is sick", false, 4)
		if got := c.served(); got != "full" {
			t.Errorf("the origin served %q", got)
		}
	})
}

// drawer is an origin that can be asked for its version at no cost.
type drawer struct {
	origin
	statErr error
}

func (d *drawer) Stat(context.Context, source.Ref) (source.Validators, error) {
	return d.validators, d.statErr
}

func TestWhatCanBeAskedIsNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &drawer{origin: origin{body: "hello", validators: source.Validators{ETag: `"v1"`}}}
		store := &shelf{}
		s := New(d, store, Config{Policy: policy})
		if version, ok := s.Version(t.Context(), photo(t)); !ok || version != `"v1"` {
			t.Errorf("version %q, %t before any fetch", version, ok)
		}
		var all sync.WaitGroup
		for range 2 {
			all.Go(func() {
				if _, err := s.Fetch(t.Context(), photo(t), 0, time.Time{}); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		synctest.Wait()
		fetch(t, s)
		if got := d.served(); got != "full full" || store.len() != 0 {
			t.Errorf("the origin served %q, %d copies are kept; want two that fetch at once to share, and none kept", got, store.len())
		}

		d.validators.ETag = `"v2"`
		if version, _ := s.Version(t.Context(), photo(t)); version != `"v2"` {
			t.Errorf("version %q after a change, want it at once", version)
		}
		d.validators.ETag = ""
		if version, ok := s.Version(t.Context(), photo(t)); ok {
			t.Errorf("version %q although only the bytes would tell", version)
		}
		d.statErr = fault.New(fault.SourceMissing, "test", "gone")
		if version, ok := s.Version(t.Context(), photo(t)); ok {
			t.Errorf("version %q of what is gone", version)
		}
		if _, err := s.Fetch(t.Context(), photo(t), 0, time.Time{}); !fault.Is(err, fault.SourceMissing) {
			t.Errorf("got %v, want what asking says", err)
		}
	})
}

// Behind a Mux everything looks as if it could be asked.
func TestWhatSaysItCannotBeAskedIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &drawer{
			origin:  origin{body: "hello", validators: source.Validators{ETag: `"v1"`}, freshness: says(60)},
			statErr: fault.Wrap(fault.Internal, "test", errors.ErrUnsupported),
		}
		s := New(d, &shelf{}, Config{Policy: policy})
		fetch(t, s)
		fetch(t, s)
		if version, ok := s.Version(t.Context(), photo(t)); !ok || version != `"v1"` || d.served() != "full" {
			t.Errorf("version %q, %t; want a copy that is kept", version, ok)
		}
	})
}

func TestKeysOfCopiesAreTheirOwn(t *testing.T) {
	a, err := source.ParseRef("http://example.com/a")
	if err != nil {
		t.Fatal(err)
	}
	// Written out: a new key would fetch every source again after an upgrade.
	const want = "934bf45732b4ba52085e87ef02ea2ea16c30e5a012a5d61c054443778e0b71cd"
	if got := keyOf(a).String(); got != want {
		t.Errorf("key %s, want %s", got, want)
	}
}
