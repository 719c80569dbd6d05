package gcs

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stillroom/stillroom/internal/bucket"
)

// Whatever a service puts into an answer, what of it comes into an error is one word.
func FuzzCode(f *testing.F) {
	for _, body := range []string{
		`<?xml version='1.0'?><Error><Code>NoSuchKey</Code></Error>`, `{"error":{"errors":[{"reason":"notFound"}]}}`,
		`{"error":{"errors":[]}}`, `Not Found`, ``, "<Error><Code>two\nlines</Code></Error>",
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		answer := &http.Response{Body: io.NopCloser(strings.NewReader(body))}
		err := bucket.Answered("gcs.get", "k", http.StatusForbidden, code(answer), false)
		if text := err.Error(); strings.ContainsAny(text, "\r\n\x00<>\"") || len(text) > 200 {
			t.Errorf("the error is %q", text)
		}
	})
}

func TestCode(t *testing.T) {
	for body, want := range map[string]string{
		`<?xml version='1.0'?><Error><Code>NoSuchKey</Code><Message>No.</Message></Error>`: "NoSuchKey",
		`{"error":{"code":404,"errors":[{"domain":"global","reason":"notFound"}]}}`:        "notFound",
		`Not Found`: "", ``: "",
	} {
		if got := code(&http.Response{Body: io.NopCloser(strings.NewReader(body))}); got != want {
			t.Errorf("%q: %q, want %q", body, got, want)
		}
	}
}
