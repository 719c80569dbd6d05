// Package deliver turns a result into an HTTP answer: status, header and body. Conditions and ranges are
// judged from the entry's meta; an answer without a body touches none.
package deliver

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/format"
	"github.com/stillroom/stillroom/internal/plan"
	"github.com/stillroom/stillroom/internal/provider"
	"github.com/stillroom/stillroom/internal/render"
)

// Config says which fields are sent.
type Config struct {
	NoETag         bool // send no ETag, heed no If-None-Match
	NoLastModified bool // send no Last-Modified, heed no If-Modified-Since
	// LastModifiedFloor is the earliest Last-Modified that is sent; zero = none (imgproxy's LAST_MODIFIED_BUSTER).
	LastModifiedFloor time.Time
	// PassCacheControl sends the source's own Cache-Control instead of one made of the entry's clocks.
	PassCacheControl bool
	// CDNCacheControl is sent as it is, as CDN-Cache-Control (RFC 9213), with what anybody may keep for as long as it is fresh; empty = not
	// sent. It counts for more than Cache-Control there, so it must not come with anything else.
	CDNCacheControl string
	// TagFields are those of SurrogateKey, CacheTag and AmazonCacheTag that an entry's tags are sent in; none = they are not sent.
	TagFields []string
	Canonical bool   // send a Link to the source with rel=canonical, for http and https sources
	Debug     bool   // send X-Origin-*, X-Result-* and Server-Timing
	Origin    string // Access-Control-Allow-Origin; empty = not sent
}

// Deliverer answers requests. It is safe for concurrent use.
type Deliverer struct {
	Config

	// Now is the clock; nil = time.Now.
	Now func() time.Time
}

// The fields for tags, each for those CDNs that purge by it.
const (
	SurrogateKey   = "Surrogate-Key"        // Fastly and Varnish; separated by spaces
	CacheTag       = "Cache-Tag"            // Cloudflare; separated by commas
	AmazonCacheTag = "X-Amz-Meta-Cache-Tag" // CloudFront; separated by commas
)

// Field names in the canonical form in which http.Header holds them, so that setting them by index
// finds what Get and Set find.
const (
	acceptRanges       = "Accept-Ranges"
	allowOrigin        = "Access-Control-Allow-Origin"
	cacheControl       = "Cache-Control"
	cacheStatus        = "Cache-Status"
	cdnCacheControl    = "Cdn-Cache-Control"
	contentDisposition = "Content-Disposition"
	contentLength      = "Content-Length"
	contentPolicy      = "Content-Security-Policy"
	contentType        = "Content-Type"
	etag               = "Etag"
	formatFallback     = "X-Stillroom-Format-Fallback"
	lastModified       = "Last-Modified"
	link               = "Link"
	typeOptions        = "X-Content-Type-Options"
	vary               = "Vary"
)

// sandbox keeps a browser from running what an SVG or an unknown document may hold.
const sandbox = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"

// Result answers a GET or HEAD request with a result and closes its body. It returns the status and the bytes of
// body sent.
func (d *Deliverer) Result(w http.ResponseWriter, r *http.Request, p plan.Plan, res render.Result) (status int, sent int64) {
	if res.Body != nil {
		defer func() { _ = res.Body.Close() }() // it was only read from
	}
	now := time.Now()
	if d.Now != nil {
		now = d.Now()
	}
	fields := header{h: w.Header()}
	status = d.judge(r, res.Entry)
	d.common(&fields, p, res, now)
	if status != http.StatusOK {
		w.WriteHeader(status)
		return status, 0
	}
	d.describe(&fields, p, res)
	if len(r.Header["Range"]) > 0 && r.Header["Range"][0] != "" && r.Method == http.MethodGet && res.Body != nil {
		return d.ranged(w, r, res.Entry)
	}
	fields.set(contentLength, strconv.FormatInt(res.Length, 10))
	if r.Method == http.MethodHead || res.Body == nil {
		w.WriteHeader(http.StatusOK)
		return http.StatusOK, 0
	}
	sent, _ = res.Body.WriteTo(w) // a client that leaves is no failure of ours
	return http.StatusOK, sent
}

// header sets single-valued fields with one allocation for all of their slices.
type header struct {
	h      http.Header
	values [16]string
	n      int
}

func (f *header) set(name, value string) {
	if f.n == len(f.values) {
		f.h[name] = []string{value}
		return
	}
	f.values[f.n] = value
	f.h[name] = f.values[f.n : f.n+1 : f.n+1]
	f.n++
}

// common sets what a 200, a 304 and a 412 all carry (RFC 9110, section 15.4.5).
func (d *Deliverer) common(f *header, p plan.Plan, res render.Result, now time.Time) {
	if !d.NoETag {
		f.set(etag, res.ETag)
	}
	if t := d.modified(res.Entry); !t.IsZero() {
		f.set(lastModified, t.UTC().Format(http.TimeFormat))
	}
	if p.Vary != "" {
		f.set(vary, p.Vary)
	}
	f.set(cacheControl, d.cacheControl(p, res.Entry, now))
	if d.CDNCacheControl != "" && shareable(p, res.Entry, now) {
		f.set(cdnCacheControl, d.CDNCacheControl)
	}
	var status [96]byte
	f.set(cacheStatus, string(res.Status.Append(status[:0])))
	for _, field := range d.TagFields {
		separator := ","
		if field == SurrogateKey {
			separator = " "
		}
		if len(res.Tags) > 0 {
			f.set(field, strings.Join(res.Tags, separator))
		}
	}
	if d.Origin != "" {
		f.set(allowOrigin, d.Origin)
	}
}

// describe sets what says something of the body.
func (d *Deliverer) describe(f *header, p plan.Plan, res render.Result) {
	f.set(contentType, res.Type())
	f.set(typeOptions, "nosniff")
	f.set(acceptRanges, "bytes")
	f.set(contentDisposition, disposition(p, res.Entry))
	if res.Format == format.SVG || p.Want == provider.Original {
		f.set(contentPolicy, sandbox)
	}
	if res.Fallback != format.Unknown {
		f.set(formatFallback, res.Fallback.String()+"->"+res.Format.String())
	}
	if scheme := p.Source.Scheme(); d.Canonical && (scheme == "http" || scheme == "https") {
		f.set(link, "<"+p.Source.String()+`>; rel="canonical"`)
	}
	if d.Debug {
		d.debug(f.h, res)
	}
}

// debug sets imgproxy's debug fields and the time that the fill took.
func (d *Deliverer) debug(h http.Header, res render.Result) {
	h.Set("X-Origin-Content-Length", strconv.FormatInt(res.SourceLength, 10))
	if res.SourceWidth > 0 {
		h.Set("X-Origin-Width", strconv.Itoa(res.SourceWidth))
		h.Set("X-Origin-Height", strconv.Itoa(res.SourceHeight))
		h.Set("X-Result-Width", strconv.Itoa(res.Width))
		h.Set("X-Result-Height", strconv.Itoa(res.Height))
	}
	if !res.Status.Hit {
		h.Set("Server-Timing", "process;dur="+strconv.FormatFloat(float64(res.Cost)/float64(time.Millisecond), 'f', 1, 64))
	}
}

// ranged answers with a part of the body, by the standard library's reading of RFC 9110, section 14.
// If-Range is judged there too, against the ETag and Last-Modified already set.
func (d *Deliverer) ranged(w http.ResponseWriter, r *http.Request, e *cache.Entry) (int, int64) {
	seen := &recorder{ResponseWriter: w, status: http.StatusOK}
	http.ServeContent(seen, r, "", d.modified(e), e.Body.Reader())
	return seen.status, seen.sent
}

// recorder notes what http.ServeContent answered.
type recorder struct {
	http.ResponseWriter
	status int
	sent   int64
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	n, err := r.ResponseWriter.Write(b)
	r.sent += int64(n)
	return n, err
}
