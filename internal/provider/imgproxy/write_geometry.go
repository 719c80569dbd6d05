package imgproxy

import (
	"strconv"

	"github.com/stillroom/stillroom/internal/provider"
	"github.com/stillroom/stillroom/internal/transform"
)

// wanted returns the state that a pipeline is made of. Where the pipeline holds what no state says, what
// is written differs from it, which Format notices.
func wanted(p transform.Pipeline) state {
	s := state{resize: transform.Resize{ZoomX: 1, ZoomY: 1, Density: 1}}
	for _, op := range p.Ops {
		switch op := op.(type) {
		case *transform.Orient:
			s.autoRotate = true
		case *transform.Rotate:
			s.rotate = *op
		case *transform.Flip:
			s.flip = *op
		case *transform.Crop:
			s.crop = *op
		case *transform.Resize:
			s.resize = *op
		case *transform.Pad:
			s.pad = *op
		case *transform.Background:
			s.background, s.hasBackground = *op, true
		}
	}
	return s
}

func (w *writer) geometry(s, want *state, hints provider.Hints) {
	have, to := &s.resize, &want.resize
	if have.Type != to.Type {
		w.option("resizing_type rt", resizeTypeName(to.Type))
	}
	if have.Width != to.Width || s.hints.Width && !hints.Width {
		w.option("width w", strconv.Itoa(to.Width))
	}
	w.whole("height h", have.Height, to.Height)
	w.whole("min-width mw", have.MinWidth, to.MinWidth)
	w.whole("min-height mh", have.MinHeight, to.MinHeight)
	if have.ZoomX != to.ZoomX || have.ZoomY != to.ZoomY {
		w.option("zoom z", number(to.ZoomX), number(to.ZoomY))
	}
	if have.Density != to.Density || s.hints.Density && !hints.Density {
		w.option("dpr", number(to.Density))
	}
	w.truth("enlarge el", have.Enlarge, to.Enlarge)
	w.canvas("extend ex", s.extend, to.Extend)
	w.canvas("extend_aspect_ratio extend_ar exar", s.ratio, to.ExtendRatio)
	if have.Gravity != to.Gravity {
		w.option("gravity g", gravityText(to.Gravity)...)
	}
	w.crop(s, want)
	w.truth("auto_rotate ar", s.autoRotate, want.autoRotate)
	w.whole("rotate rot", s.rotate.Degrees, want.rotate.Degrees)
	if s.flip != want.flip {
		w.option("flip fl", truthText(want.flip.Horizontal), truthText(want.flip.Vertical))
	}
	if p := want.pad; s.pad != p {
		w.option("padding pd", strconv.Itoa(p.Top), strconv.Itoa(p.Right), strconv.Itoa(p.Bottom), strconv.Itoa(p.Left))
	}
	if have, c := s.background.Color, want.background.Color; s.hasBackground != want.hasBackground || have != c {
		w.option("background bg", colorText(want.hasBackground, c)...)
	}
}

func (w *writer) crop(s, want *state) {
	have, to := s.crop, want.crop
	if !s.cropOwn {
		have.Gravity = want.resize.Gravity // which was written if it had to be
	}
	none := have.Width == 0 && have.Height == 0 && to.Width == 0 && to.Height == 0
	if have != to && !none {
		w.option("crop c", append([]string{number(to.Width), number(to.Height)}, gravityText(to.Gravity)...)...)
	}
}

func colorText(on bool, c transform.Color) []string {
	if !on {
		return []string{""}
	}
	return []string{strconv.Itoa(int(c.R)), strconv.Itoa(int(c.G)), strconv.Itoa(int(c.B))}
}

func resizeTypeName(t transform.ResizeType) string {
	for _, name := range []string{"fit", "fill", "fill-down", "force", "auto"} {
		if found, _ := resizeTypeOf(name); found == t {
			return name
		}
	}
	return ""
}

func gravityText(g transform.Gravity) []string {
	return []string{anchorName(g.Anchor), number(g.X), number(g.Y)}
}

func (w *writer) canvas(names string, have canvas, want *transform.Gravity) {
	switch {
	case want == nil && have.on:
		w.option(names, "0")
	case want != nil && (!have.on || have.gravity != *want):
		w.option(names, append([]string{"1"}, gravityText(*want)...)...)
	}
}
