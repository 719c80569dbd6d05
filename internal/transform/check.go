package transform

import (
	"math"
	"slices"

	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/format"
)

// Zoom and density beyond these bounds mean nothing for any image that exists, and would leave the
// numbers that geometry reckons with.
const minFactor, maxFactor = 1e-6, 1e6

func bad(message string, args ...any) error {
	return fault.New(fault.BadURL, "transform.normalize", message, args...)
}

// check reports the first thing in p that means nothing.
func check(p *Pipeline) error {
	for i, op := range p.Ops {
		if err := checkOp(op, i); err != nil {
			return err
		}
	}
	if p.MaxDimension < 0 {
		return bad("max dimension: want 0 or more pixels, got %d", p.MaxDimension)
	}
	if p.MaxFrames < 0 {
		return bad("max frames: want 0 or more, got %d", p.MaxFrames)
	}
	return p.Output.check()
}

func checkOp(op Op, i int) error {
	switch op := op.(type) {
	case *Orient, *Flip, *Background:
		return nil
	case *Rotate:
		if op.Degrees%90 != 0 {
			return bad("rotate: want a multiple of 90 degrees, got %d", op.Degrees)
		}
		return nil
	case *Crop:
		return op.check()
	case *Resize:
		return op.check()
	case *Pad:
		return op.check()
	}
	return fault.New(fault.Internal, "transform.normalize",
		"operation %d of the pipeline is a %T, which nobody carries out", i+1, op)
}

func (c *Crop) check() error {
	if !atLeastZero(c.Width) {
		return bad("crop: width: want a finite number of 0 or more, got %v", c.Width)
	}
	if !atLeastZero(c.Height) {
		return bad("crop: height: want a finite number of 0 or more, got %v", c.Height)
	}
	return c.Gravity.check("crop")
}

func (r *Resize) check() error {
	if r.Type > Auto {
		return bad("resize: type: want one of the %d resizing types, got number %d", Auto+1, r.Type)
	}
	for _, side := range [...]struct {
		name  string
		value int
	}{{"width", r.Width}, {"height", r.Height}, {"min width", r.MinWidth}, {"min height", r.MinHeight}} {
		if side.value < 0 {
			return bad("resize: %s: want 0 or more pixels, got %d", side.name, side.value)
		}
	}
	for _, factor := range [...]struct {
		name  string
		value float64
	}{{"zoom x", r.ZoomX}, {"zoom y", r.ZoomY}, {"density", r.Density}} {
		if v := factor.value; v != 0 && !(v >= minFactor && v <= maxFactor) {
			return bad("resize: %s: want a number from %v to %v, got %v", factor.name, minFactor, maxFactor, v)
		}
	}
	if err := r.Gravity.check("resize"); err != nil {
		return err
	}
	if r.Extend != nil {
		if err := r.Extend.check("extend"); err != nil {
			return err
		}
	}
	if r.ExtendRatio != nil {
		return r.ExtendRatio.check("extend ratio")
	}
	return nil
}

func (op *Pad) check() error {
	for _, side := range [...]struct {
		name  string
		value int
	}{{"top", op.Top}, {"right", op.Right}, {"bottom", op.Bottom}, {"left", op.Left}} {
		if side.value < 0 || side.value > maxSide {
			return bad("pad: %s: want 0 to %d pixels, got %d", side.name, maxSide, side.value)
		}
	}
	return nil
}

func (g *Gravity) check(op string) error {
	switch {
	case g.Anchor > FocusPoint:
		return bad("%s: gravity: want one of the %d anchors, got number %d", op, FocusPoint+1, g.Anchor)
	case g.Anchor == FocusPoint && !(g.X >= 0 && g.X <= 1 && g.Y >= 0 && g.Y <= 1):
		return bad("%s: gravity: want a focus point from 0 to 1 on each axis, got %v, %v", op, g.X, g.Y)
	case !finite(g.X) || !finite(g.Y):
		return bad("%s: gravity: want finite offsets, got %v, %v", op, g.X, g.Y)
	}
	return nil
}

func (o *Output) check() error {
	if !isKnown(o.Format) && o.Format != format.Unknown {
		return bad("format: want a known one, got number %d", o.Format)
	}
	if i := slices.IndexFunc(o.Preferred, func(f format.Format) bool { return !isKnown(f) }); i >= 0 {
		return bad("preferred formats: want known ones, got number %d", o.Preferred[i])
	}
	if o.Quality < 0 || o.Quality > 100 {
		return bad("quality: want 0 to 100, got %d", o.Quality)
	}
	if o.DefaultQuality < 0 || o.DefaultQuality > 100 {
		return bad("default quality: want 0 to 100, got %d", o.DefaultQuality)
	}
	for f, q := range o.FormatQuality {
		if q > 100 {
			return bad("quality of %s: want 0 to 100, got %d", format.Format(f), q)
		}
	}
	return o.Encoder.check()
}

func (e *Encoder) check() error {
	if e.PNGColors != 0 && (e.PNGColors < 2 || e.PNGColors > 256) {
		return bad("png colors: want 2 to 256, got %d", e.PNGColors)
	}
	if e.WebPEffort < 0 || e.WebPEffort > 6 {
		return bad("webp effort: want 1 to 6, got %d", e.WebPEffort)
	}
	switch e.WebPPreset {
	case "", "default", "photo", "picture", "drawing", "icon", "text":
	default:
		return bad("webp preset: want default, photo, picture, drawing, icon or text, got %q", e.WebPPreset)
	}
	if e.AVIFSpeed < 0 || e.AVIFSpeed > 9 {
		return bad("avif speed: want 0 to 9, got %d", e.AVIFSpeed)
	}
	return nil
}

func isKnown(f format.Format) bool { return f.Ext() != "" }

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

func atLeastZero(v float64) bool { return v >= 0 && finite(v) }
