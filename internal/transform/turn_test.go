package transform

import "testing"

func allTurns() []Turn {
	var all []Turn
	for q := range 4 {
		all = append(all, Turn{Quarters: q}, Turn{Mirror: true, Quarters: q})
	}
	return all
}

// corner follows the pixel at x, y of an image of size s by the definition of a Turn.
func corner(t Turn, x, y int, s Size) (int, int) {
	if t.Mirror {
		x = s.W - 1 - x
	}
	for range t.Quarters {
		x, y, s = s.H-1-y, x, Size{s.H, s.W}
	}
	return x, y
}

func TestTurnThen(t *testing.T) {
	s := Size{5, 3}
	for _, first := range allTurns() {
		for _, second := range allTurns() {
			x, y := corner(first, 1, 2, s)
			x, y = corner(second, x, y, first.size(s))
			gotX, gotY := corner(first.then(second), 1, 2, s)
			if gotX != x || gotY != y {
				t.Errorf("%v then %v = %v, which puts 1,2 at %d,%d instead of %d,%d", first, second, first.then(second), gotX, gotY, x, y)
			}
		}
		if got := first.then(first.inverse()); got != (Turn{}) {
			t.Errorf("%v then its inverse %v = %v, want nothing", first, first.inverse(), got)
		}
	}
}

func TestTurnRect(t *testing.T) {
	s := Size{5, 3}
	for _, turn := range allTurns() {
		got := turn.rect(Rect{X: 1, Y: 2, W: 3, H: 1}, s)
		x0, y0 := corner(turn, 1, 2, s)
		x1, y1 := corner(turn, 3, 2, s)
		want := Rect{min(x0, x1), min(y0, y1), max(x0, x1) - min(x0, x1) + 1, max(y0, y1) - min(y0, y1) + 1}
		if got != want {
			t.Errorf("%v of the box = %v, want %v", turn, got, want)
		}
	}
}

// A turned gravity must name the same pixels. The room of 8 and 4 pixels is one that imgproxy's centre
// halves exactly; of others it is a pixel off, seen from either end.
func TestTurnGravity(t *testing.T) {
	outer, inner := Size{12, 8}, Size{4, 4}
	gravities := []Gravity{{Anchor: FocusPoint, X: 0, Y: 1}, {Anchor: FocusPoint, X: 0.5, Y: 0.25}}
	for a := Center; a < FocusPoint; a++ {
		gravities = append(gravities, Gravity{Anchor: a}, Gravity{Anchor: a, X: 1, Y: 2}, Gravity{Anchor: a, X: -0.25, Y: 0.125})
	}
	for _, g := range gravities {
		x, y := place(outer, inner, g, 1)
		for _, turn := range allTurns() {
			want := turn.rect(Rect{x, y, inner.W, inner.H}, outer)
			gotX, gotY := place(turn.size(outer), turn.size(inner), turn.gravity(g), 1)
			if gotX != want.X || gotY != want.Y {
				t.Errorf("%v under %v is placed at %d,%d, want %d,%d", g, turn, gotX, gotY, want.X, want.Y)
			}
		}
	}
}

// Where the first pixel of an image of 5 x 3 is seen, by EXIF orientation (TIFF 6.0, tag 274).
func TestOriented(t *testing.T) {
	s := Size{5, 3}
	for orientation, want := range map[int][2]int{
		0: {0, 0}, 1: {0, 0}, 2: {4, 0}, 3: {4, 2}, 4: {0, 2},
		5: {0, 0}, 6: {2, 0}, 7: {2, 4}, 8: {0, 4}, 9: {0, 0},
	} {
		x, y := corner(oriented(orientation), 0, 0, s)
		if x != want[0] || y != want[1] {
			t.Errorf("orientation %d shows the first pixel at %d,%d, want %v", orientation, x, y, want)
		}
		if swaps := oriented(orientation).size(s) != s; swaps != (orientation >= 5 && orientation <= 8) {
			t.Errorf("orientation %d exchanges width and height: %v", orientation, swaps)
		}
	}
}

// The operations that a canonical pipeline writes for each turn come to that turn again.
func TestTurnsAreWrittenAndRead(t *testing.T) {
	for _, want := range allTurns() {
		f := folder{turn: want}
		f.writeTurn()
		var got Turn
		for _, op := range f.ops {
			switch op := op.(type) {
			case *Rotate:
				got = got.then(op.turn())
			case *Flip:
				got = got.then(op.turn())
			}
		}
		if got != want {
			t.Errorf("%v is written as %v, which comes to %v", want, f.ops, got)
		}
	}
}
