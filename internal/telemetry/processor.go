package telemetry

import (
	"context"
	"time"

	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/transform"
)

// Processor counts and times what another processor makes.
type Processor struct {
	next transform.Processor
	m    *Metrics
}

var _ transform.Processor = (*Processor)(nil)

// Processor returns p, observed. Put inside a limiter, it times the work alone and not the wait.
func (m *Metrics) Processor(p transform.Processor) *Processor { return &Processor{p, m} }

// Process implements transform.Processor.
func (p *Processor) Process(ctx context.Context, in transform.Inputs, c transform.Canonical) (transform.Image, error) {
	began := time.Now()
	image, err := p.next.Process(ctx, in, c)
	if err != nil {
		p.m.fills.WithLabelValues(fault.KindOf(err).String()).Inc()
		return image, err
	}
	p.m.fills.WithLabelValues(image.Format.String()).Inc()
	p.m.process.WithLabelValues(image.Format.String()).Observe(time.Since(began).Seconds())
	return image, nil
}
