package transform

// scaling is what a Resize makes of an image: the factor on each axis and the density that it could
// afford, which multiplies offsets and padding.
type scaling struct{ x, y, density float64 }

// scalingOf works out the factors for an image of size s. Vectors may always grow.
func (r *Resize) scalingOf(s Size, vector bool) scaling {
	x, y := r.shrink(s)
	x, y = x/r.ZoomX, y/r.ZoomY
	density := r.Density
	if !r.Enlarge && !vector {
		if m := min(x, y); m < 1 {
			x, y = x/m, y/m
			// The wanted box is taken smaller by m too, so a density below 1 need not shrink the image again.
			// A canvas that is extended keeps the wanted box, hence its density.
			if r.Extend == nil {
				density /= m
			}
		}
		density = min(density, min(x, y))
	}
	w, h := float64(s.W), float64(s.H)
	if r.MinWidth > 0 {
		if most := w / float64(r.MinWidth); most < x {
			y, x = y/(x/most), most
		}
	}
	if r.MinHeight > 0 {
		if most := h / float64(r.MinHeight); most < y {
			x, y = x/(y/most), most
		}
	}
	x, y = min(x/density, w), min(y/density, h)
	return scaling{1 / x, 1 / y, density}
}

// shrink returns by how much each side has to shrink for the wanted box, before zoom and density.
func (r *Resize) shrink(s Size) (x, y float64) {
	w, h := float64(s.W), float64(s.H)
	wantW, wantH := w, h
	if r.Width > 0 {
		wantW = float64(r.Width)
	}
	if r.Height > 0 {
		wantH = float64(r.Height)
	}
	x, y = w/wantW, h/wantH
	kind := r.Type
	if kind == Auto {
		kind = Fit
		if (w >= h) == (wantW >= wantH) {
			kind = Fill
		}
	}
	switch {
	case kind == Force:
		return x, y
	case r.Width == 0:
		return y, y
	case r.Height == 0:
		return x, x
	case kind == Fit:
		x = max(x, y)
	default:
		x = min(x, y)
	}
	return x, x
}

// boxes are the sizes on the way through a Resize. A side of 0 is as long as the image.
type boxes struct {
	scaled Size // the image once scaled
	target Size // the wanted box
	crop   Size // what is cut out of the scaled image
	ratio  Size // the canvas of the wanted shape; only with ExtendRatio and both sides wanted
}

func (r *Resize) boxesOf(s Size, by scaling) boxes {
	b := boxes{
		scaled: Size{max(round(float64(s.W)*by.x), 1), max(round(float64(s.H)*by.y), 1)},
		target: Size{wanted(r.Width, by.density*r.ZoomX), wanted(r.Height, by.density*r.ZoomY)},
	}
	b.crop = b.target
	if r.Type == FillDown && !r.Enlarge && b.target.W > 0 && b.target.H > 0 {
		b.crop = b.scaled.downTo(b.target)
	}
	if r.ExtendRatio != nil && b.target.W > 0 && b.target.H > 0 {
		b.ratio = b.cut().shapedUp(b.target)
	}
	return b
}

// wanted returns a wanted side in pixels. One that was given never becomes 0, which would mean all of
// the image.
func wanted(side int, by float64) int {
	if side == 0 {
		return 0
	}
	return max(round(float64(side)*by), 1)
}

// downTo returns target, or, where s is too small for it, the largest box of its shape inside s.
func (s Size) downTo(target Size) Size {
	lackW, lackH := float64(target.W)/float64(s.W), float64(target.H)/float64(s.H)
	switch {
	case lackW > lackH && lackW > 1:
		return Size{s.W, max(round(float64(s.W)*(float64(target.H)/float64(target.W))), 1)}
	case lackH > lackW && lackH > 1:
		return Size{max(round(float64(s.H)*(float64(target.W)/float64(target.H))), 1), s.H}
	}
	return target
}

// shapedUp returns the smallest box round s that has target's shape.
func (s Size) shapedUp(target Size) Size {
	lackW, lackH := float64(target.W)/float64(s.W), float64(target.H)/float64(s.H)
	switch {
	case lackH > lackW:
		s.H = max(s.H, round(float64(s.W)*(float64(target.H)/float64(target.W))))
	case lackW > lackH:
		s.W = max(s.W, round(float64(s.H)*(float64(target.W)/float64(target.H))))
	}
	return s
}

// cut returns the size of the image after the cut.
func (b boxes) cut() Size { return b.scaled.within(b.crop) }

// canvas returns the size of the image after everything that r does.
func (b boxes) canvas(r *Resize) Size {
	s := b.cut()
	switch {
	case r.Extend != nil:
		return s.around(b.target)
	case r.ExtendRatio != nil:
		return s.around(b.ratio)
	}
	return s
}

// within returns s, no side longer than box's; 0 there is no bound.
func (s Size) within(box Size) Size {
	if box.W > 0 {
		s.W = min(s.W, box.W)
	}
	if box.H > 0 {
		s.H = min(s.H, box.H)
	}
	return s
}

// around returns s, no side shorter than box's.
func (s Size) around(box Size) Size { return Size{max(s.W, box.W), max(s.H, box.H)} }
