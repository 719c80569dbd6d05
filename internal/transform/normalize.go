package transform

import "github.com/stillroom/stillroom/internal/format"

// Normalize returns the one form that all spellings of p share. It
//
//   - fills defaults: zoom and density 1, one frame, quality 80;
//   - drops what cannot be seen: operations that change nothing, offsets along an axis on which nothing
//     can move, the gravity of a resize that never cuts, settings of formats that cannot come out;
//   - folds spellings of one meaning: turns in a row into at most one Rotate and one Flip, zoom and density
//     by powers of two into the wanted size (others would round differently), a quality from whichever
//     source into the quality of each format;
//   - moves Background behind the turns and crops that follow it, with which it commutes. Nothing else
//     is moved.
//
// Normalize(c) = c for a canonical pipeline. p is not changed; its operations are shared with the result
// where they are canonical already. Errors are of kind BadURL and name operation and field: negative or
// non-finite numbers, angles that are no multiple of 90 degrees, values outside their range.
func Normalize(p Pipeline) (Canonical, error) {
	if err := check(&p); err != nil {
		return Canonical{}, err
	}
	out := p.Output
	out.normalize()
	if out.Format == format.SVG {
		// An SVG is handed on cleaned, never drawn: nothing else applies to it.
		return Canonical{Pipeline{Output: out, MaxFrames: 1}}, nil
	}
	f := folder{ops: make([]Op, 0, len(p.Ops)+1), bounded: p.MaxDimension > 0}
	for i, op := range p.Ops {
		f.add(op, p.Ops[i+1:])
	}
	f.end(&out)
	c := Canonical{Pipeline{Ops: f.ops, Output: out, MaxDimension: p.MaxDimension, MaxFrames: max(p.MaxFrames, 1)}}
	if !out.mayAnimate() {
		c.p.MaxFrames = 1
	}
	return c, nil
}

// folder collects canonical operations.
type folder struct {
	ops     []Op
	bounded bool // MaxDimension is set

	turn   Turn    // turns seen and not yet written
	rotate *Rotate // the latest seen: written again if they say what is meant, which saves making new ones
	flip   *Flip
	back   *Background // seen and not yet written, so that turns and crops can pass it

	heeded bool // the EXIF orientation has been used up
	opaque bool // nothing can be transparent any more
	border bool // there was a Pad
	resize bool // there was a Resize
	dense  bool // the latest Resize may leave a density other than 1
}

func (f *folder) add(op Op, rest []Op) {
	switch op := op.(type) {
	case *Orient:
		if !f.heeded {
			f.heeded = true
			f.writeTurn()
			f.ops = append(f.ops, op)
		}
	case *Rotate:
		f.turn, f.rotate = f.turn.then(op.turn()), op
	case *Flip:
		f.turn, f.flip = f.turn.then(op.turn()), op
	case *Crop:
		if c := op.normal(); c.Width != 0 || c.Height != 0 {
			f.writeTurn()
			f.ops = append(f.ops, share(op, c))
		}
	case *Resize:
		f.addResize(op, rest)
	case *Pad:
		f.addPad(op)
	case *Background:
		if !f.opaque {
			f.opaque, f.back = true, op
		}
	}
}

// share returns op if it is canonical as it stands, else a new operation.
func share[T comparable](op *T, canonical T) *T {
	if *op == canonical {
		return op
	}
	fresh := new(T)
	*fresh = canonical
	return fresh
}

func (f *folder) addResize(op *Resize, rest []Op) {
	r := op.normal(padded(rest))
	if f.idle(&r) {
		return
	}
	f.writeTurn()
	f.writeBackground()
	f.ops = append(f.ops, share(op, r))
	f.resize, f.dense = true, r.Density != 1
	if r.Extend != nil || r.ExtendRatio != nil {
		f.opaque = false
	}
}

// idle reports whether r does nothing where it stands. One that asks for nothing may still set the
// density of padding back to 1, or be where the image is brought within MaxDimension (see lastShaping).
func (f *folder) idle(r *Resize) bool {
	if *r != (Resize{ZoomX: 1, ZoomY: 1, Density: 1}) || f.dense {
		return false
	}
	return !f.bounded || !f.resize && !f.border && f.back == nil
}

// padded reports whether padding follows before the next Resize, which would have a density of its own.
func padded(ops []Op) bool {
	for _, op := range ops {
		switch op := op.(type) {
		case *Resize:
			return false
		case *Pad:
			if *op != (Pad{}) {
				return true
			}
		}
	}
	return false
}

func (f *folder) addPad(op *Pad) {
	if *op == (Pad{}) {
		return
	}
	f.opaque, f.border = false, true
	if n := len(f.ops) - 1; n >= 0 && f.turn == (Turn{}) && f.back == nil && !f.dense && !f.bounded {
		if before, ok := f.ops[n].(*Pad); ok {
			// Padding adds up where none of it is rounded.
			sum := Pad{before.Top + op.Top, before.Right + op.Right, before.Bottom + op.Bottom, before.Left + op.Left}
			if sum.check() == nil {
				f.ops[n] = share(op, sum)
				return
			}
		}
	}
	f.writeTurn()
	f.writeBackground()
	f.ops = append(f.ops, op)
}

func (f *folder) end(out *Output) {
	f.writeTurn()
	white := f.back != nil && f.back.Color == Color{255, 255, 255}
	if white && out.Format == format.JPEG && out.Enforce == 0 {
		// White is what Plan puts behind a picture whose format holds no transparency.
		return
	}
	f.writeBackground()
}

func (f *folder) writeBackground() {
	if f.back != nil {
		f.ops = append(f.ops, f.back)
		f.back = nil
	}
}
