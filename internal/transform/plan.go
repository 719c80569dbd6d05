package transform

import "github.com/stillroom/stillroom/internal/format"

// Plan works out what to do to the pixels of a source with facts f that is written as out: every size,
// every box. Frames of an animation are alike, so it is worked out once for all of them. What out cannot
// hold is brought within its bounds (see Shrink), transparency that it cannot hold becomes white. With
// format.Unknown for out neither is done.
//
// Turns are carried behind the scaling and the cuts, where there are fewer pixels to move. The usual
// list is therefore Cut, Scale, Cut, TurnBy, Embed, Flatten, each only where it does something.
func (c Canonical) Plan(f Facts, out format.Format) Plan {
	p := c.plan(f, out)
	return Plan{Steps: p.steps, Size: p.size}
}

func (c Canonical) plan(f Facts, out format.Format) planner {
	p := planner{
		steps:   make([]Step, 0, 6),
		size:    Size{max(f.Width, 1), max(f.Height, 1)},
		tag:     oriented(f.Orientation),
		vector:  f.Format.IsVector(),
		alpha:   f.Alpha,
		density: 1,
	}
	ops, bound := c.p.Ops, c.p.MaxDimension
	last := lastShaping(ops)
	if last < 0 && bound > 0 {
		p.bound(bound, ops)
	}
	for i, op := range ops {
		if r, ok := op.(*Resize); !ok {
			p.apply(op)
			if i == last && bound > 0 {
				p.bound(bound, ops[i+1:])
			}
		} else if i == last {
			p.resize(r, bound, ops[i+1:])
		} else {
			p.resize(r, 0, nil)
		}
	}
	p.scale(Shrink(p.size, out))
	p.flush()
	if p.alpha && out != format.Unknown && !out.HasAlpha() {
		p.flatten(Color{255, 255, 255})
	}
	return p
}

// lastShaping returns the index of the last operation that decides about size and shape, where the
// result is brought within MaxDimension; -1 = none. Turns and what surrounds the picture come after it.
func lastShaping(ops []Op) int {
	for i := len(ops) - 1; i >= 0; i-- {
		switch ops[i].(type) {
		case *Crop, *Resize:
			return i
		}
	}
	return -1
}

// planner walks through a pipeline. Its sizes are those that a viewer sees at that point; the pixels lie
// as they would before turn.
type planner struct {
	steps   []Step
	size    Size
	turn    Turn    // still to be carried out
	tag     Turn    // of EXIF, until it is heeded
	vector  bool    // the source may always grow
	alpha   bool    // something may be transparent
	density float64 // of the last Resize: padding is multiplied by it
}

// apply carries out any operation but Resize.
func (p *planner) apply(op Op) {
	switch op := op.(type) {
	case *Orient:
		p.turnBy(p.tag)
		p.tag = Turn{}
	case *Rotate:
		p.turnBy(op.turn())
	case *Flip:
		p.turnBy(op.turn())
	case *Crop:
		p.crop(op)
	case *Pad:
		left, top := op.at(p.density)
		w, h := op.size(p.density)
		p.embed(Size{p.size.W + w, p.size.H + h}, left, top)
	case *Background:
		p.flatten(op.Color)
	}
}

func (p *planner) turnBy(t Turn) {
	p.turn = p.turn.then(t)
	p.size = t.size(p.size)
}

// crop cuts out of the image as it lies. The gravity is turned to fit rather than the box, because
// rounding depends on the end that is counted from, and imgproxy counts on the unturned image.
func (p *planner) crop(c *Crop) {
	box := Size{cropSide(p.size.W, c.Width), cropSide(p.size.H, c.Height)}
	if box == p.size {
		return
	}
	back := p.turn.inverse()
	lying := back.size(box)
	x, y := place(back.size(p.size), lying, back.gravity(c.Gravity), 1)
	p.cut(Rect{x, y, lying.W, lying.H})
	p.size = box
}

// cropSide returns the length of a crop along a side: 0 = all of it, below 1 = a fraction.
func cropSide(side int, want float64) int {
	switch {
	case want == 0 || want >= float64(side) && want >= 1:
		return side
	case want >= 1:
		return int(want)
	}
	return max(round(float64(side)*want), 1)
}

func (p *planner) resize(r *Resize, bound int, rest []Op) {
	by := r.scalingOf(p.size, p.vector)
	b := r.boxesOf(p.size, by)
	if bound > 0 {
		if k := p.excess(b.canvas(r), rest, by.density, bound); k < 1 {
			b, by.density = r.boxesOf(p.size, scaling{by.x * k, by.y * k, by.density * k}), by.density*k
		}
	}
	p.density = by.density
	p.scale(b.scaled)
	if box := b.cut(); box != p.size {
		x, y := place(p.size, box, r.Gravity, p.density)
		p.cut(p.turn.inverse().rect(Rect{x, y, box.W, box.H}, p.size))
		p.size = box
	}
	if r.Extend != nil {
		p.extend(b.target, *r.Extend)
	}
	if r.ExtendRatio != nil {
		p.extend(b.ratio, *r.ExtendRatio)
	}
}

// bound is what remains of a Resize where only MaxDimension asks for one.
func (p *planner) bound(bound int, rest []Op) {
	if k := p.excess(p.size, rest, p.density, bound); k < 1 {
		p.density *= k
		p.scale(Size{max(round(float64(p.size.W)*k), 1), max(round(float64(p.size.H)*k), 1)})
	}
}

// excess returns the factor that brings an image of size s, with what rest puts round it, within bound.
func (p *planner) excess(s Size, rest []Op, density float64, bound int) float64 {
	var t Turn
	for _, op := range rest {
		switch op := op.(type) {
		case *Orient:
			t = t.then(p.tag)
		case *Rotate:
			t = t.then(op.turn())
		case *Pad:
			w, h := op.size(density)
			added := t.size(Size{w, h})
			s.W, s.H = s.W+added.W, s.H+added.H
		}
	}
	return float64(bound) / float64(max(s.W, s.H))
}

func (p *planner) extend(canvas Size, g Gravity) {
	canvas = p.size.around(canvas)
	x, y := place(canvas, p.size, g, p.density)
	p.embed(canvas, x, y)
}

// at returns where the image lies inside the border.
func (op *Pad) at(density float64) (left, top int) {
	return even(float64(op.Left) * density), even(float64(op.Top) * density)
}

// size returns how much the border adds.
func (op *Pad) size(density float64) (w, h int) {
	left, top := op.at(density)
	return left + even(float64(op.Right)*density), top + even(float64(op.Bottom)*density)
}
