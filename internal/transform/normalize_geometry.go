package transform

import "math"

// normal returns the canonical form of c.
func (c *Crop) normal() Crop {
	n := Crop{Width: wholePixels(c.Width), Height: wholePixels(c.Height)}
	n.Gravity = c.Gravity.along(n.Width != 0, n.Height != 0)
	return n
}

// wholePixels drops what is left of a pixel. No image is as long as maxSide, so that is all of it.
func wholePixels(side float64) float64 {
	switch {
	case side >= maxSide:
		return 0
	case side >= 1:
		return math.Floor(side)
	}
	return side
}

// normal returns the canonical form of r. padded says that padding follows which r's density scales.
func (r *Resize) normal(padded bool) Resize {
	n := *r
	n.ZoomX, n.ZoomY, n.Density = orOne(n.ZoomX), orOne(n.ZoomY), orOne(n.Density)
	n.foldType()
	n.foldExtend()
	if n.cuts() {
		n.Gravity = n.Gravity.along(n.Width > 0, n.Height > 0)
	} else {
		n.Gravity = Gravity{}
	}
	n.foldZoom()
	if !padded {
		n.foldDensity()
		// 333 halved is no whole number, twice 333 halved is.
		n.foldZoom()
	}
	n.foldEnlarge()
	return n
}

func orOne(v float64) float64 {
	if v == 0 {
		return 1
	}
	return v
}

// cuts reports whether the scaled image can be larger than the wanted box: Fit and Force stay inside
// it unless a lower bound says otherwise, and without a wanted box there is nothing to cut to.
func (r *Resize) cuts() bool {
	if r.Width == 0 && r.Height == 0 {
		return false
	}
	return r.Type != Fit && r.Type != Force || r.MinWidth > 0 || r.MinHeight > 0
}

// foldType: with one side left open both sides shrink alike whatever the type, Force apart; with both
// left open Force is no different either; FillDown differs from Fill only where it may not enlarge.
func (r *Resize) foldType() {
	switch {
	case r.Width == 0 && r.Height == 0:
		r.Type = Fit
	case r.Type != Force && (r.Width == 0 || r.Height == 0):
		r.Type = Fit
	case r.Type == FillDown && r.Enlarge:
		r.Type = Fill
	}
}

// foldEnlarge: leave to enlarge is nothing where nothing asks for more pixels.
func (r *Resize) foldEnlarge() {
	if r.Width == 0 && r.Height == 0 && r.ZoomX <= 1 && r.ZoomY <= 1 && r.Density <= 1 {
		r.Enlarge = false
	}
}

// foldExtend drops a canvas that is never larger than the image and what its gravity says about an
// axis on which it is not.
func (r *Resize) foldExtend() {
	if r.Extend != nil && r.Width == 0 && r.Height == 0 {
		// Extending also keeps the density from growing where the image may not (see scalingOf), which only
		// shows with a density below 1 and a zoom above.
		if r.Enlarge || r.Density >= 1 || r.ZoomX <= 1 && r.ZoomY <= 1 {
			r.Extend = nil
		}
	}
	if r.Extend != nil {
		r.Extend = shareGravity(r.Extend, r.Width > 0, r.Height > 0)
	}
	// A canvas of the wanted size is already of the wanted shape.
	if r.Extend != nil || r.Width == 0 || r.Height == 0 {
		r.ExtendRatio = nil
	}
}

func shareGravity(g *Gravity, x, y bool) *Gravity {
	n := g.along(x, y)
	if n == *g {
		return g
	}
	return &Gravity{n.Anchor, n.X, n.Y}
}

// foldZoom multiplies the wanted sides by the zoom where that is exact: a power of two scales every
// number on the way without rounding.
func (r *Resize) foldZoom() {
	w, okW := times(r.Width, r.ZoomX)
	h, okH := times(r.Height, r.ZoomY)
	switch {
	case r.Type == Force:
		// The sides are independent.
		if okW && r.Width > 0 {
			r.Width, r.ZoomX = w, 1
		}
		if okH && r.Height > 0 {
			r.Height, r.ZoomY = h, 1
		}
	case r.ZoomX == r.ZoomY && okW && okH && (r.Width > 0 || r.Height > 0):
		r.Width, r.Height, r.ZoomX, r.ZoomY = w, h, 1, 1
	}
}

// foldDensity does the same with a density, where it has no other effect than on the wanted size: there
// are no offsets, no canvas and no lower bounds, and no padding follows. Densities below 1 are left: what
// they become where the image may not grow is rounded.
func (r *Resize) foldDensity() {
	if r.Density <= 1 || r.cuts() || r.Extend != nil || r.ExtendRatio != nil || r.MinWidth > 0 || r.MinHeight > 0 {
		return
	}
	w, okW := times(r.Width, r.Density)
	h, okH := times(r.Height, r.Density)
	if !okW || !okH {
		return
	}
	// A side that is left open has no number to multiply. Where the other side does not decide for it, with
	// Force or with both open, its zoom is multiplied.
	zoomX, zoomY := r.ZoomX, r.ZoomY
	if r.Width == 0 && (r.Height == 0 || r.Type == Force) {
		zoomX *= r.Density
	}
	if r.Height == 0 && (r.Width == 0 || r.Type == Force) {
		zoomY *= r.Density
	}
	if zoomX > maxFactor || zoomY > maxFactor {
		return
	}
	r.Width, r.Height, r.ZoomX, r.ZoomY, r.Density = w, h, zoomX, zoomY, 1
}

// times multiplies a side by a power of two. ok says that by is one and the product a whole number
// within reason.
func times(side int, by float64) (product int, ok bool) {
	if m, _ := math.Frexp(by); m != 0.5 {
		return side, false
	}
	p := float64(side) * by
	return int(p), p == math.Trunc(p) && p <= maxSide
}
