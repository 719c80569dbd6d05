package cached

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/source"
)

// teller is a source that tells its version and counts how often.
type teller struct {
	source.Source

	etag  string
	err   error
	asked int
}

func (f *teller) Stat(context.Context, source.Ref) (source.Validators, error) {
	f.asked++
	return source.Validators{ETag: f.etag}, f.err
}

func TestChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := &teller{etag: `"1"`}
		s := New(told, cache.None{}, Config{})
		ref, err := source.ParseRef("local:///a.jpg")
		if err != nil {
			t.Fatal(err)
		}
		one := source.Version(source.Validators{ETag: `"1"`}, nil)
		two := source.Version(source.Validators{ETag: `"2"`}, nil)
		ask := func(version string, want bool) {
			t.Helper()
			if got := s.Changed(t.Context(), ref, version); got != want {
				t.Errorf("changed from %q: %v, want %v", version, got, want)
			}
		}
		for range 100 {
			ask(one, false)
		}
		if told.asked != 1 {
			t.Errorf("asked %d times within a moment, want once", told.asked)
		}

		// A result of a newer version than the remembered one is not called outdated.
		told.etag = `"2"`
		ask(two, false)
		ask(one, true)

		// A replaced file is seen after a second.
		told.etag = `"1"`
		ask(two, false)
		time.Sleep(recheck)
		ask(two, true)

		time.Sleep(recheck)
		told.err = fault.New(fault.SourceMissing, "test", "gone")
		ask(one, true)
		told.err = errors.ErrUnsupported
		ask(one, false)
		told.err = fault.New(fault.Internal, "test", "input/output error")
		ask(one, false)
	})
}
