package transform

import (
	"flag"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stillroom/stillroom/internal/format"
)

var update = flag.Bool("update", false, "write the golden files")

// everything is a pipeline that says something about everything.
func everything() Pipeline {
	return Pipeline{
		Ops: []Op{
			&Orient{}, &Rotate{90}, &Flip{Horizontal: true},
			&Crop{Width: 0.5, Height: 600, Gravity: Gravity{Anchor: NorthEast, X: 10, Y: 0.25}},
			&Resize{
				Type: FillDown, Width: 300, Height: 200, MinWidth: 10, MinHeight: 20, ZoomX: 1.5, ZoomY: 0.75, Density: 3,
				Gravity: Gravity{Anchor: FocusPoint, X: 0.3, Y: 0.7}, Extend: &Gravity{Anchor: South, Y: -4},
			},
			&Pad{1, 2, 3, 4}, &Background{Color{0xff, 0x80, 0x01}},
			&Flip{Vertical: true},
			&Resize{Type: Auto, Width: 16, Height: 9, Enlarge: true, ExtendRatio: &Gravity{}},
		},
		MaxDimension: 5000, MaxFrames: 12,
		Output: Output{
			Auto: format.SetOf(format.WebP, format.AVIF), Preferred: []format.Format{format.PNG, format.JPEG},
			Skip: format.SetOf(format.GIF, format.WebP), RasterizeSVG: true,
			FormatQuality: QualityTable{format.AVIF: 63, format.WebP: 79}, DefaultQuality: 80,
			StripMetadata: true, KeepCopyright: true, StripProfile: true,
			Encoder: Encoder{
				JPEGProgressive: true, PNGInterlaced: true, PNGQuantize: true, PNGColors: 64,
				WebPEffort: 6, WebPPreset: "photo", AVIFSpeed: 8,
			},
		},
	}
}

// thumbnail is what most requests ask for.
func thumbnail() Pipeline {
	return Pipeline{
		Ops:       []Op{&Orient{}, &Resize{Type: Fill, Width: 300, Height: 200, ZoomX: 1, ZoomY: 1, Density: 1}},
		MaxFrames: 1,
		Output: Output{
			Format: format.WebP, DefaultQuality: 80, FormatQuality: QualityTable{format.WebP: 79, format.AVIF: 63},
			StripMetadata: true, KeepCopyright: true, StripProfile: true,
		},
	}
}

func TestText(t *testing.T) {
	for name, p := range map[string]Pipeline{
		"nothing":    {},
		"thumbnail":  thumbnail(),
		"everything": everything(),
		"enforced":   {Output: Output{Format: format.JPEG, Enforce: format.SetOf(format.AVIF, format.JXL), Skip: format.SetOf(format.JPEG), Quality: 55}},
		"svg":        {Output: Output{Format: format.SVG}},
		"turned":     {Ops: []Op{&Rotate{-90}, &Crop{Width: 10}, &Flip{Vertical: true}, &Pad{Top: 1}, &Rotate{180}}, Output: Output{Format: format.PNG}},
		"numbers": {Output: Output{Format: format.PNG}, Ops: []Op{
			&Crop{Width: 1e-7, Height: 268435455, Gravity: Gravity{X: math.Copysign(0, -1), Y: 0.30000000000000004}},
			&Resize{ZoomX: 1e-6, ZoomY: 1e6, Density: 1.0 / 3, Enlarge: true},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got := canonical(t, p).AppendText([]byte("before\n"))
			path := filepath.Join("testdata", name+".txt")
			if *update {
				if err := os.WriteFile(path, got[len("before\n"):], 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff("before\n"+string(want), string(got)); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTextAllocatesNothing(t *testing.T) {
	c := canonical(t, everything())
	b := make([]byte, 0, 4096)
	if n := testing.AllocsPerRun(100, func() { c.AppendText(b) }); n != 0 {
		t.Errorf("%v allocations with room in the buffer, want none", n)
	}
}

func TestNormalizeAllocatesLittle(t *testing.T) {
	p := thumbnail()
	if n := testing.AllocsPerRun(100, func() { Normalize(p) }); n > 2 {
		t.Errorf("%v allocations, want at most 2", n)
	}
}
