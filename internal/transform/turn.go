package transform

// oriented returns the turn that an EXIF orientation asks for. Values outside 1 to 8 ask for nothing.
func oriented(orientation int) Turn {
	switch orientation {
	case 2:
		return Turn{Mirror: true}
	case 3:
		return Turn{Quarters: 2}
	case 4:
		return Turn{Mirror: true, Quarters: 2}
	case 5:
		return Turn{Mirror: true, Quarters: 3}
	case 6:
		return Turn{Quarters: 1}
	case 7:
		return Turn{Mirror: true, Quarters: 1}
	case 8:
		return Turn{Quarters: 3}
	}
	return Turn{}
}

// turn returns what r does, for any multiple of 90 degrees of either sign.
func (r *Rotate) turn() Turn { return Turn{Quarters: (r.Degrees / 90) & 3} }

// turn returns what f does: upside down is mirrored and turned half way round.
func (f *Flip) turn() Turn {
	t := Turn{Mirror: f.Horizontal != f.Vertical}
	if f.Vertical {
		t.Quarters = 2
	}
	return t
}

// then returns the turn that does t first and u after it.
func (t Turn) then(u Turn) Turn {
	q := t.Quarters
	if u.Mirror {
		// A mirror exchanges clockwise and anticlockwise for what came before it.
		q = -q
	}
	return Turn{Mirror: t.Mirror != u.Mirror, Quarters: (q + u.Quarters) & 3}
}

// inverse returns the turn that undoes t. One that mirrors undoes itself.
func (t Turn) inverse() Turn {
	if t.Mirror {
		return t
	}
	return Turn{Quarters: -t.Quarters & 3}
}

// size returns what becomes of an image's size.
func (t Turn) size(s Size) Size {
	if t.Quarters&1 != 0 {
		return Size{s.H, s.W}
	}
	return s
}

// rect returns where the box r of an image of size s lies once the image is turned.
func (t Turn) rect(r Rect, s Size) Rect {
	if t.Mirror {
		r.X = s.W - r.X - r.W
	}
	for range t.Quarters {
		r = Rect{X: s.H - r.Y - r.H, Y: r.X, W: r.H, H: r.W}
		s = Size{s.H, s.W}
	}
	return r
}

// gravity returns what becomes of a gravity when the image is turned, so that it names the same place.
func (t Turn) gravity(g Gravity) Gravity {
	if g.Anchor == FocusPoint {
		if t.Mirror {
			g.X = 1 - g.X
		}
		for range t.Quarters {
			g.X, g.Y = 1-g.Y, g.X
		}
		return g
	}
	x, y := g.axes()
	if t.Mirror {
		x = x.reverse()
	}
	for range t.Quarters {
		x, y = y.reverse(), x
	}
	return Gravity{Anchor: anchorOf(x.side, y.side), X: x.offset, Y: y.offset}
}
