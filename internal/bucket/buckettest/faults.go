package buckettest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/remote"
	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/processtest"
)

// Faulty is a remote backend whose server is going to fail.
type Faulty struct {
	Upstream string // URL of the server
	KeepHost bool   // the server wants to see the host that the client asked
	// Open opens a bucket that there is, at the URL of what stands in front of the server.
	Open  func(t *testing.T, endpoint string, bounds remote.Config) bucket.Bucket
	Whole bool // nothing of a body comes before all of it has
	// Match says which requests fail; nil = all. Those that log in may not be among them.
	Match func(*http.Request) bool
}

// operation is one of a bucket's, on an object "a" that there is.
type operation struct {
	name string
	run  func(ctx context.Context, b bucket.Bucket) error
}

// large is the body of "a": more than the buffers on the way hold.
const large = 8 << 20

func operations() []operation {
	return []operation{
		{"get", func(ctx context.Context, b bucket.Bucket) error { return discard(ctx, b, "a") }},
		{"stat", func(ctx context.Context, b bucket.Bucket) error {
			_, err := b.Stat(ctx, "a", "")
			return err
		}},
		{"put", func(ctx context.Context, b bucket.Bucket) error {
			_, err := b.Put(ctx, "b", bytes.NewReader(Pattern(3000, 1)), 3000, bucket.PutOptions{ContentType: "image/png"})
			return err
		}},
		{"list", func(ctx context.Context, b bucket.Bucket) error {
			return b.List(ctx, "", "", 0, func(string, bucket.Info) bool { return true })
		}},
		{"delete", func(ctx context.Context, b bucket.Bucket) error { return b.Delete(ctx, "b") }},
	}
}

// faultCase is what happens to the requests of an operation, and what comes of it.
type faultCase struct {
	name     string
	rule     func(n int) Harm
	want     fault.Kind // Internal = success
	status   int        // of the cause; 0 = any
	requests int        // at most; 0 = any number
	only     string     // the operation that it is about; empty = every one
}

func faultCases() []faultCase {
	always := func(f Harm) func(int) Harm { return func(int) Harm { return f } }
	once := func(f Harm) func(int) Harm {
		return func(n int) Harm {
			if n == 1 {
				return f
			}
			return Harm{}
		}
	}
	return []faultCase{
		{name: "broken once", rule: once(Harm{Status: 503}), want: fault.Internal},
		{name: "throttled once", rule: once(Harm{Status: 429}), want: fault.Internal},
		{name: "cut off once", rule: once(Harm{Reset: true}), want: fault.Internal},
		{name: "slow", rule: always(Harm{Delay: 50 * time.Millisecond}), want: fault.Internal},
		{name: "broken", rule: always(Harm{Status: 500}), want: fault.SourceFailed, status: 500, requests: 3},
		{name: "throttled", rule: always(Harm{Status: 429}), want: fault.SourceFailed, status: 429, requests: 3},
		{name: "busy", rule: always(Harm{Status: 503, Body: "<Error><Code>SlowDown</Code></Error>"}), want: fault.SourceFailed, status: 503, requests: 3},
		{name: "cut off", rule: always(Harm{Reset: true}), want: fault.Unreachable, requests: 6},
		{name: "denied", rule: always(Harm{Status: 403, Body: "you are " + User + " with " + Secret}), want: fault.SourceMissing, status: 403, requests: 3},
		{name: "another protocol", rule: always(Harm{Status: 200, Body: "<html><p>Welcome!"}), want: fault.SourceFailed, only: "list"},
		{name: "cut off in the middle", rule: always(Harm{Bytes: 1000}), want: fault.Incomplete, only: "get"},
	}
}

// RunFaults runs the suite of what a server can do to a backend.
func RunFaults(t *testing.T, f Faulty) {
	bounds := remote.Config{AnswerTimeout: time.Minute, Attempts: 3}
	p := NewProxy(t, f.Upstream, f.KeepHost)
	p.match = f.Match
	b := f.Open(t, p.URL, bounds)
	if _, err := b.Put(t.Context(), "a", bytes.NewReader(Pattern(large, 1)), large, bucket.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, c := range faultCases() {
		t.Run(c.name, func(t *testing.T) {
			for _, op := range operations() {
				if c.only == "" || c.only == op.name {
					c.check(t, p, b, op)
				}
			}
		})
	}
	t.Run("silent in the middle", func(t *testing.T) { f.silent(t, p, b) })
	t.Run("no answer, caller leaves", func(t *testing.T) { left(t, p, b) })
	p.Do(nil)
	t.Run("no answer", func(t *testing.T) {
		// Longer than the second that a body waits for the answer that it may come: the time begins when it is sent.
		impatient := f.Open(t, p.URL, remote.Config{AnswerTimeout: 1500 * time.Millisecond, Attempts: 2})
		if _, err := impatient.Stat(t.Context(), "a", ""); err != nil { // logs in while it can
			t.Fatal(err)
		}
		noAnswer(t, p, impatient)
	})
	t.Run("nobody listens", func(t *testing.T) {
		alone := f.Open(t, "http://127.0.0.1:"+processtest.FreePort(t), remote.Config{Attempts: 2})
		for _, op := range operations() {
			wantFault(t, op.name, op.run(t.Context(), alone), fault.Unreachable)
		}
	})
}

func (c faultCase) check(t *testing.T, p *Proxy, b bucket.Bucket, op operation) {
	t.Helper()
	p.Do(c.rule)
	defer p.Do(nil)
	began := time.Now()
	err := op.run(t.Context(), b)
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("%s took %v", op.name, took)
	}
	if n := p.Requests(); n == 0 || c.requests > 0 && n > c.requests {
		t.Errorf("%s made %d requests, want 1 to %d", op.name, n, c.requests)
	}
	if c.want == fault.Internal {
		p.Do(nil)
		if err != nil {
			t.Errorf("%s: %v", op.name, err)
		} else if op.name == "put" {
			arrived(t, b)
		}
		return
	}
	wantFault(t, op.name, err, c.want)
	var status *bucket.StatusError
	if c.status != 0 && (!errors.As(err, &status) || status.Status != c.status) {
		t.Errorf("%s: %v, want a status of %d", op.name, err, c.status)
	}
	if bucket.Absent(err) {
		t.Errorf("%s: %v is taken for the answer that there is no such thing", op.name, err)
	}
}

// arrived checks that what was sent more than once is there once and whole.
func arrived(t *testing.T, b bucket.Bucket) {
	t.Helper()
	object, err := b.Get(t.Context(), "b", bucket.GetOptions{})
	if err != nil {
		t.Error(err)
		return
	}
	if body := read(t, object); !bytes.Equal(body, Pattern(3000, 1)) {
		t.Errorf("%d bytes are stored, want the 3000 that were put", len(body))
	}
}

func wantFault(t *testing.T, what string, err error, want fault.Kind) {
	t.Helper()
	var typed *fault.Error
	switch {
	case !errors.As(err, &typed) || typed.Kind != want:
		t.Errorf("%s: %v (kind %v), want kind %v", what, err, fault.KindOf(err), want)
	case strings.Contains(err.Error(), Secret) || strings.Contains(err.Error(), "Signature="):
		t.Errorf("%s: the error holds a credential: %v", what, err)
	}
}

// silent has bodies that never end, and callers who do.
func (f Faulty) silent(t *testing.T, p *Proxy, b bucket.Bucket) {
	p.Do(func(int) Harm { return Harm{Bytes: 1000, Stall: true} })
	defer p.Do(nil)
	for want, end := range map[fault.Kind]func(context.Context) (context.Context, context.CancelFunc){
		fault.Canceled: context.WithCancel,
		fault.Timeout: func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 2*time.Second)
		},
	} {
		ctx, leave := end(t.Context())
		object, err := b.Get(ctx, "a", bucket.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if !f.Whole {
			if _, err := io.ReadFull(object.Body, make([]byte, 1000)); err != nil {
				t.Error(err)
			}
		}
		if want == fault.Canceled {
			time.AfterFunc(50*time.Millisecond, leave)
		}
		began := time.Now()
		_, err = io.Copy(io.Discard, object.Body)
		wantFault(t, "read", err, want)
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("it took %v to end", took)
		}
		_ = object.Body.Close()
		leave()
	}
}

func left(t *testing.T, p *Proxy, b bucket.Bucket) {
	p.Do(func(int) Harm { return Harm{Hang: true} })
	defer p.Do(nil)
	for _, op := range operations() {
		ctx, leave := context.WithCancel(t.Context())
		time.AfterFunc(50*time.Millisecond, leave)
		began := time.Now()
		wantFault(t, op.name, op.run(ctx, b), fault.Canceled)
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("%s took %v to end", op.name, took)
		}
		leave()
	}
}

func noAnswer(t *testing.T, p *Proxy, b bucket.Bucket) {
	p.Do(func(int) Harm { return Harm{Hang: true} })
	defer p.Do(nil)
	for _, op := range operations()[1:3] {
		began := time.Now()
		wantFault(t, op.name, op.run(t.Context(), b), fault.SourceTimeout)
		if took := time.Since(began); took > 15*time.Second || p.Requests() > 4 {
			t.Errorf("%s took %v and %d requests", op.name, took, p.Requests())
		}
	}
}
