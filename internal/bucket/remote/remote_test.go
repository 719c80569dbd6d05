package remote

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/fault"
)

func TestWithDefaults(t *testing.T) {
	got, err := Config{}.WithDefaults()
	if want := (Config{DefaultConnectTimeout, DefaultAnswerTimeout, DefaultIdleTimeout, DefaultAttempts}); err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	_, err = Config{ConnectTimeout: -1, AnswerTimeout: -1, IdleTimeout: -1, Attempts: -1}.WithDefaults()
	for _, name := range []string{"ConnectTimeout", "AnswerTimeout", "IdleTimeout", "Attempts"} {
		if err == nil || !strings.Contains(err.Error(), name+": want 0 or more") {
			t.Errorf("%v does not name %s", err, name)
		}
	}
}

func TestPause(t *testing.T) {
	for attempt, milliseconds := range map[int]int{1: 50, 2: 100, 3: 200, 5: 800, 6: 1000, 60: 1000} {
		most := time.Duration(milliseconds) * time.Millisecond
		for range 100 {
			if p := Pause(attempt); p > most || p < most/2 {
				t.Fatalf("after attempt %d: %v, want between %v and %v", attempt, p, most/2, most)
			}
		}
	}
}

func TestRange(t *testing.T) {
	for want, r := range map[string]bucket.Range{
		"": {}, "bytes=0-0": {Length: 1}, "bytes=5-": {Offset: 5}, "bytes=5-14": {Offset: 5, Length: 10},
		"bytes=6-": {Offset: 6, Length: math.MaxInt64},
	} {
		if got := Range(r); got != want {
			t.Errorf("%+v is %q, want %q", r, got, want)
		}
	}
}

func TestWholeSize(t *testing.T) {
	part := bucket.Range{Offset: 10, Length: 5}
	for _, c := range []struct {
		asked  bucket.Range
		header string
		length int64
		want   int64
		kind   fault.Kind // Internal = success
	}{
		{bucket.Range{}, "", 7, 7, 0},
		{bucket.Range{}, "", -1, -1, 0},
		{part, "bytes 10-14/100", 5, 100, 0},
		{part, "bytes 10-11/12", 2, 12, 0},
		{part, "", 100, 0, fault.SourceFailed},               // the range was passed over
		{part, "bytes 0-4/100", 5, 0, fault.SourceFailed},    // another part
		{part, "bytes 10-14/*", 5, 0, fault.SourceFailed},    // of nobody knows what
		{part, "bytes 100-14/100", 5, 0, fault.SourceFailed}, //
		{part, "bytes 10-9/10", 0, 0, fault.SourceMissing},   // nothing of it
		{part, "octets 10-14/100", 5, 0, fault.SourceFailed}, //
		{part, "bytes 10-14/1e3", 5, 0, fault.SourceFailed},  //
		{part, "bytes 10-14/-100", 5, 0, fault.SourceFailed}, //
	} {
		got, err := WholeSize("x.get", "k", c.asked, c.header, c.length)
		if c.kind == fault.Internal && (err != nil || got != c.want) || c.kind != fault.Internal && !fault.Is(err, c.kind) {
			t.Errorf("%+v, %q: %d, %v; want %d, %v", c.asked, c.header, got, err, c.want, c.kind)
		}
	}
}

func TestBody(t *testing.T) {
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		name string
		ctx  context.Context
		in   io.Reader
		size int64
		want string
		kind fault.Kind // Internal = it ends well
	}{
		{"whole", t.Context(), strings.NewReader("hello"), 5, "hello", 0},
		{"not announced", t.Context(), strings.NewReader("hello"), -1, "hello", 0},
		{"short", t.Context(), strings.NewReader("hel"), 5, "hel", fault.Incomplete},
		{"long", t.Context(), strings.NewReader("hello, world"), 5, "hello", 0},
		{"breaks", t.Context(), io.MultiReader(strings.NewReader("he"), iotest.ErrReader(errors.New("reset"))), 5, "he", fault.Incomplete},
		{"stands still", t.Context(), io.MultiReader(strings.NewReader("he"), iotest.ErrReader(iotest.ErrTimeout)), 5, "he", fault.Incomplete},
		{"late", t.Context(), io.MultiReader(strings.NewReader("he"), iotest.ErrReader(context.DeadlineExceeded)), 5, "he", fault.SourceTimeout},
		{"cancelled", canceled, strings.NewReader("hello"), 5, "", fault.Canceled},
	} {
		b := NewBody(c.ctx, "x.read", "k", io.NopCloser(c.in), c.size)
		got, err := io.ReadAll(b)
		if string(got) != c.want || fault.KindOf(err) != c.kind || err == nil != (c.kind == fault.Internal) {
			t.Errorf("%s: %q, %v (%v); want %q, %v", c.name, got, err, fault.KindOf(err), c.want, c.kind)
		}
	}
}

// The service may ask for a pause; somebody waits for a picture, so a long one is not granted.
func TestDoPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for header, most := range map[string]time.Duration{"": 150 * time.Millisecond, "1": 2 * time.Second, "3600": 2 * time.Second, "soon": 150 * time.Millisecond} {
			began, requests := time.Now(), 0
			client := &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
				requests++
				return &http.Response{StatusCode: http.StatusServiceUnavailable, Header: http.Header{"Retry-After": {header}}, Body: http.NoBody}, nil
			})}
			answer, err := Do(t.Context(), client, 3, func() (*http.Request, error) { return http.NewRequest(http.MethodGet, "http://x", http.NoBody) })
			if answer != nil {
				defer answer.Body.Close()
			}
			if err != nil || answer.StatusCode != http.StatusServiceUnavailable || requests != 3 {
				t.Errorf("%q: %v, %v after %d requests; want the third answer", header, answer, err, requests)
			}
			if took := time.Since(began); took > most || took < most/2 {
				t.Errorf("%q: it took %v, want %v at most and half of it at least", header, took, most)
			}
		}
	})
}

// An attempt that goes on reading its body after its answer must not take it from the next one.
func TestDoKeepsAttemptsApart(t *testing.T) {
	body, first := bytes.NewReader([]byte("hello")), io.Reader(nil)
	requests := 0
	client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		requests++
		if requests == 1 {
			first = r.Body
			return nil, io.ErrUnexpectedEOF
		}
		if n, err := first.Read(make([]byte, 3)); n > 0 || err == nil {
			t.Errorf("the first attempt reads %d bytes after its end, %v", n, err)
		}
		if got, err := io.ReadAll(r.Body); err != nil || string(got) != "hello" {
			t.Errorf("the second attempt has %q, %v", got, err)
		}
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
	})}
	answer, err := Do(t.Context(), client, 2, func() (*http.Request, error) {
		_, err := body.Seek(0, io.SeekStart)
		r := &http.Request{Method: http.MethodPut, URL: &url.URL{Scheme: "http", Host: "x"}}
		r.Body, r.ContentLength = io.NopCloser(body), 5
		return r, err
	})
	if err != nil || requests != 2 {
		t.Fatalf("%v after %d requests", err, requests)
	}
	if err := answer.Body.Close(); err != nil {
		t.Error(err)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
