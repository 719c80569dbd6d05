// Package sourcetest is the suite that every source.Source passes.
package sourcetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/source"
)

// Harness is a Source under test and the means to put something behind it.
type Harness struct {
	Source source.Source
	// Put makes an object, or replaces the one of that name, and returns its reference. Each version of
	// an object has validators of its own.
	Put func(t *testing.T, name string, body []byte) source.Ref
	// Missing names an object that is not there.
	Missing source.Ref
	// MaxSize is the bound that Source was made with, in bytes; 0 = it has none. More than 1 MiB.
	MaxSize int64
	// Secret is text that stands in the references where credentials do; empty = no such place.
	Secret string
}

// Run runs the suite. newHarness is called for each of its tests and cleans up with t.Cleanup.
func Run(t *testing.T, newHarness func(t *testing.T) Harness) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, *suite)
	}{
		{"content", content},
		{"validators", validators},
		{"conditional", conditional},
		{"missing", missing},
		{"too large", tooLarge},
		{"cancelled before", cancelledBefore},
		{"cancelled while reading", cancelledWhileReading},
		{"closed unread", closedUnread},
		{"concurrent", concurrent},
		{"stat", stat},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, &suite{newHarness(t)}) })
	}
}

type suite struct{ Harness }

// portKinds are the kinds of error that the port allows.
func portKinds() []fault.Kind {
	return []fault.Kind{
		fault.SourceDenied, fault.Unreachable, fault.SourceMissing, fault.SourceFailed, fault.SourceTimeout,
		fault.TooLarge, fault.Incomplete, fault.Canceled, fault.NotModified,
	}
}

// wantKind checks an error: its kind, that the port allows it, that it holds no secret.
func (s *suite) wantKind(t *testing.T, err error, want fault.Kind) {
	t.Helper()
	var typed *fault.Error
	switch {
	case err == nil:
		t.Fatalf("no error, want one of kind %v", want)
	case !errors.As(err, &typed):
		t.Fatalf("error %v (%T), want a *fault.Error", err, err)
	case !slices.Contains(portKinds(), typed.Kind):
		t.Errorf("error %v of kind %v, which the port does not know", err, typed.Kind)
	case typed.Kind != want:
		t.Errorf("error %v of kind %v, want %v", err, typed.Kind, want)
	case s.Secret != "" && strings.Contains(err.Error(), s.Secret):
		t.Errorf("the error holds the secret: %v", err)
	}
}

func (s *suite) fetch(t *testing.T, ref source.Ref) *source.Fetched {
	t.Helper()
	f, err := source.Fetch(t.Context(), s.Source, ref, source.Validators{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// pattern returns n bytes that differ along their length and by seed.
func pattern(n int, seed byte) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i) ^ byte(i>>8) ^ seed
	}
	return b
}

func content(t *testing.T, s *suite) {
	for name, size := range map[string]int{"empty": 0, "one": 1, "odd": 64<<10 + 1, "large": 1 << 20} {
		want := pattern(size, 1)
		ref := s.Put(t, name, want)
		before := time.Now()
		object, err := s.Source.Open(t.Context(), ref, source.Validators{})
		if err != nil {
			t.Fatal(err)
		}
		if object.Size != -1 && object.Size != int64(size) {
			t.Errorf("%s: size %d, want %d or -1", name, object.Size, size)
		}
		if object.Began.Before(before) || object.Began.After(time.Now()) {
			t.Errorf("%s: began at %v, which is not while it was opened", name, object.Began)
		}
		got, err := io.ReadAll(object.Body)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, %v; want the %d that were put", name, len(got), err, size)
		}
		if err := object.Body.Close(); err != nil {
			t.Errorf("%s: close: %v", name, err)
		}
	}
}

func validators(t *testing.T, s *suite) {
	ref := s.Put(t, "a", pattern(100, 1))
	first, again := s.fetch(t, ref), s.fetch(t, ref)
	if first.Validators.IsZero() || first.Validators != again.Validators || first.Version != again.Version {
		t.Errorf("unchanged, but %+v became %+v", first.Validators, again.Validators)
	}
	s.Put(t, "a", pattern(100, 2))
	replaced := s.fetch(t, ref)
	if replaced.Validators == first.Validators || replaced.Version == first.Version {
		t.Errorf("replaced by as many other bytes, but still %+v, version %s", replaced.Validators, replaced.Version)
	}
}

func conditional(t *testing.T, s *suite) {
	ref := s.Put(t, "a", pattern(100, 1))
	known := s.fetch(t, ref).Validators
	object, err := s.Source.Open(t.Context(), ref, known)
	s.wantKind(t, err, fault.NotModified)
	switch {
	case object == nil:
		t.Fatal("not modified, but no object with what was renewed")
	case object.Body != nil || object.Began.IsZero() || object.Validators.IsZero():
		t.Errorf("not modified, but %+v; want validators and a beginning, and no body", object)
	}

	want := pattern(100, 2)
	s.Put(t, "a", want)
	f, err := source.Fetch(t.Context(), s.Source, ref, known, 0)
	if err != nil || !bytes.Equal(f.Body.Bytes(), want) {
		t.Errorf("after a replacement: %v, %v; want the new bytes", f, err)
	}
}

func missing(t *testing.T, s *suite) {
	object, err := s.Source.Open(t.Context(), s.Missing, source.Validators{})
	s.wantKind(t, err, fault.SourceMissing)
	if object != nil {
		t.Errorf("an object came with the error: %+v", object)
	}
	var status *source.StatusError
	if !errors.As(err, &status) || status.Status != 404 {
		t.Errorf("error %v, want a status of 404 as its cause", err)
	}
}

func tooLarge(t *testing.T, s *suite) {
	ref := s.Put(t, "a", pattern(100, 1))
	_, err := source.Fetch(t.Context(), s.Source, ref, source.Validators{}, 99)
	s.wantKind(t, err, fault.TooLarge)
	if _, err := source.Fetch(t.Context(), s.Source, ref, source.Validators{}, 100); err != nil {
		t.Errorf("exactly as large as allowed: %v", err)
	}
	if s.MaxSize == 0 {
		return
	}
	ref = s.Put(t, "b", pattern(int(s.MaxSize)+1, 1))
	_, err = source.Fetch(t.Context(), s.Source, ref, source.Validators{}, 0)
	s.wantKind(t, err, fault.TooLarge)
	s.Put(t, "b", pattern(int(s.MaxSize), 1))
	if f := s.fetch(t, ref); f.Body.Len() != s.MaxSize {
		t.Errorf("%d bytes, want %d", f.Body.Len(), s.MaxSize)
	}
}

func cancelledBefore(t *testing.T, s *suite) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Source.Open(ctx, s.Put(t, "a", pattern(100, 1)), source.Validators{})
	s.wantKind(t, err, fault.Canceled)
}

func cancelledWhileReading(t *testing.T, s *suite) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	object, err := s.Source.Open(ctx, s.Put(t, "a", pattern(1<<20, 1)), source.Validators{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(object.Body, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	cancel()
	_, err = io.Copy(io.Discard, object.Body)
	s.wantKind(t, err, fault.Canceled)
	_ = object.Body.Close() // an error is as good as none by now
}

func closedUnread(t *testing.T, s *suite) {
	ref := s.Put(t, "a", pattern(1<<20, 1))
	for range 3 {
		object, err := s.Source.Open(t.Context(), ref, source.Validators{})
		if err != nil {
			t.Fatal(err)
		}
		if err := object.Body.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
}

func concurrent(t *testing.T, s *suite) {
	want := [][]byte{pattern(70_000, 1), pattern(70_000, 2), pattern(70_000, 3)}
	refs := make([]source.Ref, len(want))
	for i, body := range want {
		refs[i] = s.Put(t, string(rune('a'+i)), body)
	}
	var all sync.WaitGroup
	for i := range 24 {
		all.Go(func() {
			f, err := source.Fetch(t.Context(), s.Source, refs[i%3], source.Validators{}, 0)
			if err != nil || !bytes.Equal(f.Body.Bytes(), want[i%3]) {
				t.Errorf("object %d: %v, want its own bytes", i%3, err)
			}
		})
	}
	all.Wait()
}

func stat(t *testing.T, s *suite) {
	var stat func(context.Context, source.Ref) (source.Validators, error)
	switch src := s.Source.(type) {
	case source.Stater:
		stat = src.Stat
	case source.Asker:
		stat = src.Ask
	default:
		return // nothing is promised
	}
	ref := s.Put(t, "a", pattern(100, 1))
	got, err := stat(t.Context(), ref)
	if want := s.fetch(t, ref).Validators; err != nil || got != want {
		t.Errorf("stat: %+v, %v; opening says %+v", got, err, want)
	}
	_, err = stat(t.Context(), s.Missing)
	s.wantKind(t, err, fault.SourceMissing)
}
