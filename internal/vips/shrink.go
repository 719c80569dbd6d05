package vips

import (
	"math"
	"strconv"

	"github.com/stillroom/stillroom/internal/format"
	"github.com/stillroom/stillroom/internal/transform"
)

// shrinkOnLoad opens the source again smaller, or a vector larger, where its decoder can do part of the
// scaling at a fraction of the cost, and returns the steps that are left.
func (r *rendering) shrinkOnLoad(im *picture) (*picture, []transform.Step, error) {
	o := r.loadScale()
	if o == nil {
		return im, r.plan.Steps, nil
	}
	im.release()
	small, err := r.job.load(o)
	if err != nil {
		return nil, nil, err
	}
	from := transform.Size{W: r.facts.Width, H: r.facts.Height}
	to := transform.Size{W: small.width(), H: small.height()}
	return small, rescale(r.plan.Steps, from, to), nil
}

// loadScale returns the loader's options for as much of the scaling as it can do; nil when none.
func (r *rendering) loadScale() options {
	region, target, ok := firstScale(r.plan.Steps, transform.Size{W: r.facts.Width, H: r.facts.Height})
	x, y := float64(region.W)/float64(target.W), float64(region.H)/float64(target.H)
	if r.job.format == format.SVG {
		if scale := renderScale(r.facts, max(1/x, 1/y), r.limits.SourcePixels); scale != 1 {
			return options{}.with("scale", exact(scale))
		}
		return nil
	}
	factor := min(x, y)
	if region != (transform.Size{W: r.facts.Width, H: r.facts.Height}) {
		// A cut is rounded to pixels of the smaller source; at twice the final size that moves the picture by
		// no more than a quarter of a pixel.
		factor /= 2
	}
	switch {
	case !ok || factor <= 1:
	case r.job.format == format.JPEG:
		for n := 8; n > 1; n /= 2 {
			if factor >= float64(n) {
				return options{}.withInt("shrink", n)
			}
		}
	case r.job.format == format.WebP:
		return options{}.with("scale", exact(1/factor))
	}
	return nil
}

// renderScale lowers the scale at which a vector is drawn to what the pixel limit allows.
func renderScale(f transform.Facts, scale float64, limit int64) float64 {
	if limit <= 0 {
		return scale
	}
	natural := float64(f.Width) * float64(f.Height)
	return min(scale, math.Sqrt(float64(limit)/natural))
}

// exact writes a number so that reading it gives the same one.
func exact(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// firstScale returns the first scaling among the steps if only cuts stand before it, and the size of
// what it scales. Without one, region and target are the same.
func firstScale(steps []transform.Step, size transform.Size) (region, target transform.Size, ok bool) {
	region = size
	for _, s := range steps {
		switch s := s.(type) {
		case transform.Cut:
			region = transform.Size{W: s.W, H: s.H}
		case transform.Scale:
			return region, s.Size, true
		default:
			return region, region, false
		}
	}
	return region, region, false
}

// rescale returns the steps for a source that was decoded as size to instead of from: the cuts before
// the first scaling shrink with it. Where no scaling follows, one is put in that restores the planned size.
func rescale(steps []transform.Step, from, to transform.Size) []transform.Step {
	_, _, scales := firstScale(steps, from)
	if !scales {
		return append([]transform.Step{transform.Scale{Size: from}}, steps...)
	}
	out := make([]transform.Step, 0, len(steps))
	x, y := float64(to.W)/float64(from.W), float64(to.H)/float64(from.H)
	inside := to
	for i, s := range steps {
		cut, ok := s.(transform.Cut)
		if !ok {
			return append(out, steps[i:]...)
		}
		var r transform.Rect
		r.X, r.W = rescaleSide(cut.X, cut.W, inside.W, x)
		r.Y, r.H = rescaleSide(cut.Y, cut.H, inside.H, y)
		inside = transform.Size{W: r.W, H: r.H}
		out = append(out, transform.Cut{Rect: r})
	}
	return out
}

// rescaleSide scales an interval; at least one pixel of it stays, inside.
func rescaleSide(at, length, inside int, by float64) (int, int) {
	length = min(max(1, int(math.Round(float64(length)*by))), inside)
	return min(int(math.Round(float64(at)*by)), inside-length), length
}
