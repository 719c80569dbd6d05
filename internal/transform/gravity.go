package transform

import "math"

// axis is a gravity along one axis: the side it holds on to (-1 left or top, 0 centre, 1 right or
// bottom) and the offset, inward from a side, right or down from the centre.
type axis struct {
	side   int
	offset float64
}

// reverse returns the axis as seen from its other end.
func (a axis) reverse() axis {
	if a.side == 0 {
		a.offset = -a.offset
	}
	a.side = -a.side
	return a
}

// axes takes an anchored gravity apart. FocusPoint has no axes.
func (g Gravity) axes() (x, y axis) {
	x.offset, y.offset = g.X, g.Y
	switch g.Anchor {
	case West, NorthWest, SouthWest:
		x.side = -1
	case East, NorthEast, SouthEast:
		x.side = 1
	}
	switch g.Anchor {
	case North, NorthWest, NorthEast:
		y.side = -1
	case South, SouthWest, SouthEast:
		y.side = 1
	}
	return x, y
}

// anchorOf puts the sides of two axes together.
func anchorOf(x, y int) Anchor {
	switch y {
	case -1:
		return [...]Anchor{NorthWest, North, NorthEast}[x+1]
	case 1:
		return [...]Anchor{SouthWest, South, SouthEast}[x+1]
	}
	return [...]Anchor{West, Center, East}[x+1]
}

// along returns g without what it says about an axis on which nothing can move.
func (g Gravity) along(x, y bool) Gravity {
	switch {
	case !x && !y:
		return Gravity{}
	case g.Anchor == FocusPoint:
		if !x {
			g.X = 0
		}
		if !y {
			g.Y = 0
		}
		return g
	}
	ax, ay := g.axes()
	if !x {
		ax = axis{}
	}
	if !y {
		ay = axis{}
	}
	return Gravity{Anchor: anchorOf(ax.side, ay.side), X: ax.offset, Y: ay.offset}
}

// place returns the top left corner of a box of size inner inside one of size outer, which is nowhere
// smaller. Offsets in pixels are multiplied by density. The box stays inside.
func place(outer, inner Size, g Gravity, density float64) (x, y int) {
	if g.Anchor == FocusPoint {
		x = even(float64(outer.W)*g.X) - inner.W/2
		y = even(float64(outer.H)*g.Y) - inner.H/2
	} else {
		ax, ay := g.axes()
		x = ax.place(outer.W, inner.W, density)
		y = ay.place(outer.H, inner.H, density)
	}
	return min(max(x, 0), outer.W-inner.W), min(max(y, 0), outer.H-inner.H)
}

func (a axis) place(outer, inner int, density float64) int {
	offset := even(float64(outer) * a.offset)
	if math.Abs(a.offset) >= 1 {
		offset = even(a.offset * density)
	}
	switch a.side {
	case -1:
		return offset
	case 1:
		return outer - inner - offset
	}
	// One more than the room, halved to even: imgproxy's centre, which is at times a pixel right of the
	// middle. Pictures stay where its users have them.
	return even(float64(outer-inner+1)/2) + offset
}

// maxSide is where sizes saturate. It is beyond every format, and small enough for sums of a few to fit
// an int of 32 bits.
const maxSide = 1 << 28

// round rounds half away from zero.
func round(v float64) int { return saturate(math.Round(v)) }

// even rounds half to even.
func even(v float64) int { return saturate(math.RoundToEven(v)) }

func saturate(v float64) int { return int(min(max(v, -maxSide), maxSide)) }
