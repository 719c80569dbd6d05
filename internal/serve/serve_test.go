package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/blob"
	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/deliver"
	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/format"
	"github.com/stillroom/stillroom/internal/plan"
	"github.com/stillroom/stillroom/internal/provider"
	"github.com/stillroom/stillroom/internal/render"
	"github.com/stillroom/stillroom/internal/source"
	"github.com/stillroom/stillroom/internal/transform"
)

// echo is a grammar in which the path is the source's URL without "https://". It notes the targets it is asked for.
type echo struct{ asked []string }

func (*echo) Name() string { return "echo" }

func (e *echo) Parse(target string) (provider.Request, error) {
	e.asked = append(e.asked, target)
	if target == "/skip" {
		return provider.Request{}, provider.ErrSkip
	}
	if target == "/bad" {
		return provider.Request{}, fault.New(fault.BadURL, "echo.parse", "width: want a whole number, got %q", "x\ny")
	}
	ref, err := source.ParseRef("https:/" + target)
	return provider.Request{Source: ref}, err
}

func (*echo) Format(provider.Request) (string, error) { return "", nil }

type door struct{ err error }

func (d door) Admit(provider.Request, time.Time) error { return d.err }
func (d door) Verify(provider.Credentials) error       { return d.err }

// world answers every fetch with err, or with an image if there is none.
type world struct {
	err   error
	hangs bool         // until nobody waits
	kept  *cache.Entry // what the store has, for every key; nil = nothing
}

func (w world) Get(context.Context, cache.Key) (*cache.Entry, error) {
	if w.kept == nil {
		return nil, cache.NotFound("nothing is kept")
	}
	return w.kept, nil
}

func (world) Put(context.Context, cache.Key, *cache.Entry) error { return nil }
func (world) Delete(context.Context, cache.Key) error            { return nil }

func (w world) Fetch(ctx context.Context, _ source.Ref, _ int64, _ time.Time) (*source.Fetched, error) {
	if w.hangs {
		<-ctx.Done()
	}
	if w.err != nil {
		return nil, w.err
	}
	return &source.Fetched{Body: blob.New([]byte("source")), Version: "v1", Began: time.Now()}, nil
}

func (world) Version(context.Context, source.Ref) (string, bool) { return "", false }

func (world) Changed(context.Context, source.Ref, string) bool { return false }

func (world) Admit() error { return nil }

func (world) Process(context.Context, transform.Inputs, transform.Canonical) (transform.Image, error) {
	return transform.Image{Body: blob.New([]byte("picture")), Format: format.PNG, Width: 1, Height: 1, Frames: 1}, nil
}

func handler(change ...func(*Config, *world)) *Handler {
	w := world{}
	c := Config{
		Mounts:      []Mount{{Prefix: "/", Provider: &echo{}}},
		Admission:   door{},
		Planner:     plan.New(plan.Config{}),
		Deliverer:   &deliver.Deliverer{},
		NegativeTTL: time.Minute,
	}
	for _, f := range change {
		f(&c, &w)
	}
	c.Renderer = render.New(render.Config{
		Store: w, Sources: w, Processor: w, Policy: cache.Policy{TTL: time.Hour, MaxTTL: time.Hour},
	})
	return New(c)
}

func get(h http.Handler, target string, header ...string) *httptest.ResponseRecorder {
	return do(h, http.MethodGet, target, header...)
}

func do(h http.Handler, method, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/", nil)
	r.RequestURI = target
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestEveryKindHasAnAnswer(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
		body   string
		cache  string
	}{
		{fault.New(fault.BadURL, "x", "width: no"), 404, "Invalid URL: width: no", "public, max-age=60"},
		{fault.New(fault.Expired, "x", "the URL expired"), 404, "Invalid URL: the URL expired", "public, max-age=60"},
		{fault.New(fault.Forbidden, "x", "bad signature"), 403, "Forbidden: bad signature", "no-store"},
		{fault.New(fault.OptionDenied, "x", "msr"), 403, "Invalid URL: msr", "no-store"},
		{fault.New(fault.SourceDenied, "x", "10.0.0.7 is private"), 404, "Invalid source URL", "no-store"},
		{fault.New(fault.Unreachable, "x", "db.internal refused"), 404, "Source is unreachable", "no-store"},
		{fault.Wrap(fault.SourceMissing, "x", &source.StatusError{Status: 404}), 404, "Source is unreachable", "public, max-age=60"},
		{fault.Wrap(fault.SourceMissing, "x", &source.StatusError{Status: 410}), 410, "Source is unreachable", "public, max-age=60"},
		{fault.Wrap(fault.SourceMissing, "x", &source.StatusError{Status: 403}), 403, "Source is unreachable", "no-store"},
		{fault.Wrap(fault.SourceMissing, "x", &source.StatusError{Status: 429}), 429, "Source is unreachable", "no-store"},
		{fault.Wrap(fault.SourceFailed, "x", &source.StatusError{Status: 503}), 502, "Source is unreachable", "no-store"},
		{fault.New(fault.SourceTimeout, "x", "slow"), 504, "Source is unreachable", "no-store"},
		{fault.New(fault.Incomplete, "x", "7 of 9"), 422, "Source response is incomplete", "no-store"},
		{fault.New(fault.NotImage, "x", "text"), 422, "Failed to detect source image type", "public, max-age=60"},
		{fault.New(fault.Unsupported, "x", "no jxl here"), 422, "Invalid URL: no jxl here", "public, max-age=60"},
		{fault.New(fault.TooLarge, "x", "65 megapixels"), 422, "Invalid source image: 65 megapixels", "public, max-age=60"},
		{fault.New(fault.Broken, "x", "cut short"), 422, "Broken or unsupported image: cut short", "public, max-age=60"},
		{fault.New(fault.Overloaded, "x", "queue"), 503, "Too many requests", "no-store"},
		{fault.New(fault.Timeout, "x", "late"), 503, "Timeout", "no-store"},
		{fault.New(fault.Internal, "x", "secret detail"), 500, "Internal error", "no-store"},
		{context.DeadlineExceeded, 503, "Timeout", "no-store"},
	} {
		t.Run(c.err.Error(), func(t *testing.T) {
			w := get(handler(func(_ *Config, world *world) { world.err = c.err }), "/example.com/a.jpg")
			if w.Code != c.status || w.Body.String() != c.body+"\n" || w.Header().Get("Cache-Control") != c.cache {
				t.Errorf("got  %d %q %q\nwant %d %q %q", w.Code, w.Body, w.Header().Get("Cache-Control"), c.status, c.body, c.cache)
			}
			if retry := w.Header().Get("Retry-After"); (w.Code == 503) != (retry != "") {
				t.Errorf("status %d with Retry-After %q", w.Code, retry)
			}
		})
	}
}

func TestErrorsInJSONAndOnOneLine(t *testing.T) {
	w := get(handler(), "/bad", "Accept", "application/json")
	var body struct {
		Error  string
		Status int
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || body.Status != 404 {
		t.Errorf("%q: %v", w.Body, err)
	}
	if w := get(handler(), "/bad"); strings.Count(w.Body.String(), "\n") != 1 {
		t.Errorf("the body has more than one line: %q", w.Body)
	}
}

func TestErrorsVaryAsAnswersDo(t *testing.T) {
	h := handler(func(c *Config, w *world) {
		c.Planner = plan.New(plan.Config{Auto: format.SetOf(format.WebP)})
		w.err = fault.New(fault.NotImage, "x", "text")
	})
	if v := get(h, "/example.com/a.jpg").Header().Get("Vary"); v != "Accept" {
		t.Errorf("Vary %q on an error, want Accept", v)
	}
}

func TestMethods(t *testing.T) {
	h := handler()
	for _, c := range []struct {
		method string
		status int
		body   bool
	}{
		{"GET", 200, true}, {"HEAD", 200, false}, {"OPTIONS", 204, false}, {"POST", 405, true}, {"DELETE", 405, true},
	} {
		w := do(h, c.method, "/example.com/a.jpg")
		if w.Code != c.status || (w.Body.Len() > 0) != c.body {
			t.Errorf("%s: status %d with %d bytes, want %d", c.method, w.Code, w.Body.Len(), c.status)
		}
		if allow := w.Header().Get("Allow"); c.status == 405 && allow != "GET, HEAD, OPTIONS" {
			t.Errorf("%s: Allow %q", c.method, allow)
		}
	}
	same := do(h, "HEAD", "/example.com/a.jpg").Header()
	same.Del("X-Request-Id")
	full := do(h, "GET", "/example.com/a.jpg").Header()
	full.Del("X-Request-Id")
	if len(same) != len(full) || same.Get("Content-Length") != "7" {
		t.Errorf("HEAD has %v\nGET has  %v", same, full)
	}
}

func TestTargetReachesTheGrammarUntouched(t *testing.T) {
	for _, c := range []struct{ sent, prefix, want string }{
		{"/a//../b%2Fc?x=%20", "", "/a//../b%2Fc?x=%20"},
		{"http://host/a/b", "", "/a/b"},
		{"/img/a/b", "/img", "/a/b"},
	} {
		e := &echo{}
		h := handler(func(conf *Config, _ *world) {
			conf.Mounts = []Mount{{Prefix: "/", Provider: e}}
			conf.PathPrefix = c.prefix
		})
		get(h, c.sent)
		if len(e.asked) != 1 || e.asked[0] != c.want {
			t.Errorf("%s: the grammar was asked for %q, want %q", c.sent, e.asked, c.want)
		}
	}
	h := handler(func(conf *Config, _ *world) { conf.PathPrefix = "/img" })
	if w := get(h, "/other/a"); w.Code != 404 {
		t.Errorf("outside the prefix: status %d", w.Code)
	}
}

// What is remembered of a URL saves work and changes nothing: it is still refused when it has expired, and URLs that were no hits
// are not remembered.
func TestMemo(t *testing.T) {
	e := &echo{}
	h := handler(func(c *Config, w *world) {
		c.Mounts = []Mount{{Prefix: "/", Provider: e}}
		w.kept = &cache.Entry{Body: blob.New([]byte("kept"))}
		w.kept.Clocks.Fresh = time.Now().Add(time.Hour)
	})
	for range 5 {
		if w := get(h, "/example.com/a.jpg"); w.Code != 200 || w.Body.String() != "kept" {
			t.Fatalf("%d %q", w.Code, w.Body)
		}
	}
	if len(e.asked) != 1 {
		t.Errorf("the grammar read one URL %d times", len(e.asked))
	}
	get(h, "/example.com/b.jpg")
	if len(e.asked) != 2 {
		t.Error("another URL was taken for the first")
	}

	m := &memo{}
	now := time.Now()
	expiring := &understood{plan: plan.Plan{Delivery: provider.Delivery{Expires: now.Add(time.Second)}}}
	m.put("/a", expiring)
	m.put("/"+strings.Repeat("b", memoLength), expiring)
	if m.get("/a", now) != expiring || m.get("/a", now.Add(time.Second)) != nil || len(m.plans) != 1 {
		t.Error("want a URL remembered until it expires, and none that is too long")
	}
	for n := range 2 * memoEntries {
		m.put(fmt.Sprint(n), expiring)
	}
	if len(m.plans) > memoEntries {
		t.Errorf("%d URLs are remembered, the bound is %d", len(m.plans), memoEntries)
	}

	misses := &echo{}
	h = handler(func(c *Config, _ *world) { c.Mounts = []Mount{{Prefix: "/", Provider: misses}} })
	get(h, "/example.com/a.jpg")
	get(h, "/example.com/a.jpg")
	varying := &echo{}
	h = handler(func(c *Config, w *world) {
		c.Mounts = []Mount{{Prefix: "/", Provider: varying}}
		c.Planner = plan.New(plan.Config{Auto: format.SetOf(format.WebP)})
		w.kept = &cache.Entry{Body: blob.New(nil)}
		w.kept.Clocks.Fresh = time.Now().Add(time.Hour)
	})
	get(h, "/example.com/a.jpg")
	get(h, "/example.com/a.jpg")
	if len(misses.asked) != 2 || len(varying.asked) != 2 {
		t.Errorf("asked %d and %d times, want twice: neither misses nor what clients change is remembered", len(misses.asked), len(varying.asked))
	}
}

func TestMountsAreAskedInOrderUntilOneKnows(t *testing.T) {
	first, second := &echo{}, &echo{}
	h := handler(func(c *Config, _ *world) {
		c.Mounts = []Mount{{Prefix: "/cdn/", Provider: first}, {Prefix: "/", Provider: second}}
	})
	get(h, "/cdn/example.com/a.jpg")
	get(h, "/cdn/skip")
	if strings.Join(first.asked, " ") != "/example.com/a.jpg /skip" || strings.Join(second.asked, " ") != "/cdn/skip" {
		t.Errorf("asked %q and %q", first.asked, second.asked)
	}
}

func TestSecret(t *testing.T) {
	h := handler(func(c *Config, _ *world) { c.Secret = "s3cret" })
	for auth, status := range map[string]int{"Bearer s3cret": 200, "Bearer other": 403, "s3cret": 403, "": 403} {
		if w := get(h, "/example.com/a.jpg", "Authorization", auth); w.Code != status {
			t.Errorf("Authorization %q: status %d, want %d", auth, w.Code, status)
		}
	}
	if w := get(h, "/health"); w.Code != 200 {
		t.Errorf("health asks for the secret: %d", w.Code)
	}
}

func TestRefusalsComeBeforeAnyFetch(t *testing.T) {
	h := handler(func(c *Config, w *world) {
		c.Admission = door{fault.New(fault.Forbidden, "x", "no")}
		w.err = fault.New(fault.Internal, "x", "fetched all the same")
	})
	if w := get(h, "/example.com/a.jpg"); w.Code != 403 {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
}

func TestLoop(t *testing.T) {
	for value, status := range map[string]int{"stillroom": 508, `other; v="1", Stillroom`: 200, "a, stillroom; x=1": 508, "stillroomy": 200} {
		if w := get(handler(), "/example.com/a.jpg", "CDN-Loop", value); w.Code != status {
			t.Errorf("CDN-Loop %q: status %d, want %d", value, w.Code, status)
		}
	}
}

func TestHealthAndDrain(t *testing.T) {
	h := handler(func(c *Config, _ *world) { c.HealthPath = "/up" })
	for _, path := range []string{"/health", "/up"} {
		if w := get(h, path); w.Code != 200 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	h.Drain()
	if w := get(h, "/health"); w.Code != 503 {
		t.Errorf("draining: health says %d", w.Code)
	}
	if w := get(h, "/example.com/a.jpg"); w.Code != 200 {
		t.Errorf("draining: an image is answered with %d", w.Code)
	}
}

func TestPurgeMethod(t *testing.T) {
	var purged []string
	h := handler(func(c *Config, _ *world) {
		c.AdminToken = "t0ken"
		c.Admission = door{fault.New(fault.Forbidden, "x", "signatures do not matter to a purge")}
		c.Purge = func(group cache.Key, soft bool) (string, time.Time, error) {
			purged = append(purged, fmt.Sprint(group, soft))
			return "rule", time.Unix(1, 0), nil
		}
	})
	for _, auth := range []string{"", "Bearer other", "t0ken"} {
		if w := do(h, "PURGE", "/example.com/a.jpg", "Authorization", auth); w.Code != 403 {
			t.Errorf("Authorization %q: status %d", auth, w.Code)
		}
	}
	if w := do(h, "PURGE", "/bad", "Authorization", "Bearer t0ken"); w.Code != 404 {
		t.Errorf("a URL that means nothing: status %d", w.Code)
	}
	w := do(h, "PURGE", "/example.com/a.jpg", "Authorization", "Bearer t0ken")
	if w.Code != 200 || w.Body.String() != `{"rule":"rule","at":"1970-01-01T00:00:01Z"}` {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	do(h, "PURGE", "/example.com/a.jpg", "Authorization", "Bearer t0ken", "Soft-Purge", "1")
	do(h, "PURGE", "/example.com/b.jpg", "Authorization", "Bearer t0ken")
	if len(purged) != 3 || purged[0] == purged[1] || purged[0] == purged[2] {
		t.Errorf("purged %q: want one URL hard and soft, then another", purged)
	}
	none := handler()
	if w := do(none, "PURGE", "/example.com/a.jpg", "Authorization", "Bearer "); w.Code != 403 {
		t.Errorf("without an admin token: status %d", w.Code)
	}
}

func TestRequestID(t *testing.T) {
	for given, kept := range map[string]bool{"valid-id_123": true, "": false, "with space": false, strings.Repeat("a", 129): false, "ünï": false} {
		id := get(handler(), "/health", "X-Request-ID", given).Header().Get("X-Request-Id")
		if (id == given) != kept || id == "" {
			t.Errorf("id %q became %q", given, id)
		}
	}
}

func TestLogLineHoldsNoSecret(t *testing.T) {
	var log bytes.Buffer
	h := handler(func(c *Config, _ *world) { c.Log = slog.New(slog.NewJSONHandler(&log, nil)) })
	get(h, "/user:hunter2@example.com/a.jpg?X-Amz-Signature=hunter2", "X-Request-ID", "abc")
	if n := strings.Count(log.String(), "\n"); n != 1 {
		t.Errorf("%d lines for one request", n)
	}
	if strings.Contains(log.String(), "hunter2") {
		t.Errorf("the log holds a secret: %s", &log)
	}
	var line map[string]any
	if err := json.Unmarshal(log.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string]any{
		"id": "abc", "method": "GET", "status": 200.0, "bytes": 7.0, "outcome": "miss", "provider": "echo",
		"source": "https://example.com/a.jpg?…",
	} {
		if line[field] != want {
			t.Errorf("%s: %v, want %v", field, line[field], want)
		}
	}
}

func TestClientThatLeavesIsLoggedAs499(t *testing.T) {
	var log bytes.Buffer
	h := handler(func(c *Config, w *world) {
		c.Log = slog.New(slog.NewJSONHandler(&log, nil))
		w.hangs = true
	})
	ctx, leave := context.WithCancel(t.Context())
	leave()
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/example.com/a.jpg", nil)
	h.ServeHTTP(httptest.NewRecorder(), r)
	if !strings.Contains(log.String(), `"status":499`) {
		t.Errorf("log: %s", &log)
	}
}
