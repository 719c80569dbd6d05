package transform

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/format"
)

// spellings of one meaning have one text.
func TestSpellings(t *testing.T) {
	ops := func(ops ...Op) Pipeline { return Pipeline{Ops: ops} }
	out := func(o Output) Pipeline { return Pipeline{Output: o} }
	for name, group := range map[string][]Pipeline{
		"nothing at all": {
			{}, ops(&Rotate{0}), ops(&Rotate{-720}), ops(&Flip{}), ops(&Crop{}), ops(&Pad{}), ops(&Resize{}),
			ops(&Resize{Type: Force, Enlarge: true, Gravity: Gravity{Anchor: East, X: 5}, Extend: &Gravity{}, ExtendRatio: &Gravity{}}),
			ops(&Crop{Gravity: Gravity{Anchor: North, Y: 7}}), ops(&Crop{Width: 1e12}), ops(&Rotate{90}, &Crop{}, &Rotate{270}),
			{MaxFrames: 1}, out(Output{DefaultQuality: 80}), out(Output{KeepCopyright: true}),
			out(Output{Preferred: []format.Format{format.JPEG, format.PNG, format.GIF}}),
		},
		"a quarter anticlockwise": {ops(&Rotate{270}), ops(&Rotate{-90}), ops(&Rotate{180}, &Rotate{90}), ops(&Rotate{90}, &Flip{Horizontal: true, Vertical: true})},
		"upside down":             {ops(&Rotate{180}), ops(&Flip{Horizontal: true, Vertical: true}), ops(&Flip{Vertical: true}, &Flip{Horizontal: true})},
		"mirrored":                {ops(&Flip{Horizontal: true}), ops(&Rotate{180}, &Flip{Vertical: true}), ops(&Rotate{90}, &Flip{Vertical: true}, &Rotate{90}, &Rotate{180})},
		"transposed":              {ops(&Rotate{90}, &Flip{Horizontal: true}), ops(&Flip{Vertical: true}, &Rotate{90}), ops(&Rotate{270}, &Flip{Vertical: true})},
		"the tag, once":           {ops(&Orient{}), ops(&Orient{}, &Orient{}), ops(&Orient{}, &Rotate{360})},
		"half as wide": {
			ops(&Resize{Width: 100}), ops(&Resize{Width: 100, ZoomX: 1, ZoomY: 1, Density: 1}),
			ops(&Resize{Type: Fill, Width: 100}), ops(&Resize{Type: Auto, Width: 100, Gravity: Gravity{Anchor: South}}),
			ops(&Resize{Width: 50, Density: 2}), ops(&Resize{Width: 50, ZoomX: 2, ZoomY: 2}), ops(&Resize{Width: 200, ZoomX: 0.5, ZoomY: 0.5}),
			ops(&Resize{Width: 25, Density: 2, ZoomX: 2, ZoomY: 2}), ops(&Resize{Width: 100, ExtendRatio: &Gravity{}}),
		},
		"fill":               {ops(&Resize{Type: Fill, Width: 100, Height: 50, Enlarge: true}), ops(&Resize{Type: FillDown, Width: 100, Height: 50, Enlarge: true})},
		"forced on one axis": {ops(&Resize{Type: Force, Width: 100, ZoomY: 3}), ops(&Resize{Type: Force, Width: 50, ZoomX: 2, ZoomY: 3})},
		"zoom and density":   {ops(&Resize{ZoomX: 0.5, ZoomY: 0.25}), ops(&Resize{ZoomX: 0.25, ZoomY: 0.125, Density: 2}), ops(&Resize{ZoomX: 0.5, ZoomY: 0.25, Enlarge: true})},
		"crop of a column":   {ops(&Crop{Width: 30, Gravity: Gravity{Anchor: NorthWest, X: 5, Y: 9}}), ops(&Crop{Width: 30.9, Gravity: Gravity{Anchor: West, X: 5}})},
		"extended row":       {ops(&Resize{Width: 30, Extend: &Gravity{Anchor: SouthEast, X: 1, Y: 2}}), ops(&Resize{Width: 30, Extend: &Gravity{Anchor: East, X: 1}, ExtendRatio: nil})},
		"extended to a box":  {ops(&Resize{Width: 30, Height: 40, Extend: &Gravity{}}), ops(&Resize{Width: 30, Height: 40, Extend: &Gravity{}, ExtendRatio: &Gravity{Anchor: North}})},
		"one border":         {ops(&Pad{1, 2, 3, 4}), ops(&Pad{Top: 1, Left: 3}, &Pad{0, 2, 3, 1}), ops(&Pad{Top: 1}, &Rotate{360}, &Pad{0, 2, 3, 4})},
		"the first colour": {
			ops(&Rotate{90}, &Crop{Width: 5}, &Background{}), ops(&Background{}, &Rotate{90}, &Crop{Width: 5}),
			ops(&Rotate{90}, &Background{}, &Crop{Width: 5}, &Background{Color{1, 1, 1}}),
		},
		"white behind a jpeg": {
			{Output: Output{Format: format.JPEG}},
			{Output: Output{Format: format.JPEG}, Ops: []Op{&Background{Color{255, 255, 255}}}},
		},
		"jpeg of one quality": {
			out(Output{Format: format.JPEG}), out(Output{Format: format.JPEG, Quality: 80}), out(Output{Format: format.JPEG, DefaultQuality: 80}),
			out(Output{Format: format.JPEG, DefaultQuality: 5, FormatQuality: QualityTable{format.JPEG: 80, format.WebP: 7}}),
			out(Output{Format: format.JPEG, Auto: format.SetOf(format.AVIF), Preferred: []format.Format{format.GIF}, RasterizeSVG: true, Skip: format.SetOf(format.PNG)}),
			out(Output{Format: format.JPEG, Encoder: Encoder{PNGInterlaced: true, PNGQuantize: true, PNGColors: 8, WebPEffort: 2, WebPPreset: "photo", AVIFSpeed: 3}}),
			{Output: Output{Format: format.JPEG}, MaxFrames: 100},
		},
		"png has no quality":    {out(Output{Format: format.PNG}), out(Output{Format: format.PNG, Quality: 50})},
		"auto and enforce":      {out(Output{Auto: format.SetOf(format.WebP)}), out(Output{Enforce: format.SetOf(format.WebP)}), out(Output{Enforce: format.SetOf(format.WebP, format.PNG)})},
		"enforced as asked":     {out(Output{Format: format.WebP}), out(Output{Format: format.WebP, Enforce: format.SetOf(format.WebP)})},
		"svg is never rendered": {out(Output{Format: format.SVG}), {Ops: []Op{&Rotate{90}}, MaxDimension: 5, MaxFrames: 5, Output: Output{Format: format.SVG, Quality: 3, StripMetadata: true}}},
		"svg skipped":           {out(Output{}), out(Output{Skip: format.SetOf(format.SVG)}), out(Output{Skip: format.SetOf(format.SVG), RasterizeSVG: true})},
		"webp by default": {
			out(Output{Format: format.WebP, Encoder: Encoder{WebPEffort: 4, WebPPreset: "default"}}), out(Output{Format: format.WebP}),
		},
		"a palette": {out(Output{Format: format.PNG, Encoder: Encoder{PNGQuantize: true}}), out(Output{Format: format.PNG, Encoder: Encoder{PNGQuantize: true, PNGColors: 256}})},
	} {
		t.Run(name, func(t *testing.T) {
			want := canonical(t, group[0]).String()
			for i, p := range group[1:] {
				if diff := cmp.Diff(want, canonical(t, p).String()); diff != "" {
					t.Errorf("spelling %d (-first +this):\n%s", i+2, diff)
				}
			}
		})
	}
}

// What can be told apart in some picture must not be folded.
func TestMeaningsDiffer(t *testing.T) {
	box := Resize{Width: 100, Height: 50}
	with := func(change func(*Resize)) Op {
		r := box
		change(&r)
		return &r
	}
	for name, pair := range map[string][2][]Op{
		"offsets grow with the density": {
			{with(func(r *Resize) { r.Type, r.Density, r.Gravity = Fill, 2, Gravity{Anchor: West, X: 5} })},
			{with(func(r *Resize) { r.Type, r.Width, r.Height, r.Gravity = Fill, 200, 100, Gravity{Anchor: West, X: 5} })},
		},
		"padding grows with the density": {
			{with(func(r *Resize) { r.Density = 2 }), &Pad{Top: 1}},
			{with(func(r *Resize) { r.Width, r.Height = 200, 100 }), &Pad{Top: 1}},
		},
		"a small image lowers the density of a fill": {
			{with(func(r *Resize) { r.Type, r.Density = Fill, 2 })},
			{with(func(r *Resize) { r.Type, r.Width, r.Height = Fill, 200, 100 })},
		},
		"a density of three rounds":        {{with(func(r *Resize) { r.Density = 3 })}, {with(func(r *Resize) { r.Width, r.Height = 300, 150 })}},
		"an empty resize ends a density":   {{with(func(r *Resize) { r.Type, r.Density = Fill, 2 }), &Resize{}, &Pad{Top: 1}}, {with(func(r *Resize) { r.Type, r.Density = Fill, 2 }), &Pad{Top: 1}}},
		"turning before and after a crop":  {{&Rotate{90}, &Crop{Width: 10}}, {&Crop{Width: 10}, &Rotate{90}}},
		"turning before and after the tag": {{&Rotate{90}, &Orient{}}, {&Orient{}, &Rotate{90}}},
		"a colour below a border":          {{&Background{}, &Pad{Top: 1}}, {&Pad{Top: 1}, &Background{}}},
		"a bound that makes fit overflow": {
			{with(func(r *Resize) { r.MinWidth, r.Gravity = 200, Gravity{Anchor: East} })},
			{with(func(r *Resize) { r.MinWidth = 200 })},
		},
		"padding rounds one by one": {
			{with(func(r *Resize) { r.Density = 1.5 }), &Pad{Left: 1}, &Pad{Left: 1}},
			{with(func(r *Resize) { r.Density = 1.5 }), &Pad{Left: 2}},
		},
		"a canvas keeps a density low": {
			{&Resize{ZoomX: 2, ZoomY: 2, Density: 0.5, Extend: &Gravity{}}, &Pad{Top: 10}},
			{&Resize{ZoomX: 2, ZoomY: 2, Density: 0.5}, &Pad{Top: 10}},
		},
		"a colour below and behind a canvas": {
			{&Background{}, with(func(r *Resize) { r.Extend = &Gravity{} }), &Background{}},
			{&Background{}, with(func(r *Resize) { r.Extend = &Gravity{} })},
		},
		"fill-down and fill": {{with(func(r *Resize) { r.Type = FillDown })}, {with(func(r *Resize) { r.Type = Fill })}},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := canonical(t, Pipeline{Ops: pair[0]}).String(), canonical(t, Pipeline{Ops: pair[1]}).String()
			if a == b {
				t.Errorf("both are\n%s", a)
			}
		})
	}
}

// With a bound on the result, an empty resize may say where the result is brought within it.
func TestMeaningsDifferWithinABound(t *testing.T) {
	for name, pair := range map[string][2][]Op{
		"a border scaled like the picture": {{&Pad{Top: 5}, &Resize{}}, {&Pad{Top: 5}}},
		"borders one by one":               {{&Pad{Top: 5}, &Pad{Top: 5}}, {&Pad{Top: 10}}},
		"after another resize":             {{&Resize{Width: 90, Density: 2}, &Resize{}}, {&Resize{Width: 90, Density: 2}}},
	} {
		t.Run(name, func(t *testing.T) {
			a := canonical(t, Pipeline{Ops: pair[0], MaxDimension: 50}).String()
			if b := canonical(t, Pipeline{Ops: pair[1], MaxDimension: 50}).String(); a == b {
				t.Errorf("both are\n%s", a)
			}
		})
	}
	empty := Pipeline{Ops: []Op{&Orient{}, &Resize{}, &Pad{Top: 5}}, MaxDimension: 50}
	none := Pipeline{Ops: []Op{&Orient{}, &Pad{Top: 5}}, MaxDimension: 50}
	if diff := cmp.Diff(canonical(t, none).String(), canonical(t, empty).String()); diff != "" {
		t.Errorf("an empty resize before the border says what goes without saying (-without +with):\n%s", diff)
	}
}

func TestNormalizeRefuses(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	ops := func(ops ...Op) Pipeline { return Pipeline{Ops: ops} }
	for _, c := range []struct {
		p    Pipeline
		want string
	}{
		{ops(&Rotate{45}), "rotate: want a multiple of 90 degrees, got 45"},
		{ops(&Orient{}, &Crop{Width: -1}), "crop: width: want a finite number of 0 or more, got -1"},
		{ops(&Crop{Height: inf}), "crop: height: want a finite number of 0 or more, got +Inf"},
		{ops(&Crop{Gravity: Gravity{X: nan}}), "crop: gravity: want finite offsets, got NaN, 0"},
		{ops(&Crop{Gravity: Gravity{Anchor: FocusPoint, X: 1.1}}), "crop: gravity: want a focus point from 0 to 1 on each axis, got 1.1, 0"},
		{ops(&Crop{Gravity: Gravity{Anchor: 99}}), "crop: gravity: want one of the 10 anchors, got number 99"},
		{ops(&Resize{Width: -5}), "resize: width: want 0 or more pixels, got -5"},
		{ops(&Resize{MinHeight: -5}), "resize: min height: want 0 or more pixels, got -5"},
		{ops(&Resize{ZoomX: nan}), "resize: zoom x: want a number from 1e-06 to 1e+06, got NaN"},
		{ops(&Resize{ZoomY: -1}), "resize: zoom y: want a number from 1e-06 to 1e+06, got -1"},
		{ops(&Resize{Density: inf}), "resize: density: want a number from 1e-06 to 1e+06, got +Inf"},
		{ops(&Resize{Type: 9}), "resize: type: want one of the 5 resizing types, got number 9"},
		{ops(&Resize{Extend: &Gravity{Y: inf}}), "extend: gravity: want finite offsets, got 0, +Inf"},
		{ops(&Resize{ExtendRatio: &Gravity{Y: nan}}), "extend ratio: gravity: want finite offsets, got 0, NaN"},
		{ops(&Pad{Left: -2}), "pad: left: want 0 to 268435456 pixels, got -2"},
		{Pipeline{MaxDimension: -1}, "max dimension: want 0 or more pixels, got -1"},
		{Pipeline{MaxFrames: -1}, "max frames: want 0 or more, got -1"},
		{Pipeline{Output: Output{Format: 77}}, "format: want a known one, got number 77"},
		{Pipeline{Output: Output{Preferred: []format.Format{format.JPEG, format.Unknown}}}, "preferred formats: want known ones, got number 0"},
		{Pipeline{Output: Output{Quality: 101}}, "quality: want 0 to 100, got 101"},
		{Pipeline{Output: Output{DefaultQuality: -1}}, "default quality: want 0 to 100, got -1"},
		{Pipeline{Output: Output{FormatQuality: QualityTable{format.WebP: 101}}}, "quality of webp: want 0 to 100, got 101"},
		{Pipeline{Output: Output{Encoder: Encoder{PNGColors: 1}}}, "png colors: want 2 to 256, got 1"},
		{Pipeline{Output: Output{Encoder: Encoder{WebPEffort: 7}}}, "webp effort: want 1 to 6, got 7"},
		{Pipeline{Output: Output{Encoder: Encoder{WebPPreset: "x\ny"}}}, `webp preset: want default, photo, picture, drawing, icon or text, got "x\ny"`},
		{Pipeline{Output: Output{Encoder: Encoder{AVIFSpeed: 10}}}, "avif speed: want 0 to 9, got 10"},
	} {
		_, err := Normalize(c.p)
		if err == nil || err.Error() != "transform.normalize: "+c.want {
			t.Errorf("error %v, want %q", err, c.want)
		}
		if !fault.Is(err, fault.BadURL) {
			t.Errorf("%q is of kind %s, want bad url", c.want, fault.KindOf(err))
		}
	}
	if _, err := Normalize(ops(nil)); !fault.Is(err, fault.Internal) {
		t.Errorf("an operation that is none: %v, want an internal error", err)
	}
}
