package vips

import (
	"bytes"
	"fmt"
	"image/gif"
	"slices"
	"testing"

	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/format"
	"github.com/stillroom/stillroom/internal/transform"
)

// moving makes a pipeline that keeps frames.
func moving(t *testing.T, out format.Format, frames int, ops ...transform.Op) transform.Canonical {
	t.Helper()
	return canonical(t, transform.Pipeline{Ops: ops, MaxFrames: frames, Output: transform.Output{
		Format: out, StripMetadata: true, StripProfile: true, Encoder: transform.Encoder{AVIFSpeed: 8},
	}})
}

func decodeGIF(t *testing.T, body []byte) *gif.GIF {
	t.Helper()
	g, err := gif.DecodeAll(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestAnimation(t *testing.T) {
	// A delay of 0 is shown for a tenth of a second, as browsers do.
	source := animated(40, 20, 3, []int{10, 0, 30, 7}, red, green, blue, yellow)
	tests := []struct {
		name   string
		max    int
		ops    []transform.Op
		w, h   int
		delays []int // hundredths of a second
	}{
		{"as it is", 10, nil, 40, 20, []int{10, 10, 30, 7}},
		{"smaller", 10, []transform.Op{&transform.Resize{Width: 20}}, 20, 10, []int{10, 10, 30, 7}},
		{"turned", 10, []transform.Op{&transform.Rotate{Degrees: 90}}, 20, 40, []int{10, 10, 30, 7}},
		{"cut", 10, []transform.Op{&transform.Crop{Width: 10, Height: 10}}, 10, 10, []int{10, 10, 30, 7}},
		{"padded", 10, []transform.Op{&transform.Pad{Left: 10}}, 50, 20, []int{10, 10, 30, 7}},
		{"fewer frames", 2, nil, 40, 20, []int{10, 10}},
	}
	// Through WebP and back: delays, loop count and order survive both writers.
	for _, by := range []format.Format{format.GIF, format.WebP} {
		for _, tt := range tests {
			t.Run(fmt.Sprintf("%v %s", by, tt.name), func(t *testing.T) {
				im := process(t, source, moving(t, by, tt.max, tt.ops...))
				if im.Format != by || im.Width != tt.w || im.Height != tt.h || im.Frames != len(tt.delays) || im.Source.Frames != 4 {
					t.Fatalf("want %d frames of %dx%d of 4, got %+v", len(tt.delays), tt.w, tt.h, im)
				}
				if by == format.WebP {
					im = process(t, im.Body.Bytes(), moving(t, format.GIF, 100))
				}
				g := decodeGIF(t, im.Body.Bytes())
				if !slices.Equal(g.Delay, tt.delays) {
					t.Errorf("want delays %v, got %v", tt.delays, g.Delay)
				}
				if g.LoopCount != 3 && g.LoopCount != 2 { // whether the first showing counts is told differently
					t.Errorf("want 3 loops, got %d", g.LoopCount)
				}
				if len(g.Image) != len(tt.delays) || g.Config.Width != tt.w || g.Config.Height != tt.h {
					t.Errorf("want %d frames of %dx%d, got %d of %dx%d", len(tt.delays), tt.w, tt.h, len(g.Image), g.Config.Width, g.Config.Height)
				}
				expect(t, g.Image[0], 8, probe{.9, .5, red})
			})
		}
	}
}

func TestAnimationThatStandsStill(t *testing.T) {
	source := animated(40, 20, 0, []int{10, 10}, red, green)
	for _, tt := range []struct {
		out format.Format
		max int
	}{{format.GIF, 1}, {format.WebP, 1}, {format.PNG, 10}, {format.JPEG, 10}, {format.AVIF, 10}} {
		im := process(t, source, moving(t, tt.out, tt.max))
		if im.Frames != 1 || im.Height != 20 {
			t.Errorf("%v, at most %d frames: want one of 40x20, got %+v", tt.out, tt.max, im)
		}
		expect(t, pixels(t, im), 10, probe{.5, .5, red})
	}
}

func TestAnimationLimits(t *testing.T) {
	source := animated(40, 20, 0, []int{1, 1, 1}, red, green, blue) // 800 pixels a frame
	tests := []struct {
		name   string
		limits transform.Limits
		max    int
		fits   bool
	}{
		{"all frames count", transform.Limits{SourcePixels: 2399}, 10, false},
		{"all frames fit", transform.Limits{SourcePixels: 2400}, 10, true},
		{"only frames that are decoded count", transform.Limits{SourcePixels: 1600}, 2, true},
		{"one frame", transform.Limits{SourcePixels: 800}, 1, true},
		{"each frame by itself", transform.Limits{SourcePixels: 10, FramePixels: 800}, 10, true},
		{"each frame too large", transform.Limits{SourcePixels: 5000, FramePixels: 799}, 10, false},
		{"a still is no frame", transform.Limits{SourcePixels: 799, FramePixels: 5000}, 1, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := inputs(source)
			in.Limits = tt.limits
			_, err := engine.Process(t.Context(), in, moving(t, format.GIF, tt.max))
			if tt.fits && err != nil || !tt.fits && !fault.Is(err, fault.TooLarge) {
				t.Errorf("fits: %v, got %v", tt.fits, err)
			}
		})
	}
}
