package remote

import (
	"context"
	"errors"
	"fmt"
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
		{part, "bytes 10-14/100", -1, 100, 0},
		{part, "bytes 10-99/100", 90, 0, fault.SourceFailed},      // more than was asked for
		{part, "bytes 10-12/100", 3, 0, fault.SourceFailed},       // less
		{part, "bytes 10-14/100", 90, 0, fault.SourceFailed},      // not what it says
		{bucket.Range{Offset: 10}, "bytes 10-99/100", 90, 100, 0}, //
		{bucket.Range{Offset: 10}, "bytes 10-98/100", 89, 0, fault.SourceFailed},
		{bucket.Range{Length: 5}, "bytes 0-1/2", 2, 2, 0},              //
		{bucket.Range{}, "bytes 0-9/100", 10, 0, fault.SourceFailed},   // a part that nobody asked for
		{bucket.Range{}, "bytes 90-99/100", 10, 0, fault.SourceFailed}, //
		{bucket.Range{}, "bytes 0-99/100", 100, 100, 0},                // which is all of it
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
		{"without end", t.Context(), zeros{}, 5, "\x00\x00\x00\x00\x00", 0},
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

func TestBodyThatIsClosed(t *testing.T) {
	b := NewBody(t.Context(), "x.read", "k", io.NopCloser(strings.NewReader("hello")), 5)
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	if n, err := b.Read(make([]byte, 5)); n > 0 || !fault.Is(err, fault.Canceled) {
		t.Errorf("%d bytes, %v; want Canceled", n, err)
	}
}

// Of a request that had no answer nothing is told but what it was about, and an error that has a kind keeps it.
func TestFailure(t *testing.T) {
	ended, end := context.WithCancelCause(t.Context())
	end(errors.New("we stop"))
	about := func(err error) error { return &url.Error{Op: "Get", URL: "https://x/?signature=secret", Err: err} }
	for _, c := range []struct {
		ctx  context.Context
		err  error
		kind fault.Kind
		want string
	}{
		{t.Context(), about(errors.New("refused")), fault.Unreachable, "x.get: k: refused"},
		{t.Context(), about(context.DeadlineExceeded), fault.SourceTimeout, "x.get: k: context deadline exceeded"},
		{t.Context(), about(fault.New(fault.TooLarge, "y", "too long")), fault.TooLarge, "x.get: k: too long"},
		{ended, about(errors.New("refused")), fault.Canceled, "x.get: k: we stop"},
	} {
		if err := Failure(c.ctx, "x.get", "k", c.err); !fault.Is(err, c.kind) || err.Error() != c.want {
			t.Errorf("%v (%v), want %s (%v)", err, fault.KindOf(err), c.want, c.kind)
		}
	}
	if err := Broken(t.Context(), "x.get", "k", errors.New("no JSON")); !fault.Is(err, fault.SourceFailed) {
		t.Errorf("%v (%v), want SourceFailed", err, fault.KindOf(err))
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

func TestPartSize(t *testing.T) {
	for _, c := range []struct {
		asked                 bucket.Range
		size, announced, want int64
	}{
		{bucket.Range{}, 100, 100, 100},
		{bucket.Range{}, 100, -1, 100},
		{bucket.Range{}, -1, -1, -1},
		{bucket.Range{Offset: 10}, 100, -1, 90},
		{bucket.Range{Offset: 10, Length: 5}, 100, -1, 5},
		{bucket.Range{Offset: 10, Length: math.MaxInt64}, 100, -1, 90},
	} {
		if got := PartSize(c.asked, c.size, c.announced); got != c.want {
			t.Errorf("%+v of %d, %d announced: %d, want %d", c.asked, c.size, c.announced, got, c.want)
		}
	}
}

// Of an empty object some services give no part, so all of it is asked for. By then it may not be empty any more.
func TestPart(t *testing.T) {
	begin := bucket.Range{Length: 5}
	for want, sizes := range map[string][]int64{"5": {0, 100, 100}, "all": {0, 0}, "range": {0, 100, 0}} {
		object, err := Part(bucket.GetOptions{Range: begin}, func(options bucket.GetOptions) (*bucket.Object, error) {
			size, asked := sizes[0], options.Range
			sizes = sizes[1:]
			if size == 0 && asked != (bucket.Range{}) {
				return nil, bucket.Answered("x.get", "k", http.StatusRequestedRangeNotSatisfiable, "", false)
			}
			text := "all"
			if asked.Length > 0 {
				text = fmt.Sprint(asked.Length)
			}
			return &bucket.Object{Body: io.NopCloser(strings.NewReader(text)), Info: bucket.Info{Size: size}}, nil
		})
		got := "range"
		if err == nil {
			text, _ := io.ReadAll(object.Body)
			got = string(text)
		}
		if got != want || err != nil && !errors.Is(err, bucket.ErrRange) {
			t.Errorf("got %q, %v; want %q", got, err, want)
		}
	}
}

func TestRefusal(t *testing.T) {
	for body, want := range map[string]string{
		`{"error":"invalid_grant","error_description":"you sent a secret"}`: "invalid_grant",
		`{"error":"you sent a secret"}`:                                     "", `{"error":{"code":403}}`: "", "<html>": "", "": "",
		`{"error":"` + strings.Repeat("a", 65) + `"}`: "",
	} {
		if got := Refusal([]byte(body)); got != want {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
}

// zeros is a body that never ends.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func (f roundTrip) CloseIdleConnections() {}
