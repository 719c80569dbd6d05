package telemetry

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/source"
)

// Source counts and times what another source opens.
type Source struct {
	next source.Source
	m    *Metrics
}

var (
	_ source.Source = (*Source)(nil)
	_ source.Stater = (*Source)(nil)
)

// Source returns s, observed.
func (m *Metrics) Source(s source.Source) *Source { return &Source{s, m} }

// Open implements source.Source.
func (s *Source) Open(ctx context.Context, ref source.Ref, known source.Validators) (*source.Object, error) {
	began := time.Now()
	object, err := s.next.Open(ctx, ref, known)
	s.m.fetching.Observe(time.Since(began).Seconds())
	if err != nil {
		s.m.fetches.WithLabelValues(fault.KindOf(err).String()).Inc()
		return object, err
	}
	s.m.fetches.WithLabelValues("ok").Inc()
	object.Body = &counted{object.Body, s.m.fetched}
	return object, nil
}

// Stat implements source.Stater where the wrapped source does.
func (s *Source) Stat(ctx context.Context, ref source.Ref) (source.Validators, error) {
	stater, ok := s.next.(source.Stater)
	if !ok {
		return source.Validators{}, errors.ErrUnsupported
	}
	return stater.Stat(ctx, ref)
}

// Ask implements source.Asker where the source below does.
func (s *Source) Ask(ctx context.Context, ref source.Ref) (source.Validators, error) {
	asker, ok := s.next.(source.Asker)
	if !ok {
		return source.Validators{}, errors.ErrUnsupported
	}
	return asker.Ask(ctx, ref)
}

// counted counts the bytes of a body.
type counted struct {
	io.ReadCloser

	bytes prometheus.Counter
}

// Read implements io.Reader.
func (c *counted) Read(b []byte) (int, error) {
	n, err := c.ReadCloser.Read(b)
	c.bytes.Add(float64(n))
	return n, err
}
