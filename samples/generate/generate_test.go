package main

import (
	"bytes"
	"encoding/xml"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"
)

// TestLatheIsWhatItTurns compares a sphere made on the lathe with a real one.
func TestLatheIsWhatItTurns(t *testing.T) {
	var profile []point
	for i := range 721 {
		sin, cos := math.Sincos(math.Pi * float64(i) / 720)
		profile = append(profile, point{2 * math.Abs(sin), -2 * cos})
	}
	m := &material{colour: plain(vec{1, 1, 1})}
	turned := turn(vec{1, 2, 3}, vec{0.3, 1, -0.2}, m, profile...)
	ball := &sphere{vec{1, 2, 3}, 2, m}
	dice := seeded(1, 2)
	for range 2000 {
		from := around(vec{0, 0, 1}, dice.unit(), dice.unit()).scale(9).add(vec{1, 2, 3})
		to := vec{1, 2, 3}.add(vec{dice.unit() - 0.5, dice.unit() - 0.5, dice.unit() - 0.5}.scale(1.5)).sub(from).norm()
		a, b := hit{t: math.Inf(1)}, hit{t: math.Inf(1)}
		if !turned.meet(ray{from, to}, &a) || !ball.meet(ray{from, to}, &b) {
			t.Fatalf("ray from %v towards %v: missed", from, to)
		}
		if math.Abs(a.t-b.t) > 1e-3 || a.normal.dot(b.normal) < 0.9999 {
			t.Fatalf("ray from %v: met at %.5f with normal %v, want %.5f with %v", from, a.t, a.normal, b.t, b.normal)
		}
	}
}

// TestLightIsNeitherMadeNorLost puts things that swallow nothing into a room that shines evenly: they cannot be seen.
func TestLightIsNeitherMadeNorLost(t *testing.T) {
	white := vec{1, 1, 1}
	things := map[string]*material{
		"scattering": {colour: plain(white)},
		"varnished":  {colour: plain(white), coat: 0.04},
		"mirroring":  {metal: &white},
		"clear":      {inner: &medium{index: 1.5}, outer: air},
	}
	for name, m := range things {
		t.Run(name, func(t *testing.T) {
			dark := &window{x: -1e6}
			dark.of = &material{}
			s := &scene{
				light:  dark,
				room:   func(vec) vec { return vec{0.5, 0.5, 0.5} },
				shapes: []shape{&sphere{vec{}, 1, m}},
			}
			f := expose(8, 8, 400, camera{from: vec{0, 0, 5}, height: 0.2, focus: 5}, s.trace)
			mean := 0.0
			for _, l := range f.light {
				mean += l.luminance() / float64(len(f.light))
			}
			if math.Abs(mean-0.5) > 0.01 {
				t.Errorf("the middle of the ball has light %.4f, want that of the room, 0.5", mean)
			}
		})
	}
}

// TestGlassBendsLight holds the boundary to known values.
func TestGlassBendsLight(t *testing.T) {
	for _, c := range []struct{ cosine, from, into, mirrored, behind float64 }{
		{1, 1, 1.5, 0.04, 1},                            // straight onto glass
		{math.Cos(math.Pi / 4), 1, 1.5, 0.0502, 0.8819}, // at 45 degrees
		{0.5, 1.5, 1, 1, 0},                             // total reflection
		{0.3, 1.4, 1.4, 0, 0.3},                         // no boundary
	} {
		mirrored, behind := fresnel(c.cosine, c.from, c.into)
		if math.Abs(mirrored-c.mirrored) > 1e-4 || math.Abs(behind-c.behind) > 1e-4 {
			t.Errorf("fresnel(%.3f, %.1f, %.1f) = %.4f, %.4f, want %.4f, %.4f",
				c.cosine, c.from, c.into, mirrored, behind, c.mirrored, c.behind)
		}
	}
}

// TestSamePictureEveryTime draws twice; rows are drawn at the same time, in no fixed order.
func TestSamePictureEveryTime(t *testing.T) {
	draw := func() []byte {
		s, c := stillLife()
		f := expose(48, 32, 2, c, s.trace)
		smooth(f, 2.5)
		return develop(f, 1).Pix
	}
	if !bytes.Equal(draw(), draw()) {
		t.Error("two drawings differ")
	}
}

// TestAnimationShowsItsFrames adds the differences up again.
func TestAnimationShowsItsFrames(t *testing.T) {
	frames := rise(24, 32, 2, 3)
	g := animate(frames, 8)
	shown := image.NewRGBA(frames[0].Rect)
	for n, frame := range g.Image {
		off := 0
		for y := range frame.Rect.Dy() {
			for x := range frame.Rect.Dx() {
				if frame.ColorIndexAt(x, y) != 0 {
					shown.Set(x, y, frame.At(x, y))
				}
				a, b := shown.RGBAAt(x, y), frames[n].RGBAAt(x, y)
				for _, d := range []int{int(a.R) - int(b.R), int(a.G) - int(b.G), int(a.B) - int(b.B)} {
					off += max(d, -d)
				}
			}
		}
		if mean := float64(off) / float64(3*frame.Rect.Dx()*frame.Rect.Dy()); mean > 6 {
			t.Errorf("frame %d is off by %.1f of 255 on average, want at most 6", n, mean)
		}
	}
}

// TestSamples sees that the files which are kept are what their names say.
func TestSamples(t *testing.T) {
	checks := map[string]func(io.Reader) (any, error){
		"still-life.jpg": func(r io.Reader) (any, error) { m, err := jpeg.Decode(r); return m.Bounds().Max, err },
		"pear.png":       func(r io.Reader) (any, error) { m, err := png.Decode(r); return m.Bounds().Max, err },
		"bubbles.gif":    func(r io.Reader) (any, error) { m, err := gif.DecodeAll(r); return len(m.Image), err },
		"mark.svg": func(r io.Reader) (any, error) {
			var root struct{ XMLName xml.Name }
			err := xml.NewDecoder(r).Decode(&root)
			return root.XMLName.Local, err
		},
	}
	want := map[string]any{
		"still-life.jpg": image.Pt(1500, 1000), "pear.png": image.Pt(800, 840), "bubbles.gif": 12, "mark.svg": "svg",
	}
	for name, check := range checks {
		f, err := os.Open(filepath.Join("..", name))
		if err != nil {
			t.Error(err)
			continue
		}
		defer f.Close()
		if got, err := check(f); err != nil || got != want[name] {
			t.Errorf("%s: got %v (%v), want %v", name, got, err, want[name])
		}
	}
}
