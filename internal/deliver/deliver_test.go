package deliver

import (
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stillroom/stillroom/internal/blob"
	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/format"
	"github.com/stillroom/stillroom/internal/plan"
	"github.com/stillroom/stillroom/internal/provider"
	"github.com/stillroom/stillroom/internal/render"
	"github.com/stillroom/stillroom/internal/source"
)

var update = flag.Bool("update", false, "rewrite testdata")

var now = time.Date(2030, 6, 1, 12, 0, 0, 0, time.UTC)

const tag = `"tagtagtag"`

// result is a WebP of ten bytes that stays fresh for another 40 minutes.
func result() render.Result {
	return render.Result{
		Entry: &cache.Entry{
			Meta: cache.Meta{
				Format: format.WebP, Length: 10, ETag: tag, Width: 40, Height: 30, Frames: 1,
				LastModified: now.Add(-48 * time.Hour), Created: now.Add(-20 * time.Minute),
				SourceLength: 999, SourceWidth: 400, SourceHeight: 300, Cost: 12500 * time.Microsecond,
				Clocks: cache.Clocks{Fresh: now.Add(40 * time.Minute), Revalidate: now.Add(24*time.Hour + 40*time.Minute)},
			},
			Body: blob.New([]byte("0123456789")),
		},
		Status: render.Status{Hit: true, TTL: 40 * time.Minute, Detail: "memory"},
	}
}

func picture(t *testing.T, url string) plan.Plan {
	t.Helper()
	ref, err := source.ParseRef(url)
	if err != nil {
		t.Fatal(err)
	}
	return plan.Plan{Source: ref}
}

// TestHead compares whole answers with testdata/*.txt: request fields above the line, the answer below.
func TestHead(t *testing.T) {
	for _, c := range []struct {
		name    string
		config  Config
		method  string
		request http.Header
		change  func(p *plan.Plan, r *render.Result)
	}{
		{name: "hit"},
		{name: "head", method: "HEAD"},
		{name: "miss", change: func(_ *plan.Plan, r *render.Result) {
			r.Status = render.Status{Fwd: render.Miss, Stored: true}
			r.Created, r.Clocks.Fresh, r.Clocks.Revalidate = now, now.Add(time.Hour), now.Add(25*time.Hour)
		}},
		{name: "if-none-match", request: http.Header{"If-None-Match": {`"x", W/` + tag}}},
		{name: "if-none-match in two lines", request: http.Header{"If-None-Match": {`"x"`, tag}}},
		{name: "if-none-match other wins over date", request: http.Header{
			"If-None-Match": {`"x"`}, "If-Modified-Since": {"Sat, 01 Jun 2030 00:00:00 GMT"},
		}},
		{name: "if-modified-since equal", request: http.Header{"If-Modified-Since": {"Thu, 30 May 2030 12:00:00 GMT"}}},
		{name: "if-modified-since older", request: http.Header{"If-Modified-Since": {"Thu, 30 May 2030 11:59:59 GMT"}}},
		{name: "if-modified-since invalid", request: http.Header{"If-Modified-Since": {"yesterday"}}},
		{name: "if-match other", request: http.Header{"If-Match": {`"x"`}}},
		{name: "if-match weak", request: http.Header{"If-Match": {"W/" + tag}}},
		{name: "if-match", request: http.Header{"If-Match": {tag}}},
		{name: "if-unmodified-since older", request: http.Header{"If-Unmodified-Since": {"Thu, 30 May 2030 11:59:59 GMT"}}},
		{name: "range", request: http.Header{"Range": {"bytes=2-4"}}},
		{name: "range of head", method: "HEAD", request: http.Header{"Range": {"bytes=2-4"}}},
		{name: "range beyond", request: http.Header{"Range": {"bytes=20-"}}},
		{name: "range if same", request: http.Header{"Range": {"bytes=-1"}, "If-Range": {tag}}},
		{name: "range if other", request: http.Header{"Range": {"bytes=-1"}, "If-Range": {`"x"`}}},
		{name: "stale", change: func(_ *plan.Plan, r *render.Result) {
			r.Clocks.Fresh = now.Add(-30 * time.Second)
			r.Status = render.Status{Hit: true, TTL: -30 * time.Second, Detail: "stale-while-revalidate"}
		}},
		{name: "ttl zero", change: func(_ *plan.Plan, r *render.Result) {
			r.Created, r.Clocks = now, cache.Clocks{Fresh: now, Revalidate: now}
		}},
		{name: "url expires", change: func(p *plan.Plan, _ *render.Result) { p.Delivery.Expires = now.Add(90 * time.Second) }},
		{name: "immutable", change: func(_ *plan.Plan, r *render.Result) { r.Immutable = true }},
		{name: "private", change: func(_ *plan.Plan, r *render.Result) { r.Private = true }},
		{name: "no-store", change: func(_ *plan.Plan, r *render.Result) { r.NoStore = true }},
		{name: "passed cache-control", config: Config{PassCacheControl: true}, change: func(_ *plan.Plan, r *render.Result) {
			r.SourceCacheControl = "max-age=7, private"
		}},
		{name: "vary", change: func(p *plan.Plan, _ *render.Result) { p.Vary = "Accept" }},
		{name: "vary on 304", request: http.Header{"If-None-Match": {tag}}, change: func(p *plan.Plan, _ *render.Result) { p.Vary = "Accept" }},
		{name: "no validators", config: Config{NoETag: true, NoLastModified: true}, request: http.Header{"If-None-Match": {tag}}},
		{name: "last-modified floor", config: Config{LastModifiedFloor: now.Add(-time.Hour)}},
		{name: "cdn", config: Config{CDNCacheControl: "max-age=86400"}},
		{name: "cdn private", config: Config{CDNCacheControl: "max-age=86400"}, change: func(_ *plan.Plan, r *render.Result) { r.Private = true }},
		{name: "cdn no-store", config: Config{CDNCacheControl: "max-age=86400"}, change: func(_ *plan.Plan, r *render.Result) { r.NoStore = true }},
		{name: "cdn stale", config: Config{CDNCacheControl: "max-age=86400"}, change: func(_ *plan.Plan, r *render.Result) {
			r.Clocks.Fresh = now.Add(-time.Second)
		}},
		{name: "cdn url expires", config: Config{CDNCacheControl: "max-age=86400"}, change: func(p *plan.Plan, _ *render.Result) {
			p.Delivery.Expires = now.Add(90 * time.Second)
		}},
		{name: "canonical", config: Config{Canonical: true}},
		{name: "debug", config: Config{Debug: true}, change: func(_ *plan.Plan, r *render.Result) {
			r.Status = render.Status{Fwd: render.Miss}
		}},
		{name: "tags on 304", config: Config{TagFields: []string{SurrogateKey, CacheTag}}, request: http.Header{"If-None-Match": {tag}}, change: func(_ *plan.Plan, r *render.Result) {
			r.Tags = []string{"hero", "src-0123456789abcdef"}
		}},
		{name: "tags for cloudfront", config: Config{TagFields: []string{AmazonCacheTag}}, change: func(_ *plan.Plan, r *render.Result) {
			r.Tags = []string{"hero", "src-0123456789abcdef"}
		}},
		{name: "no tags", config: Config{TagFields: []string{SurrogateKey, CacheTag}}, change: func(_ *plan.Plan, r *render.Result) { r.Tags = nil }},
		{name: "cors", config: Config{Origin: "*"}},
		{name: "attachment", change: func(p *plan.Plan, _ *render.Result) {
			p.Delivery = provider.Delivery{Filename: `my "holiday"`, Attachment: true}
		}},
		{name: "filename beyond ascii", change: func(p *plan.Plan, _ *render.Result) { p.Delivery.Filename = "Größe = 1" }},
		{name: "svg", change: func(_ *plan.Plan, r *render.Result) { r.Format = format.SVG }},
		{name: "original", change: func(p *plan.Plan, r *render.Result) {
			p.Want, r.Format, r.ContentType = provider.Original, format.Unknown, "application/pdf"
		}},
		{name: "fallback", change: func(_ *plan.Plan, r *render.Result) { r.Fallback = format.AVIF }},
		{name: "known without a body", request: http.Header{"If-None-Match": {tag}}, change: func(_ *plan.Plan, r *render.Result) { r.Body = nil }},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, r := picture(t, "https://example.com/shop/photo.final.jpg?v=2"), result()
			if c.change != nil {
				c.change(&p, &r)
			}
			request := httptest.NewRequest(http.MethodGet, "/x", nil)
			if c.method != "" {
				request.Method = c.method
			}
			request.Header = http.Header{}
			for k, v := range c.request {
				request.Header[k] = v
			}
			d := &Deliverer{Config: c.config, Now: func() time.Time { return now }}
			w := httptest.NewRecorder()
			status, sent := d.Result(w, request, p, r)
			if status != w.Code || sent != int64(w.Body.Len()) {
				t.Errorf("says status %d and %d bytes, sent %d and %d", status, sent, w.Code, w.Body.Len())
			}
			golden(t, c.name, dump(request, w))
		})
	}
}

func dump(r *http.Request, w *httptest.ResponseRecorder) string {
	var b strings.Builder
	b.WriteString(r.Method + "\n")
	fields(&b, r.Header)
	fmt.Fprintf(&b, "----\n%d\n", w.Code)
	fields(&b, w.Header())
	fmt.Fprintf(&b, "\n%s\n", w.Body)
	return b.String()
}

func fields(b *strings.Builder, h http.Header) {
	var names []string
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, v := range h[name] {
			fmt.Fprintf(b, "%s: %s\n", name, v)
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", strings.ReplaceAll(name, " ", "-")+".txt")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("differs from %s (-want +got):\n%s", path, diff)
	}
}

func BenchmarkHit(b *testing.B) {
	d := &Deliverer{Now: func() time.Time { return now }}
	ref, err := source.ParseRef("https://example.com/shop/photo.jpg")
	if err != nil {
		b.Fatal(err)
	}
	p, res := plan.Plan{Source: ref}, result()
	r := httptest.NewRequest(http.MethodGet, "/x", nil)
	w := &sink{h: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		clear(w.h)
		d.Result(w, r, p, res)
	}
}

// sink is a response writer that keeps nothing.
type sink struct{ h http.Header }

func (s *sink) Header() http.Header         { return s.h }
func (s *sink) Write(b []byte) (int, error) { return len(b), nil }
func (s *sink) WriteHeader(int)             {}
