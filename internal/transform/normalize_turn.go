package transform

// writeTurn writes what the turns seen so far come to: of the eight, one is nothing, five take one
// operation and two take a Rotate and then a Flip left to right.
func (f *folder) writeTurn() {
	t := f.turn
	f.turn = Turn{}
	if t.Quarters != 0 && t != (Turn{Mirror: true, Quarters: 2}) {
		if degrees := 90 * t.written(); f.rotate == nil || f.rotate.Degrees != degrees {
			f.rotate = &Rotate{Degrees: degrees}
		}
		f.ops = append(f.ops, f.rotate)
	}
	if t.Mirror {
		want := Flip{Horizontal: t.Quarters != 2, Vertical: t.Quarters == 2}
		if f.flip == nil || *f.flip != want {
			f.flip = &Flip{Horizontal: want.Horizontal, Vertical: want.Vertical}
		}
		f.ops = append(f.ops, f.flip)
	}
}

// written returns the quarters of the Rotate that, followed by a Flip left to right if t mirrors, is t.
// In a Turn the mirror comes first, in text the Rotate does.
func (t Turn) written() int {
	if t.Mirror {
		return -t.Quarters & 3
	}
	return t.Quarters
}
