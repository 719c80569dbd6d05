package source

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stillroom/stillroom/internal/fault"
)

// askable is a source that can be asked for its version.
type askable struct{ shelf }

func (*askable) Stat(context.Context, Ref) (Validators, error) { return Validators{ETag: `"a"`}, nil }

func TestMux(t *testing.T) {
	web := &shelf{object: Object{ContentType: "web"}}
	local := &askable{shelf{object: Object{ContentType: "local"}}}
	m := NewMux(
		map[string]Source{"http": web, "https": web, "local": local},
		map[string]string{"s3": "STILLROOM_USE_S3"},
	)

	for text, want := range map[string]string{"http://a/": "web", "https://a/": "web", "LOCAL:///a": "local"} {
		object, err := m.Open(t.Context(), ref(t, text), Validators{})
		if err != nil || object.ContentType != want {
			t.Errorf("%s was opened by %v, %v; want %s", text, object, err, want)
		}
	}
	for text, want := range map[string]string{
		"s3://bucket/key": "s3:// sources are off: set STILLROOM_USE_S3",
		"ftp://a/b":       `no source speaks "ftp://"`,
	} {
		_, err := m.Open(t.Context(), ref(t, text), Validators{})
		if !fault.Is(err, fault.Unreachable) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want Unreachable with %q", text, err, want)
		}
		if _, err := m.Stat(t.Context(), ref(t, text)); !fault.Is(err, fault.Unreachable) || errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("Stat of %s: %v, want Unreachable", text, err)
		}
	}

	if got, err := m.Stat(t.Context(), ref(t, "local:///a")); err != nil || got.ETag != `"a"` {
		t.Errorf("Stat of a source that can be asked: %v, %v", got, err)
	}
	if _, err := m.Stat(t.Context(), ref(t, "http://a/")); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("Stat of a source that cannot be asked: %v, want errors.ErrUnsupported", err)
	}
}
