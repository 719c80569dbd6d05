package source

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stillroom/stillroom/internal/blob"
	"github.com/stillroom/stillroom/internal/fault"
)

// shelf is a Source of one object.
type shelf struct {
	object Object
	err    error
	closed bool
}

func (s *shelf) Open(context.Context, Ref, Validators) (*Object, error) {
	object := s.object
	return &object, s.err
}

func (s *shelf) Close() error {
	s.closed = true
	return nil
}

// with returns a shelf of an object with a body.
func with(size int64, body io.Reader) *shelf {
	s := &shelf{}
	s.object = Object{
		Size: size, ContentType: "image/png", Began: began,
		Validators: Validators{ETag: `"v1"`}, Freshness: Freshness{Explicit: true, Lifetime: time.Minute},
		Body: struct {
			io.Reader
			io.Closer
		}{body, s},
	}
	return s
}

func TestFetch(t *testing.T) {
	s := with(5, strings.NewReader("hello"))
	got, err := Fetch(t.Context(), s, Ref{}, Validators{}, 5)
	if err != nil {
		t.Fatal(err)
	}
	if string(got.Body.Bytes()) != "hello" || !s.closed {
		t.Errorf("body %q, closed %t; want all of it, closed", got.Body.Bytes(), s.closed)
	}
	got.Body = nil
	want := &Fetched{
		ContentType: "image/png", Validators: Validators{ETag: `"v1"`}, Version: `"v1"`,
		Freshness: Freshness{Explicit: true, Lifetime: time.Minute}, Began: began,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestFetchFails(t *testing.T) {
	broken := fault.New(fault.Incomplete, "test", "cut")
	for _, c := range []struct {
		name   string
		source *shelf
		kind   fault.Kind
		want   string
	}{
		{"announced too large", with(6, iotest.ErrReader(errors.New("was read"))), fault.TooLarge, "more than 5 bytes"},
		{"too large without notice", with(-1, strings.NewReader("hello!")), fault.TooLarge, "more than 5 bytes"},
		{"endless", with(-1, endless{}), fault.TooLarge, "more than 5 bytes"},
		{"shorter than announced", with(5, strings.NewReader("hell")), fault.Incomplete, "got 4 of 5"},
		{"longer than announced", with(3, strings.NewReader("hell")), fault.Incomplete, "got 4 of 3"},
		{"the body's own error", with(5, io.MultiReader(strings.NewReader("he"), iotest.ErrReader(broken))), fault.Incomplete, "cut"},
	} {
		got, err := Fetch(t.Context(), c.source, Ref{}, Validators{}, 5)
		if got != nil || !fault.Is(err, c.kind) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, %v; want %v with %q", c.name, got, err, c.kind, c.want)
		}
		if !c.source.closed {
			t.Errorf("%s: the body was left open", c.name)
		}
	}
}

func TestFetchWithoutBound(t *testing.T) {
	got, err := Fetch(t.Context(), with(-1, strings.NewReader("hello!")), Ref{}, Validators{}, 0)
	if err != nil || string(got.Body.Bytes()) != "hello!" {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestFetchNotModified(t *testing.T) {
	s := &shelf{
		object: Object{Validators: Validators{ETag: `"v2"`}, Freshness: Freshness{NoCache: true}, Began: began},
		err:    fault.New(fault.NotModified, "test", "unchanged"),
	}
	got, err := Fetch(t.Context(), s, Ref{}, Validators{ETag: `"v2"`}, 0)
	if !fault.Is(err, fault.NotModified) {
		t.Fatalf("error %v, want one of kind NotModified", err)
	}
	want := &Fetched{Validators: Validators{ETag: `"v2"`}, Freshness: Freshness{NoCache: true}, Began: began}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestVersion(t *testing.T) {
	hello := blob.New([]byte("hello"))
	const hash = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
	for _, c := range []struct {
		name string
		v    Validators
		body *blob.Blob
		want string
	}{
		{"strong tag", Validators{ETag: `"v1"`}, hello, `"v1"`},
		{"strong tag alone", Validators{ETag: `"v1"`}, nil, `"v1"`},
		{"weak tag", Validators{ETag: `W/"v1"`}, hello, hash},
		{"tag without quotes", Validators{ETag: `v1`}, hello, hash},
		{"date", Validators{LastModified: began}, hello, hash},
		{"nothing", Validators{}, hello, hash},
		{"weak tag alone", Validators{ETag: `W/"v1"`}, nil, ""},
	} {
		if got := Version(c.v, c.body); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// endless is a reader that never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }
