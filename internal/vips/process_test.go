package vips

import (
	"fmt"
	"image"
	"image/color"
	"testing"

	"github.com/stillroom/stillroom/internal/format"
	"github.com/stillroom/stillroom/internal/transform"
)

const drawing = `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="48" height="32">` +
	`<rect width="24" height="16" fill="#c81e1e"/><rect x="24" width="24" height="16" fill="#1ea03c"/>` +
	`<rect y="16" width="24" height="16" fill="#283cc8"/><rect x="24" y="16" width="24" height="16" fill="#e6c828"/>` +
	`<script>alert(1)</script></svg>`

// Every source is read and every format written; shape and colours stay.
func TestFormats(t *testing.T) {
	sources := map[string][]byte{
		"png": asPNG(flat()), "jpeg": asJPEG(flat()), "gif": animated(48, 32, 0, []int{1}, red), "svg": []byte(drawing),
		"webp": file(t, "flat.webp"), "avif": file(t, "flat.avif"), "tiff": file(t, "flat.tiff"),
	}
	for name, source := range sources {
		for _, out := range []format.Format{format.JPEG, format.PNG, format.WebP, format.AVIF, format.GIF, format.TIFF} {
			t.Run(fmt.Sprintf("%s to %v", name, out), func(t *testing.T) {
				if !engine.can.Write.Has(out) {
					t.Fatalf("%v cannot be written", out)
				}
				im := process(t, source, pipeline(t, out, &transform.Resize{Width: 24}))
				if im.Format != out || im.Width != 24 || im.Height != 16 || im.Frames != 1 || im.Untouched {
					t.Fatalf("want 24x16 %v, got %+v", out, im)
				}
				if im.Source.Width != 48 || im.Source.Height != 32 {
					t.Errorf("want a source of 48x32, got %+v", im.Source)
				}
				want := fourQuarters(red, green, blue, yellow)
				if name == "gif" {
					want = fourQuarters(red, red, red, red)
				}
				expect(t, pixels(t, im), 14, want...)
			})
		}
	}
}

// Each step on its own, without loss.
func TestSteps(t *testing.T) {
	type probes = []probe
	all := fourQuarters(red, green, blue, yellow)
	tests := []struct {
		name string
		ops  []transform.Op
		w, h int
		want probes
	}{
		{"nothing", nil, 48, 32, all},
		{"smaller", []transform.Op{&transform.Resize{Width: 12}}, 12, 8, all},
		{"larger", []transform.Op{&transform.Resize{Width: 96, Enlarge: true}}, 96, 64, all},
		{"out of shape", []transform.Op{&transform.Resize{Type: transform.Force, Width: 10, Height: 30}}, 10, 30, all},
		{"filled", []transform.Op{&transform.Resize{Type: transform.Fill, Width: 8, Height: 16}}, 8, 16, all},
		{"filled from the west", []transform.Op{&transform.Resize{Type: transform.Fill, Width: 8, Height: 16, Gravity: transform.Gravity{Anchor: transform.West}}},
			8, 16, probes{{.5, .25, red}, {.5, .75, blue}}},
		{"cut", []transform.Op{&transform.Crop{Width: 24, Height: 16, Gravity: transform.Gravity{Anchor: transform.SouthEast}}},
			24, 16, probes{{.1, .1, yellow}, {.9, .9, yellow}}},
		{"turned right", []transform.Op{&transform.Rotate{Degrees: 90}}, 32, 48, fourQuarters(blue, red, yellow, green)},
		{"turned over", []transform.Op{&transform.Rotate{Degrees: 180}}, 48, 32, fourQuarters(yellow, blue, green, red)},
		{"turned left", []transform.Op{&transform.Rotate{Degrees: 270}}, 32, 48, fourQuarters(green, yellow, red, blue)},
		{"mirrored", []transform.Op{&transform.Flip{Horizontal: true}}, 48, 32, fourQuarters(green, red, yellow, blue)},
		{"upside down", []transform.Op{&transform.Flip{Vertical: true}}, 48, 32, fourQuarters(blue, yellow, red, green)},
		{"turned and smaller", []transform.Op{&transform.Rotate{Degrees: 90}, &transform.Resize{Width: 16}}, 16, 24, fourQuarters(blue, red, yellow, green)},
		{"padded", []transform.Op{&transform.Pad{Top: 32, Right: 0, Bottom: 0, Left: 48}}, 96, 64,
			probes{{.25, .25, glass}, {.75, .25, glass}, {.6, .6, red}, {.9, .9, yellow}}},
		{"padded in white", []transform.Op{&transform.Pad{Top: 32}, &transform.Background{Color: transform.Color{R: 255, G: 255, B: 255}}}, 48, 64,
			probes{{.5, .25, white}, {.25, .6, red}}},
		{"extended", []transform.Op{&transform.Resize{Width: 48, Height: 96, Extend: &transform.Gravity{Anchor: transform.South}}}, 48, 96,
			probes{{.5, .3, glass}, {.25, .75, red}, {.75, .95, yellow}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			im := process(t, asPNG(flat()), pipeline(t, format.PNG, tt.ops...))
			if im.Width != tt.w || im.Height != tt.h {
				t.Fatalf("want %dx%d, got %dx%d", tt.w, tt.h, im.Width, im.Height)
			}
			expect(t, pixels(t, im), 4, tt.want...) // a Lanczos kernel overshoots at edges
		})
	}
}

// The tag says how the camera was held; whatever it says, the picture comes out upright.
func TestOrientation(t *testing.T) {
	// How the pixels lie when the tag is right about them.
	stored := [9]*image.NRGBA{
		1: quarters(48, 32, red, green, blue, yellow),
		2: quarters(48, 32, green, red, yellow, blue),
		3: quarters(48, 32, yellow, blue, green, red),
		4: quarters(48, 32, blue, yellow, red, green),
		5: quarters(32, 48, red, blue, green, yellow),
		6: quarters(32, 48, green, yellow, red, blue),
		7: quarters(32, 48, yellow, green, blue, red),
		8: quarters(32, 48, blue, red, yellow, green),
	}
	for tag := uint16(1); tag <= 8; tag++ {
		t.Run(fmt.Sprint(tag), func(t *testing.T) {
			source := withEXIF(asJPEG(stored[tag]), tag, "")
			im := process(t, source, pipeline(t, format.PNG, &transform.Orient{}, &transform.Resize{Width: 24}))
			if im.Source.Orientation != int(tag) {
				t.Fatalf("want orientation %d of the source, got %d", tag, im.Source.Orientation)
			}
			if im.Width != 24 || im.Height != 16 {
				t.Fatalf("want 24x16, got %dx%d", im.Width, im.Height)
			}
			expect(t, pixels(t, im), 12, fourQuarters(red, green, blue, yellow)...)

			as := process(t, source, pipeline(t, format.JPEG))
			if b := stored[tag].Bounds(); as.Width != b.Dx() || as.Height != b.Dy() {
				t.Errorf("unheeded: want %v, got %dx%d", b.Size(), as.Width, as.Height)
			}
			if left := process(t, as.Body.Bytes(), pipeline(t, format.PNG)).Source.Orientation; left != 1 {
				t.Errorf("the result still says orientation %d", left)
			}
		})
	}
}

func TestAlpha(t *testing.T) {
	source := asPNG(quarters(48, 32, red, glass, color.NRGBA{40, 60, 200, 128}, yellow))
	half := color.NRGBA{147, 157, 228, 255} // blue at a half on white
	tests := []struct {
		name string
		out  format.Format
		ops  []transform.Op
		want []probe
	}{
		{"png keeps it", format.PNG, nil, fourQuarters(red, glass, color.NRGBA{40, 60, 200, 128}, yellow)},
		{"webp keeps it", format.WebP, nil, []probe{{.75, .25, glass}}},
		{"avif keeps it", format.AVIF, nil, []probe{{.75, .25, glass}}},
		{"jpeg gets white", format.JPEG, nil, fourQuarters(red, white, half, yellow)},
		{"jpeg gets a colour", format.JPEG, []transform.Op{&transform.Background{Color: transform.Color{R: 30, G: 160, B: 60}}}, []probe{{.75, .25, green}}},
		{"png gets a colour", format.PNG, []transform.Op{&transform.Background{Color: transform.Color{R: 30, G: 160, B: 60}}}, []probe{{.75, .25, green}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			im := process(t, source, pipeline(t, tt.out, tt.ops...))
			got := pixels(t, im)
			for i, p := range tt.want {
				if p.want == glass { // what cannot be seen has no colour
					_, _, _, a := got.At(int(p.x*48), int(p.y*32)).RGBA()
					if a>>8 > 3 {
						t.Errorf("probe %d: want transparent, got alpha %d", i, a>>8)
					}
					continue
				}
				expect(t, got, 12, p)
			}
		})
	}
}

// Colours of invisible pixels must not come to light when pixels are mixed.
func TestAlphaDoesNotBleed(t *testing.T) {
	m := image.NewNRGBA(image.Rect(0, 0, 64, 64))
	for y := range 64 {
		for x := range 64 {
			c := color.NRGBA{0, 255, 0, 0}
			if (x/3+y/3)%2 == 0 {
				c = color.NRGBA{255, 0, 0, 255}
			}
			m.SetNRGBA(x, y, c)
		}
	}
	im := process(t, asPNG(m), pipeline(t, format.PNG, &transform.Resize{Width: 10}))
	got := pixels(t, im)
	for y := range im.Height {
		for x := range im.Width {
			if c := color.NRGBAModel.Convert(got.At(x, y)).(color.NRGBA); c.A > 8 && (c.G > 2 || c.R < 250) {
				t.Fatalf("at %d,%d: want red only, got %v", x, y, c)
			}
		}
	}
}

func TestSVG(t *testing.T) {
	t.Run("stays one, cleaned", func(t *testing.T) {
		im := process(t, []byte(drawing), pipeline(t, format.Unknown))
		if !im.Untouched || im.Format != format.SVG || im.Width != 48 || im.Height != 32 {
			t.Errorf("want an untouched 48x32 svg, got %+v", im)
		}
		if body := string(im.Body.Bytes()); len(body) < 100 || len(body) >= len(drawing)-len("<script>") {
			t.Errorf("want the drawing without its script, got %q", body)
		}
	})
	t.Run("is drawn at the size that is needed", func(t *testing.T) {
		im := process(t, []byte(drawing), pipeline(t, format.PNG, &transform.Resize{Width: 480}))
		if im.Width != 480 || im.Height != 320 {
			t.Fatalf("want 480x320, got %dx%d", im.Width, im.Height)
		}
		// An enlarged rendering would be soft at the edges between the quarters.
		expect(t, pixels(t, im), 2, probe{.495, .25, red}, probe{.505, .25, green}, probe{.25, .49, red}, probe{.25, .51, blue})
	})
	t.Run("is drawn smaller than a limit rather than refused", func(t *testing.T) {
		in := inputs([]byte(drawing))
		in.Limits.SourcePixels = 600
		im, err := engine.Process(t.Context(), in, pipeline(t, format.PNG, &transform.Resize{Width: 480}))
		if err != nil || im.Width != 480 {
			t.Errorf("want a width of 480, got %d, %v", im.Width, err)
		}
	})
}
