package transform

import (
	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/format"
)

// Capabilities says which formats an engine can read and write.
type Capabilities struct{ Read, Write format.Set }

// Choice is the format that a result is written in.
type Choice struct {
	Format format.Format
	// Fallback is the format that was asked for by name and that Format stands in for; Unknown = none.
	Fallback format.Format
	// Passthrough says that the source is handed on as it is, an SVG less its active content. Format is
	// then the source's own.
	Passthrough bool
}

// Choose decides in what format the result for a source with facts f is written by an engine that can
// do what can says. The order is imgproxy's: an SVG stays one unless pixels are asked for; what is to be
// skipped is passed through; a format asked for by name is taken unless an enforced one replaces it;
// else the best that the client shows, the source's own if preferred, the first preferred one that holds
// what the picture needs. A modern format that cannot be written is replaced. The error is of kind
// Unsupported.
func (c Canonical) Choose(f Facts, can Capabilities) (Choice, error) {
	o := &c.p.Output
	if f.Format == format.SVG && (o.Format == format.SVG || o.Format == format.Unknown && !o.RasterizeSVG) {
		return Choice{Format: format.SVG, Passthrough: true}, nil
	}
	if o.Skip.Has(f.Format) && (o.Format == format.Unknown || o.Format == f.Format) {
		return Choice{Format: f.Format, Passthrough: true}, nil
	}
	if o.Format == format.SVG {
		return Choice{}, unsupported("svg can only be made of svg, the source is %s", f.Format)
	}
	if !can.Read.Has(f.Format) {
		return Choice{}, unsupported("%s cannot be read here", f.Format)
	}
	choice, err := c.pick(f, can.Write)
	if err != nil || choice.Format != format.AVIF {
		return choice, err
	}
	return c.largeEnough(f, can.Write, choice), nil
}

func unsupported(message string, args ...any) error {
	return fault.New(fault.Unsupported, "transform.choose", message, args...)
}

func (c Canonical) pick(f Facts, write format.Set) (Choice, error) {
	o := &c.p.Output
	animated := f.Frames > 1 && c.p.MaxFrames > 1
	if o.Format == format.Unknown {
		if modern := best(o.Auto&write, animated); modern != format.Unknown {
			return Choice{Format: modern}, nil
		}
		return c.preferred(f, write, animated)
	}
	if modern := best(o.Enforce&write, animated); modern != format.Unknown {
		return Choice{Format: modern}, nil
	}
	if write.Has(o.Format) {
		return Choice{Format: o.Format}, nil
	}
	if replaceable(o.Format) {
		for _, g := range [...]format.Format{format.WebP, still(c.expectsAlpha(f)), format.PNG} {
			if write.Has(g) {
				return Choice{Format: g, Fallback: o.Format}, nil
			}
		}
	}
	return Choice{}, unsupported("%s cannot be written here", o.Format)
}

// best returns the first of jxl, avif and webp in the set; of an animation only webp holds the frames.
func best(s format.Set, animated bool) format.Format {
	switch {
	case s.Has(format.JXL) && !animated:
		return format.JXL
	case s.Has(format.AVIF) && !animated:
		return format.AVIF
	case s.Has(format.WebP):
		return format.WebP
	}
	return format.Unknown
}

// replaceable reports whether another format may stand in for f. Who asks for one of the modern formats
// wants fewer bytes; who asks for any other wants that one.
func replaceable(f format.Format) bool {
	switch f {
	case format.AVIF, format.JXL, format.HEIC, format.WebP:
		return true
	}
	return false
}

// still returns the format that every client shows.
func still(alpha bool) format.Format {
	if alpha {
		return format.PNG
	}
	return format.JPEG
}

func (c Canonical) preferred(f Facts, write format.Set, animated bool) (Choice, error) {
	list := c.p.Output.Preferred
	fallback := defaultPreferred()
	if len(list) == 0 {
		list = fallback[:]
	}
	alpha := c.expectsAlpha(f)
	first, fit := format.Unknown, format.Unknown
	for _, g := range list {
		if !write.Has(g) {
			continue
		}
		if g == f.Format {
			return Choice{Format: g}, nil
		}
		if first == format.Unknown {
			first = g
		}
		if fit == format.Unknown && (g.HasAnimation() || !animated) && (g.HasAlpha() || !alpha) {
			fit = g
		}
	}
	switch {
	case fit != format.Unknown:
		return Choice{Format: fit}, nil
	case first != format.Unknown:
		return Choice{Format: first}, nil
	}
	return Choice{}, unsupported("none of the preferred formats can be written here")
}

// expectsAlpha reports whether the result may be transparent: the source is, or something is put round
// it, and no colour is put behind it.
func (c Canonical) expectsAlpha(f Facts) bool {
	alpha := f.Alpha
	for _, op := range c.p.Ops {
		switch op := op.(type) {
		case *Background:
			return false
		case *Pad:
			alpha = true
		case *Resize:
			alpha = alpha || op.Extend != nil || op.ExtendRatio != nil
		}
	}
	return alpha
}

// minAVIF is the shortest side of an AVIF. Encoders and browsers are at odds over smaller ones, so
// imgproxy writes another format, and so does this.
const minAVIF = 16

func (c Canonical) largeEnough(f Facts, write format.Set, choice Choice) Choice {
	p := c.plan(f, format.AVIF)
	if min(p.size.W, p.size.H) >= minAVIF {
		return choice
	}
	for _, g := range [...]format.Format{still(p.alpha), format.PNG} {
		if !write.Has(g) {
			continue
		}
		choice.Format = g
		if c.p.Output.Format == format.AVIF {
			choice.Fallback = format.AVIF
		}
		return choice
	}
	return choice
}

// Quality returns the quality to write f with, 1 to 100; 0 where f has none.
func (c Canonical) Quality(f format.Format) int {
	if !f.HasQuality() {
		return 0
	}
	return c.p.Output.quality(f)
}
