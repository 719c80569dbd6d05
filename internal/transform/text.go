package transform

import (
	"math"
	"strconv"

	"github.com/stillroom/stillroom/internal/format"
)

// textVersion stands in the first line of every canonical text. It is raised when a text changes its
// meaning, so that no old result is taken for a new one.
const textVersion = 1

// AppendText appends the text of c: a first line with the version, a line for each operation in the
// order in which they are applied, then a line for each part of the output that is not its default. Every
// line ends in a newline and begins with a word that says what it is. Different canonical pipelines have
// different texts.
func (c Canonical) AppendText(b []byte) []byte {
	b = append(b, "pipeline "...)
	b = strconv.AppendInt(b, textVersion, 10)
	b = append(b, '\n')
	for _, op := range c.p.Ops {
		b = append(op.AppendText(b), '\n')
	}
	if c.p.MaxDimension > 0 {
		b = append(appendInts(append(b, "max-dimension"...), c.p.MaxDimension), '\n')
	}
	if c.p.MaxFrames > 1 {
		b = append(appendInts(append(b, "max-frames"...), c.p.MaxFrames), '\n')
	}
	return c.p.Output.appendText(b)
}

// String returns what AppendText appends.
func (c Canonical) String() string { return string(c.AppendText(nil)) }

// AppendText appends "orient".
func (*Orient) AppendText(b []byte) []byte { return append(b, "orient"...) }

// AppendText appends "rotate" and the degrees.
func (r *Rotate) AppendText(b []byte) []byte { return appendInts(append(b, "rotate"...), r.Degrees) }

// AppendText appends "flip" and the directions.
func (f *Flip) AppendText(b []byte) []byte {
	b = append(b, "flip"...)
	b = appendFlag(b, " horizontal", f.Horizontal)
	return appendFlag(b, " vertical", f.Vertical)
}

// AppendText appends "crop", width and height, and the gravity unless it is the plain centre.
func (c *Crop) AppendText(b []byte) []byte {
	b = appendFloats(append(b, "crop"...), c.Width, c.Height)
	return appendGravity(b, " gravity ", c.Gravity)
}

// AppendText appends "resize", type, width and height, and everything else that is not its default.
func (r *Resize) AppendText(b []byte) []byte {
	b = append(b, "resize "...)
	b = append(b, r.Type.String()...)
	b = appendInts(b, r.Width, r.Height)
	if r.MinWidth != 0 || r.MinHeight != 0 {
		b = appendInts(append(b, " min"...), r.MinWidth, r.MinHeight)
	}
	if r.ZoomX != 1 || r.ZoomY != 1 {
		b = appendFloats(append(b, " zoom"...), r.ZoomX, r.ZoomY)
	}
	if r.Density != 1 {
		b = appendFloats(append(b, " density"...), r.Density)
	}
	b = appendFlag(b, " enlarge", r.Enlarge)
	b = appendGravity(b, " gravity ", r.Gravity)
	if r.Extend != nil {
		b = appendPlace(append(b, " extend "...), *r.Extend)
	}
	if r.ExtendRatio != nil {
		b = appendPlace(append(b, " extend-ratio "...), *r.ExtendRatio)
	}
	return b
}

// AppendText appends "pad" and the sides from the top clockwise.
func (op *Pad) AppendText(b []byte) []byte {
	return appendInts(append(b, "pad"...), op.Top, op.Right, op.Bottom, op.Left)
}

// AppendText appends "background" and the colour as six hex digits.
func (op *Background) AppendText(b []byte) []byte {
	b = append(b, "background #"...)
	for _, v := range [...]uint8{op.Color.R, op.Color.G, op.Color.B} {
		b = append(b, "0123456789abcdef"[v>>4], "0123456789abcdef"[v&15])
	}
	return b
}

func (o *Output) appendText(b []byte) []byte {
	if o.Format != format.Unknown {
		b = append(append(b, "format "...), o.Format.String()...)
		b = append(b, '\n')
	}
	b = appendSet(b, "auto ", o.Auto)
	b = appendSet(b, "enforce ", o.Enforce)
	if len(o.Preferred) > 0 {
		b = append(b, "prefer "...)
		for i, f := range o.Preferred {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, f.String()...)
		}
		b = append(b, '\n')
	}
	b = appendSet(b, "skip ", o.Skip)
	b = appendFlag(b, "rasterize-svg\n", o.RasterizeSVG)
	b = o.appendQuality(b)
	b = appendFlag(b, "strip-metadata", o.StripMetadata)
	b = appendFlag(b, " keep-copyright", o.KeepCopyright)
	b = appendFlag(b, "\n", o.StripMetadata)
	b = appendFlag(b, "strip-profile\n", o.StripProfile)
	return o.Encoder.appendText(b)
}

func (o *Output) appendQuality(b []byte) []byte {
	if o.Quality > 0 {
		return append(appendInts(append(b, "quality"...), o.Quality), '\n')
	}
	before := len(b)
	for f, q := range o.FormatQuality {
		if q == 0 {
			continue
		}
		if len(b) == before {
			b = append(b, "quality"...)
		}
		b = append(append(b, ' '), format.Format(f).String()...)
		b = strconv.AppendInt(append(b, '='), int64(q), 10)
	}
	return appendFlag(b, "\n", len(b) > before)
}

func (e *Encoder) appendText(b []byte) []byte {
	b = appendFlag(b, "jpeg progressive\n", e.JPEGProgressive)
	b = appendFlag(b, "png interlaced\n", e.PNGInterlaced)
	if e.PNGQuantize {
		b = append(appendInts(append(b, "png colors"...), e.PNGColors), '\n')
	}
	if e.WebPEffort > 0 {
		b = append(appendInts(append(b, "webp effort"...), e.WebPEffort), '\n')
	}
	if e.WebPPreset != "" {
		// One of a few words, see check: nothing here could be taken for another line.
		b = append(append(append(b, "webp preset "...), e.WebPPreset...), '\n')
	}
	if e.AVIFSpeed > 0 {
		b = append(appendInts(append(b, "avif speed"...), e.AVIFSpeed), '\n')
	}
	return b
}

func appendInts(b []byte, values ...int) []byte {
	for _, v := range values {
		b = strconv.AppendInt(append(b, ' '), int64(v), 10)
	}
	return b
}

// appendFloats writes the shortest digits that mean the number and no other; whole numbers, negative zero
// included, as such.
func appendFloats(b []byte, values ...float64) []byte {
	for _, v := range values {
		b = append(b, ' ')
		if v == math.Trunc(v) && math.Abs(v) < 1e15 {
			b = strconv.AppendInt(b, int64(v), 10)
		} else {
			b = strconv.AppendFloat(b, v, 'g', -1, 64)
		}
	}
	return b
}

func appendFlag(b []byte, word string, on bool) []byte {
	if on {
		b = append(b, word...)
	}
	return b
}

func appendSet(b []byte, word string, s format.Set) []byte {
	if s == 0 {
		return b
	}
	return append(s.AppendText(append(b, word...)), '\n')
}

// appendGravity appends a gravity unless it is the plain centre.
func appendGravity(b []byte, word string, g Gravity) []byte {
	if g == (Gravity{}) {
		return b
	}
	return appendPlace(append(b, word...), g)
}

// appendPlace appends the anchor and, unless both are 0, the offsets.
func appendPlace(b []byte, g Gravity) []byte {
	b = append(b, g.Anchor.String()...)
	if g.X != 0 || g.Y != 0 {
		b = appendFloats(b, g.X, g.Y)
	}
	return b
}
