package object_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/buckettest"
	"github.com/stillroom/stillroom/internal/bucket/filesystem"
	"github.com/stillroom/stillroom/internal/bucket/s3"
	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/source"
	"github.com/stillroom/stillroom/internal/source/object"
	"github.com/stillroom/stillroom/internal/source/sourcetest"
)

const maxSize = 2 << 20

func TestSource(t *testing.T) {
	for name, open := range map[string]func(t *testing.T) bucket.Opener{
		"memory": func(*testing.T) bucket.Opener { return buckettest.NewMemory("pictures") },
		"filesystem": func(t *testing.T) bucket.Opener {
			root := t.TempDir()
			if err := os.Mkdir(root+"/pictures", 0o755); err != nil {
				t.Fatal(err)
			}
			o, err := filesystem.New(filesystem.Config{Root: root})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { o.Close() })
			return o
		},
		"s3": func(t *testing.T) bucket.Opener {
			store := s3mem.New()
			if err := store.CreateBucket("pictures"); err != nil {
				t.Fatal(err)
			}
			server := httptest.NewServer(gofakes3.New(store).Server())
			t.Cleanup(server.Close)
			o, err := s3.New(t.Context(), s3.Config{Endpoint: server.URL, AccessKeyID: "a", SecretAccessKey: "b"})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { o.Close() })
			return o
		},
	} {
		t.Run(name, func(t *testing.T) {
			sourcetest.Run(t, func(t *testing.T) sourcetest.Harness {
				o := open(t)
				return sourcetest.Harness{
					Source: newSource(t, o, object.Config{MaxSize: maxSize}), Missing: ref(t, "s3://pictures/missing.jpg"), MaxSize: maxSize,
					Put: func(t *testing.T, name string, body []byte) source.Ref {
						put(t, o, name, body, bucket.PutOptions{})
						return ref(t, "s3://pictures/"+name)
					},
				}
			})
		})
	}
}

func TestFreshness(t *testing.T) {
	m := buckettest.NewMemory("pictures")
	put(t, m, "a", []byte("a"), bucket.PutOptions{CacheControl: "public, max-age=600, immutable", ContentType: "image/png"})
	put(t, m, "b", []byte("b"), bucket.PutOptions{})
	s := newSource(t, m, object.Config{})
	a, err := source.Fetch(t.Context(), s, ref(t, "gs://pictures/a"), source.Validators{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := source.Freshness{Explicit: true, Lifetime: 10 * time.Minute, Immutable: true, CacheControl: "public, max-age=600, immutable"}
	if diff := cmp.Diff(want, a.Freshness); diff != "" || a.ContentType != "image/png" {
		t.Errorf("%q, freshness (-want +got):\n%s", a.ContentType, diff)
	}
	again, err := source.Fetch(t.Context(), s, ref(t, "gs://pictures/a"), a.Validators, 0)
	if !fault.Is(err, fault.NotModified) {
		t.Fatalf("%v, want NotModified", err)
	}
	if diff := cmp.Diff(want, again.Freshness); diff != "" || again.Validators != a.Validators {
		t.Errorf("unchanged: %+v, freshness (-want +got):\n%s", again.Validators, diff)
	}
	b, err := source.Fetch(t.Context(), s, ref(t, "gs://pictures/b"), source.Validators{}, 0)
	if diff := cmp.Diff(source.Freshness{}, b.Freshness); err != nil || diff != "" {
		t.Errorf("%v, nothing said (-want +got):\n%s", err, diff)
	}
}

// A date of its end counts where there are no words about reuse.
func TestFreshnessUntil(t *testing.T) {
	s := newSource(t, one{body: []byte("a"), info: bucket.Info{Size: 1, Expires: time.Now().Add(time.Hour)}}, object.Config{})
	f, err := source.Fetch(t.Context(), s, ref(t, "s3://b/k"), source.Validators{}, 0)
	if err != nil || !f.Freshness.Explicit || f.Freshness.Lifetime < 58*time.Minute || f.Freshness.Lifetime > time.Hour {
		t.Errorf("%+v, %v; want an hour", f.Freshness, err)
	}
}

// Whatever comes of a download, nothing of it is left when it is over.
func TestReleased(t *testing.T) {
	for name, c := range map[string]struct {
		one  one
		kind fault.Kind // Internal = it is opened
	}{
		"refused":   {one{err: bucket.Answered("s3.get", "s3://b/k", 403, "", false)}, fault.SourceMissing},
		"unchanged": {one{err: bucket.Answered("s3.get", "s3://b/k", 304, "", false)}, fault.SourceFailed},
		"too large": {one{body: []byte("a"), info: bucket.Info{Size: maxSize + 1}}, fault.TooLarge},
		"encoded":   {one{body: []byte("a"), info: bucket.Info{Size: 1, ContentEncoding: "br"}}, fault.SourceFailed},
		"opened":    {one{body: []byte("a"), info: bucket.Info{Size: 1}}, fault.Internal},
	} {
		w := &watched{one: c.one}
		o, err := newSource(t, w, object.Config{MaxSize: maxSize}).Open(t.Context(), ref(t, "s3://b/k"), source.Validators{})
		if fault.KindOf(err) != c.kind || err == nil != (c.kind == fault.Internal) {
			t.Fatalf("%s: %v (%v), want %v", name, err, fault.KindOf(err), c.kind)
		}
		if err == nil {
			if err := o.Body.Close(); err != nil {
				t.Error(err)
			}
		}
		if w.ctx.Err() == nil || w.opened && !w.closed {
			t.Errorf("%s: the request goes on: %v; closed %t", name, w.ctx.Err(), w.closed)
		}
	}
}

// watched is a bucket that tells what becomes of a Get.
type watched struct {
	one

	ctx            context.Context
	opened, closed bool
}

func (w *watched) Open(string) (bucket.Bucket, error) { return w, nil }

func (w *watched) Get(ctx context.Context, key string, options bucket.GetOptions) (*bucket.Object, error) {
	w.ctx = ctx
	object, err := w.one.Get(ctx, key, options)
	if err == nil {
		w.opened = true
		object.Body = closer{object.Body, &w.closed}
	}
	return object, err
}

type closer struct {
	io.Reader

	closed *bool
}

func (c closer) Close() error {
	*c.closed = true
	return nil
}

// A service that says so to who knows nothing leaves him with nothing.
func TestUnchangedUnasked(t *testing.T) {
	unasked := one{err: bucket.Answered("s3.get", "s3://b/k", 304, "", false)}
	o, err := newSource(t, unasked, object.Config{}).Open(t.Context(), ref(t, "s3://b/k"), source.Validators{})
	if o != nil || !fault.Is(err, fault.SourceFailed) {
		t.Errorf("%+v, %v (%v); want SourceFailed", o, err, fault.KindOf(err))
	}
}

// A date is good enough for a condition where no tag is known.
func TestConditionOnTheDate(t *testing.T) {
	m := buckettest.NewMemory("pictures")
	put(t, m, "a", []byte("a"), bucket.PutOptions{})
	s := newSource(t, m, object.Config{})
	known, err := s.Ask(t.Context(), ref(t, "s3://pictures/a"))
	if err != nil {
		t.Fatal(err)
	}
	o, err := s.Open(t.Context(), ref(t, "s3://pictures/a"), source.Validators{LastModified: known.LastModified})
	if !fault.Is(err, fault.NotModified) || o == nil || o.Validators != known {
		t.Errorf("%+v, %v; want NotModified and %+v", o, err, known)
	}
}

func TestContentCoding(t *testing.T) {
	for _, c := range []struct {
		coding string
		body   []byte
		want   fault.Kind // Internal = the body is "hello"
	}{
		{"", []byte("hello"), fault.Internal},
		{"identity", []byte("hello"), fault.Internal},
		{"aws-chunked", []byte("hello"), fault.Internal},
		{"gzip", zipped("hello"), fault.Internal},
		{"aws-chunked, GZIP", zipped("hello"), fault.Internal},
		{"gzip", zipped("hello")[:15], fault.Incomplete},
		{"gzip", []byte("hello, this is not gzip"), fault.SourceFailed},
		{"gzip", append(zipped("hello")[:len(zipped("hello"))-5], 0, 0, 0, 0, 0), fault.SourceFailed}, // the checksum
		{"gzip", zipped(strings.Repeat("\x00", 2*maxSize)), fault.TooLarge},
		{"gzip, gzip", zipped("hello"), fault.SourceFailed},
		{"br", []byte("hello"), fault.SourceFailed},
		{"zstd", []byte("hello"), fault.SourceFailed},
	} {
		s := newSource(t, one{body: c.body, info: bucket.Info{Size: int64(len(c.body)), ContentEncoding: c.coding}}, object.Config{MaxSize: maxSize})
		f, err := source.Fetch(t.Context(), s, ref(t, "s3://b/k"), source.Validators{}, 0)
		switch {
		case c.want != fault.Internal && !fault.Is(err, c.want):
			t.Errorf("%q: %v (%v), want %v", c.coding, err, fault.KindOf(err), c.want)
		case c.want == fault.Internal && (err != nil || string(f.Body.Bytes()) != "hello"):
			t.Errorf("%q: %v, %v; want the body", c.coding, f, err)
		}
	}
}

// The bound on size holds also where the service does not say how much there is.
func TestSizeThatIsNotTold(t *testing.T) {
	s := newSource(t, one{body: make([]byte, maxSize+1), info: bucket.Info{Size: -1}}, object.Config{MaxSize: maxSize})
	o, err := s.Open(t.Context(), ref(t, "s3://b/k"), source.Validators{})
	if err != nil {
		t.Fatal(err)
	}
	defer o.Body.Close()
	if n, err := io.Copy(io.Discard, o.Body); n != maxSize || !fault.Is(err, fault.TooLarge) {
		t.Errorf("%d bytes, %v; want %d and TooLarge", n, err, maxSize)
	}
}

// One deadline is over everything: the request, and a body that trickles.
func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, b := range map[string]one{"no answer": {hang: true}, "body": {slow: true, body: []byte("hello"), info: bucket.Info{Size: 5}}} {
			began := time.Now()
			_, err := source.Fetch(t.Context(), newSource(t, b, object.Config{Timeout: 3 * time.Second}), ref(t, "s3://b/k"), source.Validators{}, 0)
			if took := time.Since(began); !fault.Is(err, fault.SourceTimeout) || took != 3*time.Second {
				t.Errorf("%s: %v after %v, want SourceTimeout after 3 s", name, err, took)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			_, err = source.Fetch(ctx, newSource(t, b, object.Config{Timeout: 3 * time.Second}), ref(t, "s3://b/k"), source.Validators{}, 0)
			if !fault.Is(err, fault.Timeout) {
				t.Errorf("%s: %v, want Timeout, since it is the caller who was in a hurry", name, err)
			}
			cancel()
		}
	})
}

func TestErrorsOfBuckets(t *testing.T) {
	for _, c := range []struct {
		err    error
		kind   fault.Kind
		status int
	}{
		{bucket.Answered("s3.get", "x", 403, "AccessDenied", false), fault.SourceMissing, 403},
		{bucket.Answered("s3.get", "x", 404, "NoSuchKey", false), fault.SourceMissing, 404},
		{bucket.Answered("s3.get", "x", 503, "SlowDown", false), fault.SourceFailed, 503},
		{bucket.Answered("s3.get", "x", 429, "", false), fault.SourceFailed, 429},
		{fault.New(fault.Unreachable, "s3.get", "no way"), fault.Unreachable, 0},
	} {
		s := newSource(t, one{err: c.err}, object.Config{})
		_, err := s.Open(t.Context(), ref(t, "s3://b/k?secret"), source.Validators{})
		_, err2 := s.Ask(t.Context(), ref(t, "s3://b/k?secret"))
		for _, err := range []error{err, err2} {
			var status *source.StatusError
			if !fault.Is(err, c.kind) || errors.As(err, &status) != (c.status != 0) || status != nil && status.Status != c.status {
				t.Errorf("%v became %v (%v), want %v with %d", c.err, err, fault.KindOf(err), c.kind, c.status)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the error holds the query: %v", err)
			}
			var said *bucket.StatusError
			if errors.As(c.err, &said) && !strings.Contains(err.Error(), said.Code) {
				t.Errorf("%v does not hold the service's word %q", err, said.Code)
			}
		}
	}
}

func TestNew(t *testing.T) {
	_, err := object.New(buckettest.NewMemory(), object.Config{Timeout: -1, MaxSize: -1})
	if err == nil || !strings.Contains(err.Error(), "Timeout") || !strings.Contains(err.Error(), "MaxSize") {
		t.Errorf("%v, want both named", err)
	}
}

// one is an Opener of buckets that have one object under every key, or fail.
type one struct {
	bucket.Bucket
	body       []byte
	info       bucket.Info
	err        error
	hang, slow bool
}

func (o one) Open(string) (bucket.Bucket, error) { return o, nil }

func (o one) Stat(context.Context, string, string) (bucket.Info, error) { return o.info, o.err }

func (o one) Get(ctx context.Context, _ string, _ bucket.GetOptions) (*bucket.Object, error) {
	if o.hang {
		<-ctx.Done()
		return nil, fault.New(fault.KindOf(ctx.Err()), "one.get", "ended")
	}
	if o.err != nil {
		return nil, o.err
	}
	body := io.Reader(bytes.NewReader(o.body))
	if o.slow {
		body = &trickle{ctx, body}
	}
	return &bucket.Object{Info: o.info, Body: io.NopCloser(body)}, nil
}

// trickle gives a byte a second.
type trickle struct {
	ctx context.Context
	in  io.Reader
}

func (s *trickle) Read(p []byte) (int, error) {
	select {
	case <-time.After(time.Second):
		return s.in.Read(p[:1])
	case <-s.ctx.Done():
		return 0, s.ctx.Err()
	}
}

func newSource(t *testing.T, o bucket.Opener, c object.Config) *object.Source {
	t.Helper()
	s, err := object.New(o, c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func put(t *testing.T, o bucket.Opener, key string, body []byte, options bucket.PutOptions) bucket.Info {
	t.Helper()
	b, err := o.Open("pictures")
	if err != nil {
		t.Fatal(err)
	}
	info, err := b.Put(t.Context(), key, bytes.NewReader(body), int64(len(body)), options)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func ref(t *testing.T, text string) source.Ref {
	t.Helper()
	r, err := source.ParseRef(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func zipped(text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text)
	_ = w.Close() // a bytes.Buffer takes everything
	return b.Bytes()
}
