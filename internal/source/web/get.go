package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"

	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/source"
)

// accept asks for the picture as its owner has it. Servers that convert on the fly look for image/webp
// or image/avif by name; a converted, smaller picture is the wrong thing to start from.
const accept = "image/*,*/*;q=0.8"

// Between attempts: firstPause, then twice as long each time up to longestPause, within the deadline.
const (
	firstPause   = 50 * time.Millisecond
	longestPause = time.Second
)

// hop is a redirect that was followed.
type hop struct {
	status    int
	freshness source.Freshness
}

// getWithRetries is get, again when the connection failed before any response.
func (s *Source) getWithRetries(ctx context.Context, target *url.URL, known source.Validators) (*http.Response, []hop, error) {
	pause := firstPause
	for attempt := 0; ; attempt++ {
		response, hops, err := s.get(ctx, target, known)
		if err == nil || attempt >= s.config.ConnectRetries || !worthRetrying(err) {
			return response, hops, err
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, nil, err
		}
		pause = min(2*pause, longestPause)
	}
}

// worthRetrying reports whether err is a connection that was refused or broke before the head of a
// response. Timeouts are not: they have used up their time. Names that do not exist are not either.
func worthRetrying(err error) bool {
	for _, transient := range [...]error{
		syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE, io.EOF, io.ErrUnexpectedEOF,
	} {
		if errors.Is(err, transient) {
			return true
		}
	}
	var dns *net.DNSError
	return errors.As(err, &dns) && dns.IsTemporary && !dns.IsTimeout && !dns.IsNotFound
}

// get requests target and follows its redirects.
func (s *Source) get(ctx context.Context, target *url.URL, known source.Validators) (*http.Response, []hop, error) {
	header := s.header(known)
	var hops []hop
	for {
		if err := s.permit(target); err != nil {
			return nil, nil, err
		}
		request := (&http.Request{Method: http.MethodGet, URL: target, Host: target.Host, Header: header}).WithContext(ctx)
		if user := target.User; user != nil {
			password, _ := user.Password()
			request.Header = header.Clone() // what is for this server goes no further
			request.SetBasicAuth(user.Username(), password)
		}
		began := time.Now()
		// Not by an http.Client: that adds a Referer to what follows a redirect, and its errors quote URLs.
		response, err := s.transport.RoundTrip(request)
		if err != nil {
			return nil, nil, err
		}
		if !isRedirect(response) {
			return response, hops, nil
		}
		discard(response)
		if len(hops) >= s.config.MaxRedirects {
			return nil, nil, fault.New(fault.Unreachable, "web.open", "more than %d redirects", s.config.MaxRedirects)
		}
		next, err := location(target, response.Header.Get("Location"))
		if err != nil {
			return nil, nil, err
		}
		hops = append(hops, hop{response.StatusCode, source.ParseFreshness(response.Header.Values, began, time.Now())})
		header = headerAfter(header, target, next)
		target = next
	}
}

func (s *Source) header(known source.Validators) http.Header {
	h := http.Header{
		"Accept":     {accept},
		"User-Agent": {s.config.UserAgent},
		// RFC 8586: so that a server that was made its own source finds out.
		"Cdn-Loop": {"stillroom"},
	}
	if known.ETag != "" {
		h.Set("If-None-Match", known.ETag)
	}
	if !known.LastModified.IsZero() {
		h.Set("If-Modified-Since", known.LastModified.UTC().Format(http.TimeFormat))
	}
	return h
}

// headerAfter returns the header for the next request of a chain of redirects. A date or a weak tag
// says nothing about another resource: one that is older than the copy we know would answer 304 and
// the copy would be taken for it. The same path and query, as when http becomes https, is the same resource.
func headerAfter(header http.Header, from, to *url.URL) http.Header {
	if from.EscapedPath() == to.EscapedPath() && from.RawQuery == to.RawQuery {
		return header
	}
	header = header.Clone()
	header.Del("If-Modified-Since")
	if (source.Validators{ETag: header.Get("If-None-Match")}).Strong() == "" {
		header.Del("If-None-Match")
	}
	return header
}

// permit refuses what needs no connection to be refused.
func (s *Source) permit(target *url.URL) error {
	if target.Scheme != "http" && target.Scheme != "https" {
		return fault.New(fault.Unreachable, "web.open", "want http:// or https://, got %q", target.Scheme+"://")
	}
	if target.Hostname() == "" {
		return fault.New(fault.Unreachable, "web.open", "the URL has no host")
	}
	if addr, err := netip.ParseAddr(target.Hostname()); err == nil {
		return s.guard.check(addr)
	}
	return nil
}

func isRedirect(r *http.Response) bool {
	switch r.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return r.Header.Get("Location") != ""
	}
	return false
}

func location(base *url.URL, text string) (*url.URL, error) {
	to, err := parseURL(text)
	if err != nil {
		return nil, fault.Wrap(fault.Unreachable, "web.open", fmt.Errorf("the redirect's target is %w", err))
	}
	return base.ResolveReference(to), nil
}

// discard reads a little of what is left of a body for a moment, so that the connection can be used
// again, and closes it: cheaper than a handshake, unless somebody makes us wait.
func discard(r *http.Response) {
	const worthReading, worthWaiting = 4 << 10, 50 * time.Millisecond
	patience := time.AfterFunc(worthWaiting, func() { _ = r.Body.Close() })
	defer patience.Stop()
	_, _ = io.CopyN(io.Discard, r.Body, worthReading) // whatever fails here, the body is closed next
	_ = r.Body.Close()
}
