package transform

import (
	"testing"

	"github.com/stillroom/stillroom/internal/format"
)

func TestPlace(t *testing.T) {
	outer, inner := Size{100, 60}, Size{40, 20}
	for _, c := range []struct {
		name    string
		g       Gravity
		density float64
		x, y    int
	}{
		{"centre is a pixel right of an even room", Gravity{}, 1, 30, 20},
		{"north west", Gravity{Anchor: NorthWest}, 1, 0, 0},
		{"south east", Gravity{Anchor: SouthEast}, 1, 60, 40},
		{"offsets from the far edge go inward", Gravity{Anchor: SouthEast, X: 10, Y: 5}, 1, 50, 35},
		{"pixels times density", Gravity{Anchor: NorthWest, X: 10, Y: 5}, 1.5, 15, 8},
		{"a pixel and a half, to even", Gravity{Anchor: NorthWest, X: 1.5, Y: 2.5}, 1, 2, 2},
		{"fractions of the outer side", Gravity{Anchor: NorthWest, X: 0.25, Y: 0.5}, 2, 25, 30},
		{"negative fraction from the centre", Gravity{X: -0.1}, 1, 20, 20},
		{"outside is pushed back", Gravity{Anchor: NorthWest, X: -5, Y: 1000}, 1, 0, 40},
		{"absurd offsets saturate", Gravity{Anchor: SouthEast, X: 1e300, Y: -1e300}, 1e6, 0, 40},
		{"focus point in the middle of the box", Gravity{Anchor: FocusPoint, X: 0.5, Y: 0.5}, 1, 30, 20},
		{"focus point in a corner", Gravity{Anchor: FocusPoint, X: 1, Y: 0}, 1, 60, 0},
	} {
		if x, y := place(outer, inner, c.g, c.density); x != c.x || y != c.y {
			t.Errorf("%s: placed at %d,%d, want %d,%d", c.name, x, y, c.x, c.y)
		}
	}
}

func TestCentre(t *testing.T) {
	// By room: 0 to 7 pixels more outside than inside.
	for room, want := range []int{0, 1, 2, 2, 2, 3, 4, 4} {
		if x, _ := place(Size{10 + room, 1}, Size{10, 1}, Gravity{}, 1); x != want {
			t.Errorf("with %d pixels of room the box stands at %d, want %d", room, x, want)
		}
	}
}

func TestShrink(t *testing.T) {
	for _, c := range []struct {
		size Size
		out  format.Format
		want Size
	}{
		{Size{16383, 100}, format.WebP, Size{16383, 100}},
		{Size{16384, 100}, format.WebP, Size{16383, 100}},
		{Size{100, 32766}, format.WebP, Size{50, 16383}},
		{Size{1, 200000}, format.AVIF, Size{1, 16384}},
		{Size{32768, 2}, format.HEIC, Size{16384, 1}},
		{Size{70000, 70000}, format.JPEG, Size{65500, 65500}},
		{Size{131070, 10}, format.GIF, Size{65535, 5}},
		{Size{60000, 60000}, format.GIF, Size{23170, 23170}},
		{Size{512, 300}, format.ICO, Size{256, 150}},
		{Size{100000, 100000}, format.PNG, Size{100000, 100000}},
		{Size{100000, 100000}, format.Unknown, Size{100000, 100000}},
	} {
		if got := Shrink(c.size, c.out); got != c.want {
			t.Errorf("Shrink(%v, %v) = %v, want %v", c.size, c.out, got, c.want)
		}
	}
}
