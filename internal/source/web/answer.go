package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/source"
)

// answer is the head of the last response of a chain of redirects.
type answer struct {
	response   *http.Response
	began, now time.Time
	hops       []hop
}

// asked reports whether the last request of the chain carried validators: a redirect may have cost them.
func (a *answer) asked() bool {
	sent := a.response.Request.Header
	return sent.Get("If-None-Match") != "" || sent.Get("If-Modified-Since") != ""
}

// object returns what the response says, without a body. An error of kind NotModified comes with it.
func (a *answer) object(maxSize int64) (*source.Object, error) {
	r := a.response
	size := int64(-1)
	switch status := r.StatusCode; {
	case status == http.StatusOK:
		size = r.ContentLength
	case status == http.StatusPartialContent:
		whole, err := wholeRange(r.Header.Get("Content-Range"))
		if err != nil {
			return nil, fault.Wrap(fault.Unreachable, "web.open", err)
		}
		if !r.Uncompressed {
			size = whole
		}
	case status == http.StatusNotModified && a.asked():
		return a.describe(-1), fault.New(fault.NotModified, "web.open", "the source is unchanged")
	case status == http.StatusNotModified:
		return nil, fault.New(fault.SourceFailed, "web.open", "status 304 although nothing was known: %w", &source.StatusError{Status: status})
	case status >= 500:
		return nil, fault.Wrap(fault.SourceFailed, "web.open", &source.StatusError{Status: status})
	case status >= 400:
		return nil, fault.Wrap(fault.SourceMissing, "web.open", &source.StatusError{Status: status})
	default:
		return nil, fault.Wrap(fault.Unreachable, "web.open", &source.StatusError{Status: status})
	}
	if err := readable(r.Header.Values("Content-Encoding")); err != nil {
		return nil, fault.Wrap(fault.SourceFailed, "web.open", err)
	}
	if maxSize > 0 && size > maxSize {
		return nil, fault.New(fault.TooLarge, "web.open", "the source has %d bytes, more than %d", size, maxSize)
	}
	o := a.describe(size)
	// A part of something was not asked for. This one is the whole, so it can be used, but who answers like
	// that may well send another part next time: it is not kept (RFC 9111, section 3.3).
	o.Freshness.NoStore = o.Freshness.NoStore || r.StatusCode == http.StatusPartialContent
	return o, nil
}

func (a *answer) describe(size int64) *source.Object {
	h := a.response.Header
	o := &source.Object{
		Size:        size,
		ContentType: h.Get("Content-Type"),
		Validators:  source.Validators{ETag: h.Get("ETag")},
		Freshness:   source.ParseFreshness(h.Values, a.began, a.now),
		Began:       a.began,
	}
	if modified, err := http.ParseTime(h.Get("Last-Modified")); err == nil {
		o.Validators.LastModified = modified
	}
	for _, hop := range a.hops {
		o.Freshness = hop.bound(o.Freshness)
	}
	return o
}

// unsaid bounds the freshness of what a temporary redirect leads to when the redirect itself gives none.
// It must not be reused then (RFC 9110, section 15.1), yet asking each time would make redirectors the
// one kind of source that cannot be kept; what must not happen is that today's target, "immutable" for a
// year, stands for the redirecting URL that long.
const unsaid = time.Hour

// bound narrows the freshness of a redirect's target by that of the redirect: the answer for the first
// URL is no fresher than the way to it. Who may keep the redirect (private) is not narrowed: it was
// fetched without anything that belongs to a client.
func (h hop) bound(f source.Freshness) source.Freshness {
	f.NoCache = f.NoCache || h.freshness.NoCache || h.freshness.NoStore
	f.MustRevalidate = f.MustRevalidate || h.freshness.MustRevalidate
	permanent := h.status == http.StatusMovedPermanently || h.status == http.StatusPermanentRedirect
	switch {
	case h.freshness.Explicit && !f.Explicit:
		f.Explicit, f.Lifetime, f.Immutable = true, h.freshness.Lifetime, false
	case h.freshness.Explicit:
		f.Lifetime = min(f.Lifetime, h.freshness.Lifetime)
		f.Immutable = f.Immutable && h.freshness.Immutable
	case !permanent:
		f.Lifetime, f.Immutable = min(f.Lifetime, unsaid), false
	}
	return f
}

// wholeRange returns the length of a body whose Content-Range covers all of it: "bytes 0-(n-1)/n".
func wholeRange(text string) (int64, error) {
	bounds, total, ok := strings.Cut(strings.TrimPrefix(text, "bytes "), "/")
	first, last, dash := strings.Cut(bounds, "-")
	n, err := strconv.ParseUint(total, 10, 62)
	if ok && dash && err == nil && n > 0 && strings.HasPrefix(text, "bytes ") &&
		first == "0" && last == strconv.FormatUint(n-1, 10) {
		return int64(n), nil
	}
	return 0, fmt.Errorf("partial content: want Content-Range: bytes 0-(n-1)/n, got %q", text)
}

// readable refuses the codings that make an image unreadable. Only gzip was asked for, and it is undone by
// the time this is asked. Other words, such as "aws-chunked" or "utf-8", stand there by mistake and mean nothing.
func readable(lines []string) error {
	for coding := range strings.SplitSeq(strings.ToLower(strings.Join(lines, ",")), ",") {
		if slices.Contains([]string{"br", "zstd", "deflate", "compress", "gzip", "x-gzip"}, strings.TrimSpace(coding)) {
			return fmt.Errorf("the source sends content coding %q, want none or gzip", strings.TrimSpace(coding))
		}
	}
	return nil
}
