// Package web opens http and https sources.
//
// What a stranger's URL may reach is bounded on every side: addresses by a guard at dial time,
// redirects by number and scheme, time by one deadline over everything, bytes after decompression.
// No cookies, no referrer and no header of the client travel to a source. A user part of the URL is
// sent as basic authentication; since it is part of the reference, what it opens is kept apart.
package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/source"
)

// Source opens http and https references. It is safe for concurrent use.
type Source struct {
	config    Config
	guard     *guard
	transport *http.Transport
}

var _ source.Source = (*Source)(nil)

// New returns a Source. The error names each field of config that is wrong and what was expected.
func New(config Config) (*Source, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	g := newGuard(config)
	return build(config, g, newDialer(config, g).DialContext), nil
}

// build is New with a dialler to choose.
func build(config Config, g *guard, dial dialFunc) *Source {
	return &Source{config: config, guard: g, transport: newTransport(config, dial)}
}

// Close gives up the idle connections. Downloads under way go on.
func (s *Source) Close() error {
	s.transport.CloseIdleConnections()
	return nil
}

// errTimeout is the cause of the end of a download that took longer than Config.Timeout.
var errTimeout = errors.New("the source did not send everything in time")

// Open fetches ref. The deadline of Config.Timeout covers the body too, until it is closed.
func (s *Source) Open(ctx context.Context, ref source.Ref, known source.Validators) (*source.Object, error) {
	target, err := parseURL(ref.String())
	if err != nil {
		return nil, fault.New(fault.Unreachable, "web.open", "%s: %w", ref.Redacted(), err)
	}
	x := &exchange{caller: ctx, subject: ref.Redacted()}
	x.ctx, x.cancel = context.WithTimeoutCause(ctx, s.config.Timeout, errTimeout)

	began := time.Now()
	response, hops, err := s.getWithRetries(x.ctx, target, known)
	if err != nil {
		err = x.failure("web.open", err)
		x.cancel()
		return nil, err
	}
	answer := answer{response: response, began: began, now: time.Now(), hops: hops}
	object, err := answer.object(s.config.MaxSize)
	if err != nil {
		err = x.failure("web.open", err)
		discard(response)
		x.cancel()
		return object, err
	}
	object.Body = &body{exchange: x, in: response.Body, limit: s.config.MaxSize, announced: object.Size}
	return object, nil
}
