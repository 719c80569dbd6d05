package transform

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stillroom/stillroom/internal/format"
)

// wide is a picture of 200 x 100 pixels, without transparency and upright.
var wide = Facts{Format: format.PNG, Width: 200, Height: 100, Orientation: 1, Frames: 1}

// describe writes a plan as its steps and the size they end in: "scale 50x25, cut 50x20+0+3 = 50x20".
func describe(p Plan) string {
	var steps []string
	for _, s := range p.Steps {
		switch s := s.(type) {
		case Cut:
			steps = append(steps, fmt.Sprintf("cut %dx%d+%d+%d", s.W, s.H, s.X, s.Y))
		case Scale:
			steps = append(steps, fmt.Sprintf("scale %dx%d", s.W, s.H))
		case TurnBy:
			mirror := ""
			if s.Mirror {
				mirror = "mirror "
			}
			steps = append(steps, fmt.Sprintf("turn %s%d", mirror, 90*s.Quarters))
		case Embed:
			steps = append(steps, fmt.Sprintf("embed %dx%d+%d+%d", s.W, s.H, s.X, s.Y))
		case Flatten:
			steps = append(steps, fmt.Sprintf("flatten #%02x%02x%02x", s.Color.R, s.Color.G, s.Color.B))
		default:
			steps = append(steps, fmt.Sprintf("%T", s))
		}
	}
	text := fmt.Sprintf("= %dx%d", p.Size.W, p.Size.H)
	if len(steps) > 0 {
		text = strings.Join(steps, ", ") + " " + text
	}
	return text
}

func canonical(t testing.TB, p Pipeline) Canonical {
	t.Helper()
	c, err := Normalize(p)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

type planCase struct {
	name string
	ops  []Op
	want string
}

func runPlans(t *testing.T, f Facts, out format.Format, maxDimension int, cases []planCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := canonical(t, Pipeline{Ops: c.ops, MaxDimension: maxDimension}).Plan(f, out)
			if diff := cmp.Diff(c.want, describe(p)); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPlanResize(t *testing.T) {
	runPlans(t, wide, format.PNG, 0, []planCase{
		{"nothing", nil, "= 200x100"},
		{"fit", []Op{&Resize{Width: 50, Height: 50}}, "scale 50x25 = 50x25"},
		{"fit low", []Op{&Resize{Width: 50, Height: 20}}, "scale 40x20 = 40x20"},
		{"fit width only", []Op{&Resize{Width: 50}}, "scale 50x25 = 50x25"},
		{"fit height only", []Op{&Resize{Height: 50}}, "scale 100x50 = 100x50"},
		{"fit does not enlarge", []Op{&Resize{Width: 300, Height: 300}}, "= 200x100"},
		{"fit enlarges if it may", []Op{&Resize{Width: 300, Height: 125, Enlarge: true}}, "scale 250x125 = 250x125"},
		{"fill", []Op{&Resize{Type: Fill, Width: 50, Height: 20}}, "scale 50x25, cut 50x20+0+3 = 50x20"},
		{"fill too large for one side", []Op{&Resize{Type: Fill, Width: 300, Height: 50}}, "cut 200x50+0+26 = 200x50"},
		{"fill enlarges if it may", []Op{&Resize{Type: Fill, Width: 250, Height: 300, Enlarge: true}}, "scale 600x300, cut 250x300+176+0 = 250x300"},
		{"fill one side", []Op{&Resize{Type: Fill, Width: 50}}, "scale 50x25 = 50x25"},
		{"fill-down keeps the shape", []Op{&Resize{Type: FillDown, Width: 300, Height: 125}}, "cut 200x83+0+9 = 200x83"},
		{"fill-down tall", []Op{&Resize{Type: FillDown, Width: 250, Height: 500}}, "cut 50x100+76+0 = 50x100"},
		{"fill-down large enough", []Op{&Resize{Type: FillDown, Width: 50, Height: 50}}, "scale 100x50, cut 50x50+26+0 = 50x50"},
		{"force", []Op{&Resize{Type: Force, Width: 50, Height: 50}}, "scale 50x50 = 50x50"},
		{"force width only", []Op{&Resize{Type: Force, Width: 50}}, "scale 50x100 = 50x100"},
		{"force does not enlarge", []Op{&Resize{Type: Force, Width: 300, Height: 300}}, "scale 100x100 = 100x100"},
		{"force enlarges if it may", []Op{&Resize{Type: Force, Width: 150, Height: 300, Enlarge: true}}, "scale 150x300 = 150x300"},
		{"auto fills a wide box", []Op{&Resize{Type: Auto, Width: 50, Height: 20}}, "scale 50x25, cut 50x20+0+3 = 50x20"},
		{"auto fills a square box", []Op{&Resize{Type: Auto, Width: 50, Height: 50}}, "scale 100x50, cut 50x50+26+0 = 50x50"},
		{"auto fits a tall box", []Op{&Resize{Type: Auto, Width: 20, Height: 50}}, "scale 20x10 = 20x10"},
		{"never below a pixel", []Op{&Resize{Width: 1}}, "scale 1x1 = 1x1"},
		{"min width", []Op{&Resize{Width: 20, MinWidth: 60}}, "scale 60x30, cut 20x30+20+0 = 20x30"},
		{"min width alone enlarges", []Op{&Resize{MinWidth: 400}}, "scale 400x200 = 400x200"},
		{"min height", []Op{&Resize{Width: 20, Height: 20, MinHeight: 40}}, "scale 80x40, cut 20x20+30+10 = 20x20"},
		{"zoom out", []Op{&Resize{ZoomX: 0.5, ZoomY: 0.25}}, "scale 100x25 = 100x25"},
		{"zoom in does not enlarge", []Op{&Resize{ZoomX: 2, ZoomY: 2}}, "= 200x100"},
		{"zoom in enlarges if it may", []Op{&Resize{ZoomX: 2, ZoomY: 2, Enlarge: true}}, "scale 400x200 = 400x200"},
		{"density", []Op{&Resize{Width: 50, Height: 50, Density: 2}}, "scale 100x50 = 100x50"},
		{"density that the image cannot fill", []Op{&Resize{Width: 80, Height: 80, Density: 4}}, "= 200x100"},
		{"density of a fill is reduced for both", []Op{&Resize{Type: Fill, Width: 80, Height: 80, Density: 2}}, "cut 100x100+50+0 = 100x100"},
		{"density below one", []Op{&Resize{Type: Fill, Width: 26, Height: 100, Density: 0.5}}, "scale 100x50, cut 13x50+44+0 = 13x50"},
	})
}

func TestPlanGravity(t *testing.T) {
	fill := func(g Gravity) []Op { return []Op{&Resize{Type: Fill, Width: 50, Height: 50, Gravity: g}} }
	crop := func(g Gravity) []Op { return []Op{&Crop{Width: 50, Height: 50, Gravity: g}} }
	runPlans(t, wide, format.PNG, 0, []planCase{
		{"fill west", fill(Gravity{Anchor: West}), "scale 100x50, cut 50x50+0+0 = 50x50"},
		{"fill east", fill(Gravity{Anchor: East}), "scale 100x50, cut 50x50+50+0 = 50x50"},
		{"fill east, inward", fill(Gravity{Anchor: East, X: 5}), "scale 100x50, cut 50x50+45+0 = 50x50"},
		{"fill centre, right", fill(Gravity{X: 5}), "scale 100x50, cut 50x50+31+0 = 50x50"},
		{"fill centre, fraction left", fill(Gravity{X: -0.1}), "scale 100x50, cut 50x50+16+0 = 50x50"},
		{"fill stays inside", fill(Gravity{X: 1000}), "scale 100x50, cut 50x50+50+0 = 50x50"},
		{"fill focus point", fill(Gravity{Anchor: FocusPoint, X: 0.6, Y: 0.5}), "scale 100x50, cut 50x50+35+0 = 50x50"},
		{"offsets grow with the density", []Op{&Resize{Type: Fill, Width: 20, Height: 25, Density: 2, Gravity: Gravity{Anchor: West, X: 5}}},
			"scale 100x50, cut 40x50+10+0 = 40x50"},
		{"fractions do not", []Op{&Resize{Type: Fill, Width: 20, Height: 25, Density: 2, Gravity: Gravity{Anchor: West, X: 0.05}}},
			"scale 100x50, cut 40x50+5+0 = 40x50"},

		{"crop", crop(Gravity{}), "cut 50x50+76+26 = 50x50"},
		{"crop north", crop(Gravity{Anchor: North}), "cut 50x50+76+0 = 50x50"},
		{"crop south east", crop(Gravity{Anchor: SouthEast, X: 10, Y: 20}), "cut 50x50+140+30 = 50x50"},
		{"crop focus point", crop(Gravity{Anchor: FocusPoint, X: 0.25, Y: 0.75}), "cut 50x50+25+50 = 50x50"},
		{"crop fraction", []Op{&Crop{Width: 0.5, Height: 0.5}}, "cut 100x50+50+26 = 100x50"},
		{"crop tiny fraction", []Op{&Crop{Width: 0.0001}}, "cut 1x100+100+0 = 1x100"},
		{"crop one side", []Op{&Crop{Width: 30}}, "cut 30x100+86+0 = 30x100"},
		{"crop larger than the image", []Op{&Crop{Width: 300, Height: 50}}, "cut 200x50+0+26 = 200x50"},
		{"crop, then fit", []Op{&Crop{Width: 100, Height: 100, Gravity: Gravity{Anchor: West}}, &Resize{Width: 50}}, "cut 100x100+0+0, scale 50x50 = 50x50"},
		{"crop, then fill without scaling", []Op{&Crop{Width: 100, Gravity: Gravity{Anchor: East}}, &Resize{Type: Fill, Width: 300, Height: 50, Gravity: Gravity{Anchor: North}}},
			"cut 100x50+100+0 = 100x50"},
		{"crop offsets do not grow with the density", []Op{&Crop{Width: 100, Gravity: Gravity{Anchor: West, X: 10}}, &Resize{Width: 25, Density: 2}},
			"cut 100x100+10+0, scale 50x50 = 50x50"},
	})
}

func TestPlanCanvas(t *testing.T) {
	place := func(a Anchor, x, y float64) *Gravity { return &Gravity{Anchor: a, X: x, Y: y} }
	runPlans(t, wide, format.PNG, 0, []planCase{
		{"extend", []Op{&Resize{Width: 50, Height: 50, Extend: place(Center, 0, 0)}}, "scale 50x25, embed 50x50+0+13 = 50x50"},
		{"extend north", []Op{&Resize{Width: 50, Height: 50, Extend: place(North, 0, 5)}}, "scale 50x25, embed 50x50+0+5 = 50x50"},
		{"extend beyond the image", []Op{&Resize{Width: 250, Height: 300, Extend: place(SouthEast, 10, 20)}}, "embed 250x300+40+180 = 250x300"},
		{"extend along one side", []Op{&Resize{Width: 300, Extend: place(Center, 0, 0)}}, "embed 300x100+50+0 = 300x100"},
		{"extend keeps its density", []Op{&Resize{Width: 300, Height: 300, Density: 0.5, Extend: place(Center, 0, 0)}}, "scale 100x50, embed 150x150+26+50 = 150x150"},
		{"without, the density makes up for the size", []Op{&Resize{Width: 300, Height: 300, Density: 0.5}}, "scale 150x75 = 150x75"},
		{"extend ratio", []Op{&Resize{Width: 300, Height: 300, ExtendRatio: place(Center, 0, 0)}}, "embed 200x200+0+50 = 200x200"},
		{"extend ratio tall", []Op{&Resize{Width: 250, Height: 500, ExtendRatio: place(North, 0, 0)}}, "embed 200x400+0+0 = 200x400"},
		{"extend ratio of a cut", []Op{&Resize{Type: FillDown, Width: 300, Height: 125, ExtendRatio: place(Center, 0, 0)}}, "cut 200x83+0+9 = 200x83"},
		{"extend ratio needs both sides", []Op{&Resize{Width: 50, ExtendRatio: place(Center, 0, 0)}}, "scale 50x25 = 50x25"},
		{"pad", []Op{&Pad{Top: 10, Right: 20, Bottom: 30, Left: 40}}, "embed 260x140+40+10 = 260x140"},
		{"pad grows with the density", []Op{&Resize{Width: 50, Density: 2}, &Pad{Top: 1, Right: 2, Bottom: 3, Left: 4}}, "scale 100x50, embed 112x58+8+2 = 112x58"},
		{"pad shrinks with a density that cannot be had", []Op{&Resize{Width: 160, Density: 2}, &Pad{Left: 10, Right: 10}}, "embed 224x100+12+0 = 224x100"},
		{"pad rounds half to even", []Op{&Resize{Width: 100, Density: 0.5}, &Pad{Left: 1, Right: 3}}, "scale 50x25, embed 52x25+0+0 = 52x25"},
		{"extend and pad are one canvas", []Op{&Resize{Width: 50, Height: 50, Extend: place(Center, 0, 0)}, &Pad{Top: 1, Left: 2}}, "scale 50x25, embed 52x51+2+14 = 52x51"},
		{"background behind a border", []Op{&Pad{Top: 1}, &Background{Color{1, 2, 255}}}, "embed 200x101+0+1, flatten #0102ff = 200x101"},
		{"background of an opaque picture", []Op{&Background{Color{1, 2, 3}}}, "= 200x100"},
	})
}

func TestPlanTurns(t *testing.T) {
	tagged := wide
	tagged.Orientation = 6
	runPlans(t, tagged, format.PNG, 0, []planCase{
		{"tag heeded", []Op{&Orient{}}, "turn 90 = 100x200"},
		{"tag not heeded", nil, "= 200x100"},
		{"tag and back", []Op{&Orient{}, &Rotate{270}}, "= 200x100"},
		{"tag and flip", []Op{&Orient{}, &Flip{Horizontal: true}}, "turn mirror 270 = 100x200"},
		{"sizes are those that are seen", []Op{&Orient{}, &Resize{Width: 50, Height: 50}}, "scale 50x25, turn 90 = 25x50"},
		{"crop as seen", []Op{&Orient{}, &Crop{Width: 30, Height: 60}}, "cut 60x30+70+36, turn 90 = 30x60"},
		{"crop at the top as seen", []Op{&Orient{}, &Crop{Width: 30, Height: 60, Gravity: Gravity{Anchor: NorthWest, X: 5, Y: 7}}}, "cut 60x30+7+65, turn 90 = 30x60"},
		{"crop before the tag", []Op{&Crop{Width: 30, Height: 60, Gravity: Gravity{Anchor: NorthWest}}, &Orient{}}, "cut 30x60+0+0, turn 90 = 60x30"},
		{"fill as seen", []Op{&Orient{}, &Resize{Type: Fill, Width: 50, Height: 50, Gravity: Gravity{Anchor: North}}}, "scale 100x50, cut 50x50+0+0, turn 90 = 50x50"},
		{"border after turning", []Op{&Orient{}, &Pad{Top: 10}}, "turn 90, embed 100x210+0+10 = 100x210"},
		{"turn after a border", []Op{&Pad{Top: 10}, &Rotate{90}}, "embed 200x110+0+10, turn 90 = 110x200"},
		{"tag is heeded once", []Op{&Orient{}, &Orient{}}, "turn 90 = 100x200"},
	})
	runPlans(t, wide, format.PNG, 0, []planCase{
		{"upright", []Op{&Orient{}}, "= 200x100"},
		{"anticlockwise", []Op{&Rotate{-90}}, "turn 270 = 100x200"},
		{"crop of a mirror image", []Op{&Flip{Horizontal: true}, &Crop{Width: 50, Gravity: Gravity{Anchor: West, X: 10}}}, "cut 50x100+140+0, turn mirror 0 = 50x100"},
		{"focus point of a mirror image", []Op{&Flip{Vertical: true}, &Crop{Height: 50, Gravity: Gravity{Anchor: FocusPoint, X: 0.5, Y: 0.25}}},
			"cut 200x50+0+50, turn mirror 180 = 200x50"},
	})
}

func TestPlanMaxDimension(t *testing.T) {
	runPlans(t, wide, format.PNG, 50, []planCase{
		{"nothing asked", nil, "scale 50x25 = 50x25"},
		{"fit", []Op{&Resize{Width: 150}}, "scale 50x25 = 50x25"},
		{"small enough", []Op{&Resize{Width: 40}}, "scale 40x20 = 40x20"},
		{"fill", []Op{&Resize{Type: Fill, Width: 1000, Height: 50}}, "scale 50x25, cut 50x13+0+6 = 50x13"},
		{"turned", []Op{&Rotate{90}, &Resize{Type: Fill, Width: 100, Height: 150}}, "scale 67x33, cut 50x33+9+0, turn 90 = 33x50"},
		{"extend", []Op{&Resize{Width: 1000, Height: 2000, Extend: &Gravity{}}}, "scale 5x3, embed 25x50+10+24 = 25x50"},
		{"crop alone", []Op{&Crop{Width: 100, Height: 100}}, "cut 100x100+50+0, scale 50x50 = 50x50"},
		{"turned after the border", []Op{&Pad{Top: 50, Bottom: 50}, &Rotate{90}}, "scale 50x25, embed 50x49+0+12, turn 90 = 49x50"},
	})
	tagged := wide
	tagged.Orientation = 6
	runPlans(t, tagged, format.PNG, 120, []planCase{
		{"the tag heeded after a border", []Op{&Pad{Top: 30, Bottom: 30}, &Orient{}, &Pad{Top: 40}}, "scale 100x50, embed 100x80+0+15, turn 90, embed 80x120+0+20 = 80x120"},
	})
	runPlans(t, wide, format.PNG, 200, []planCase{
		{"a picture of one line stays one", []Op{&Resize{Type: Fill, Width: 4000, Height: 1, Enlarge: true}}, "cut 200x1+0+50 = 200x1"},
		{"border counts", []Op{&Resize{Width: 100, Height: 100}, &Pad{Top: 100, Right: 200, Bottom: 300, Left: 400}}, "scale 29x14, embed 200x129+114+29 = 200x129"},
		{"border of a fill", []Op{&Resize{Type: Fill, Width: 100, Height: 100}, &Pad{Top: 100, Right: 200, Bottom: 300, Left: 400}},
			"scale 57x29, cut 29x29+14+0, embed 200x144+114+29 = 200x144"},
		{"border without a resize", []Op{&Pad{Left: 200}}, "scale 100x50, embed 200x50+100+0 = 200x50"},
	})
}

func TestPlanOutput(t *testing.T) {
	long := Facts{Format: format.PNG, Width: 20000, Height: 10, Orientation: 6, Alpha: true}
	orient := []Op{&Orient{}}
	runPlans(t, long, format.PNG, 0, []planCase{{"png has no bounds", orient, "turn 90 = 10x20000"}})
	runPlans(t, long, format.WebP, 0, []planCase{
		{"webp has", orient, "scale 16383x8, turn 90 = 8x16383"},
		{"one scaling is enough", []Op{&Orient{}, &Resize{Height: 18000}}, "scale 16383x8, turn 90 = 8x16383"},
	})
	runPlans(t, long, format.JPEG, 0, []planCase{
		{"jpeg shows white where nothing is", orient, "turn 90, flatten #ffffff = 10x20000"},
		{"unless another colour was asked for", []Op{&Orient{}, &Background{Color{255, 0, 0}}}, "turn 90, flatten #ff0000 = 10x20000"},
		{"a border after the colour is white again", []Op{&Background{Color{255, 0, 0}}, &Pad{Top: 1}}, "flatten #ff0000, embed 20000x11+0+1, flatten #ffffff = 20000x11"},
	})
	svg := Facts{Format: format.SVG, Width: 20, Height: 10, Alpha: true}
	runPlans(t, svg, format.PNG, 0, []planCase{
		{"a drawing may always grow", []Op{&Resize{Width: 100, Height: 100}}, "scale 100x50 = 100x50"},
		{"with its density", []Op{&Resize{Width: 100, Density: 3}}, "scale 300x150 = 300x150"},
	})
}
