package vips

import (
	"bytes"
	"image"
	"image/color"
	"testing"

	"github.com/stillroom/stillroom/internal/format"
	"github.com/stillroom/stillroom/internal/transform"
)

// Every colour space comes out as sRGB or plain grey, as it looks.
func TestColourSpaces(t *testing.T) {
	deep := image.NewNRGBA64(image.Rect(0, 0, 48, 32))
	shades := image.NewGray(image.Rect(0, 0, 48, 32))
	for y := range 32 {
		for x := range 48 {
			deep.Set(x, y, flat().At(x, y))
			shades.SetGray(x, y, color.Gray{Y: uint8(5 * x)})
		}
	}
	grey := func(y uint8) color.NRGBA { return color.NRGBA{y, y, y, 255} }
	colours := fourQuarters(red, green, blue, yellow)
	tests := []struct {
		name      string
		source    []byte
		tolerance int
		want      []probe
	}{
		{"16 bits", asPNG(deep), 4, colours},
		{"grey", asPNG(shades), 3, []probe{{.25, .5, grey(60)}, {.75, .5, grey(180)}}},
		{"grey jpeg", asJPEG(shades), 4, []probe{{.25, .5, grey(60)}, {.75, .5, grey(180)}}},
		{"16 bits of grey", file(t, "grey16.tiff"), 4, fourQuarters(grey(99), grey(138), grey(84), grey(199))},
		{"Lab", file(t, "lab.tiff"), 4, colours},
		{"linear floats", file(t, "float.tiff"), 4, colours},
		{"wide gamut with its profile", file(t, "p3.jpg"), 14, colours},
		// A press cannot print these colours: each may only come out as the nearest that it can.
		{"CMYK", file(t, "cmyk.jpg"), 60, colours},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			im := process(t, tt.source, pipeline(t, format.PNG, &transform.Resize{Width: 24}))
			expect(t, pixels(t, im), tt.tolerance, tt.want...)
			for _, out := range []format.Format{format.JPEG, format.WebP, format.AVIF, format.GIF, format.TIFF} {
				im := process(t, tt.source, pipeline(t, out))
				expect(t, pixels(t, im), tt.tolerance+10, tt.want...)
			}
		})
	}
}

// Grey stays grey: a third of the samples, and smaller files.
func TestGreyStaysGrey(t *testing.T) {
	m := image.NewGray(image.Rect(0, 0, 40, 40))
	for _, source := range [][]byte{asPNG(m), asJPEG(m)} {
		for _, out := range []format.Format{format.PNG, format.JPEG} {
			got := pixels(t, process(t, source, pipeline(t, out, &transform.Resize{Width: 20})))
			if _, ok := got.(*image.Gray); !ok {
				t.Errorf("%v: want grey, got %T", out, got)
			}
		}
	}
}

func TestGreyOnAColour(t *testing.T) {
	m := image.NewNRGBA(image.Rect(0, 0, 20, 20)) // grey and transparent once encoded by libvips
	source := process(t, asPNG(m), pipeline(t, format.PNG)).Body.Bytes()
	im := process(t, source, pipeline(t, format.PNG, &transform.Pad{Top: 4}, &transform.Background{Color: transform.Color{R: 200, G: 30, B: 30}}))
	expect(t, pixels(t, im), 1, probe{.5, .1, red}, probe{.5, .5, red})
}

// Without StripProfile the profile goes along and the samples stay as they are.
func TestProfileKept(t *testing.T) {
	source := file(t, "p3.jpg")
	c := canonical(t, transform.Pipeline{Output: transform.Output{Format: format.PNG, StripMetadata: true}})
	kept := process(t, source, c)
	if !bytes.Contains(kept.Body.Bytes(), []byte("iCCP")) {
		t.Error("the result has no profile")
	}
	as := pixels(t, kept)
	if r, _, _, _ := as.At(12, 8).RGBA(); int(r>>8) > 190 {
		t.Errorf("want the red of Display P3, which is less than 190 for this colour, got %d", r>>8)
	}
	if stripped := process(t, source, pipeline(t, format.PNG)); bytes.Contains(stripped.Body.Bytes(), []byte("iCCP")) {
		t.Error("the stripped result still has a profile")
	}
}

// A profile that cannot be followed is as good as none.
func TestBrokenProfile(t *testing.T) {
	profile := append([]byte("ICC_PROFILE\x00\x01\x01"), bytes.Repeat([]byte{7}, 200)...)
	source := withSegment(asJPEG(flat()), 0xe2, profile)
	im := process(t, source, pipeline(t, format.PNG))
	expect(t, pixels(t, im), 10, fourQuarters(red, green, blue, yellow)...)
}
