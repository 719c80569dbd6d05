package transform

// Size is a width and a height in pixels.
type Size struct{ W, H int }

// Rect is a box in an image, in pixels from the top left corner.
type Rect struct{ X, Y, W, H int }

// Turn is one of the eight ways to lay a rectangle on itself: first mirrored left to right if Mirror,
// then turned clockwise by Quarters times 90 degrees. The zero value leaves everything as it is.
type Turn struct {
	Mirror   bool
	Quarters int // 0 to 3
}

// Step is what an engine does to pixels, with every size worked out. The set is closed.
type Step interface{ step() }

// Cut keeps only the box.
type Cut struct{ Rect }

// Scale brings the image to exactly this size.
type Scale struct{ Size }

// TurnBy turns and mirrors the image.
type TurnBy struct{ Turn }

// Embed places the image at X, Y on a transparent canvas of W x H; the canvas is never smaller than
// the image.
type Embed struct{ Rect }

// Flatten puts the image on a colour.
type Flatten struct{ Color Color }

func (Cut) step()     {}
func (Scale) step()   {}
func (TurnBy) step()  {}
func (Embed) step()   {}
func (Flatten) step() {}

// Plan is the list of steps that a canonical pipeline means for one source, and the size they end in.
type Plan struct {
	Steps []Step
	Size  Size
}
