package vips

import (
	"context"

	"github.com/stillroom/stillroom/internal/blob"
	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/format"
	"github.com/stillroom/stillroom/internal/svg"
	"github.com/stillroom/stillroom/internal/transform"
)

// Process makes one result, as transform.Processor describes. Limits are checked by the source's header,
// before any pixel is decoded.
func (e *Engine) Process(ctx context.Context, in transform.Inputs, c transform.Canonical) (transform.Image, error) {
	if err := ctx.Err(); err != nil {
		return transform.Image{}, fault.Wrap(fault.KindOf(err), "vips.process", err)
	}
	data := in.Source.Bytes()
	f := format.Sniff(data)
	if f == format.Unknown {
		return transform.Image{}, fault.New(fault.NotImage, "vips.open", "the first bytes are of no known image format")
	}
	if !e.can.Read.Has(f) {
		return transform.Image{}, fault.New(fault.Unsupported, "vips.open", "%s cannot be read here", f)
	}
	j := e.begin(ctx, data, f)
	defer j.end()
	return j.process(in, c)
}

func (j *job) process(in transform.Inputs, c transform.Canonical) (transform.Image, error) {
	im, err := j.load(nil)
	if err != nil {
		return transform.Image{}, err
	}
	facts := j.facts(im)
	choice, err := c.Choose(facts, j.engine.can)
	if err != nil {
		return transform.Image{}, err
	}
	if choice.Passthrough {
		return j.passthrough(in, facts)
	}
	frames := 1
	if choice.Format.HasAnimation() {
		frames = min(facts.Frames, c.MaxFrames())
	}
	if err := admit(facts, frames, in.Limits); err != nil {
		return transform.Image{}, err
	}
	plan := c.Plan(facts, choice.Format)
	if err := j.engine.admitResult(plan.Size, frames); err != nil {
		return transform.Image{}, err
	}
	r := rendering{job: j, canonical: c, limits: in.Limits, facts: facts, plan: plan, format: choice.Format, frames: frames}
	body, err := r.make(im)
	if err != nil {
		return transform.Image{}, err
	}
	return transform.Image{
		Body: blob.New(body), Format: choice.Format, Width: plan.Size.W, Height: plan.Size.H, Frames: frames,
		Source: facts, Fallback: choice.Fallback,
	}, nil
}

// passthrough hands the source on: an SVG cleaned, anything else as it is.
func (j *job) passthrough(in transform.Inputs, f transform.Facts) (transform.Image, error) {
	if err := admit(f, 1, in.Limits); err != nil {
		return transform.Image{}, err
	}
	body := in.Source
	if f.Format == format.SVG {
		clean, err := svg.Sanitize(body.Bytes())
		if err != nil {
			return transform.Image{}, fault.Wrap(fault.Broken, "svg.sanitize", err)
		}
		body = blob.New(clean)
	}
	return transform.Image{
		Body: body, Format: f.Format, Width: f.Width, Height: f.Height, Frames: f.Frames, Source: f, Untouched: true,
	}, nil
}
