// Package transform says what is to be done to an image: operations, the pipeline that a URL asked
// for, its canonical form, and the port through which an engine carries it out.
//
// Everything here is pure. Sizes are computed here (see Plan), pixels are touched elsewhere.
package transform

import "github.com/stillroom/stillroom/internal/format"

// Pipeline is what a URL asked for, its operations in the order that the URL's grammar applies them.
// Grammars differ in that order, so nothing here sorts it.
type Pipeline struct {
	Ops    []Op
	Output Output

	// MaxDimension bounds the longer side of the result, in pixels; the result is scaled down to it,
	// padding included. 0 = no bound.
	MaxDimension int
	// MaxFrames is how many frames of an animation are kept, at least 1. 0 means 1.
	MaxFrames int
}

// Op is one operation. The set is closed: the engine knows each of them. Operations are used by
// pointer and never changed once they stand in a Pipeline.
type Op interface {
	// AppendText appends the operation's canonical line, without a line end.
	AppendText(b []byte) []byte
	op()
}

// Orient turns the image as its EXIF orientation says. Without it the tag is dropped unheeded; heeded
// once, it is used up.
type Orient struct{}

// Rotate turns the image clockwise by Degrees: 90, 180 or 270 once normalised; any multiple of 90
// before.
type Rotate struct{ Degrees int }

// Flip mirrors the image: Horizontal exchanges left and right, Vertical top and bottom.
type Flip struct{ Horizontal, Vertical bool }

// Crop cuts a box out of the image. Per axis: 0 = all of it, below 1 = that fraction, else pixels.
type Crop struct {
	Width, Height float64
	Gravity       Gravity
}

// ResizeType says how the two wanted sides and the image's own shape meet (imgproxy's resizing types).
type ResizeType uint8

// The resizing types.
const (
	Fit      ResizeType = iota // keep the shape, stay inside the box
	Fill                       // keep the shape, cover the box, cut what hangs over
	FillDown                   // as Fill; if the image is too small, cut to the box's shape instead
	Force                      // both sides exactly, whatever the shape
	Auto                       // Fill when image and box are both wide or both tall, else Fit
)

// Resize scales the image and cuts it to the wanted box. See section 2.3 of the imgproxy reference
// for the arithmetic.
type Resize struct {
	Type                ResizeType
	Width, Height       int      // wanted, in pixels at density 1; 0 = by the other side
	MinWidth, MinHeight int      // lower bounds of the scaled image, before the cut; 0 = none
	ZoomX, ZoomY        float64  // factors on the wanted box; 1 = none; positive
	Density             float64  // pixels per wanted pixel (dpr); scales offsets and padding too; 1 = none; positive
	Enlarge             bool     // a raster image may become larger than it is
	Gravity             Gravity  // where to cut
	Extend              *Gravity // enlarge the canvas to the wanted box, image placed so; nil = do not
	ExtendRatio         *Gravity // enlarge the canvas to the wanted shape, image placed so; nil = do not
}

// Pad adds a border, in pixels at density 1.
type Pad struct{ Top, Right, Bottom, Left int }

// Background puts the image on a colour; what was transparent shows it.
type Background struct{ Color Color }

// Color is an opaque sRGB colour.
type Color struct{ R, G, B uint8 }

func (*Orient) op()     {}
func (*Rotate) op()     {}
func (*Flip) op()       {}
func (*Crop) op()       {}
func (*Resize) op()     {}
func (*Pad) op()        {}
func (*Background) op() {}

// Anchor names where a box sits inside a larger one.
type Anchor uint8

// The anchors; FocusPoint takes Gravity.X and Gravity.Y as fractions of the image.
const (
	Center Anchor = iota
	North
	South
	East
	West
	NorthEast
	NorthWest
	SouthEast
	SouthWest
	FocusPoint
)

// Gravity is an anchor and an offset from it. Offsets of at least 1 are pixels, smaller ones fractions
// of the containing side; positive moves inward from an anchored edge, right and down from the centre.
// With FocusPoint, X and Y are the point itself, each in [0, 1].
type Gravity struct {
	Anchor Anchor
	X, Y   float64
}

// Output says what is written, in what format and how.
type Output struct {
	// Format that was asked for; Unknown = decided by the source, see Choose.
	Format format.Format
	// Auto holds modern formats that the client shows and that may be chosen where Format is Unknown.
	Auto format.Set
	// Enforce holds modern formats that the client shows and that replace any other choice.
	Enforce format.Set
	// Preferred lists, best first, what is written when the source's own format is not among them.
	Preferred []format.Format
	// Skip holds source formats that are passed through untouched when nothing else is asked for.
	Skip format.Set
	// RasterizeSVG makes pixels of an SVG source even where no format was asked for.
	RasterizeSVG bool

	// Quality of lossy formats, 1 to 100; 0 = by FormatQuality, then by DefaultQuality.
	Quality int
	// FormatQuality overrides DefaultQuality per format; 0 = not set.
	FormatQuality QualityTable
	// DefaultQuality is used where neither of the others says anything, 1 to 100.
	DefaultQuality int

	StripMetadata bool // drop EXIF, XMP, IPTC
	KeepCopyright bool // but keep the fields that say who owns it
	StripProfile  bool // convert to sRGB and drop the colour profile

	Encoder Encoder
}

// QualityTable holds a quality, 1 to 100, for each format by its number; 0 = not set.
type QualityTable [16]uint8

// Encoder holds the operator's encoder settings; the zero value is each encoder's plain default.
type Encoder struct {
	JPEGProgressive bool
	PNGInterlaced   bool
	PNGQuantize     bool
	PNGColors       int    // palette size with PNGQuantize, 2 to 256
	WebPEffort      int    // 1 (fast) to 6 (small); 0 = 4
	WebPPreset      string // default, photo, picture, drawing, icon, text; empty = default
	AVIFSpeed       int    // 0 (small) to 9 (fast), imgproxy's scale
}
