package main

import (
	"image"
	"image/color"
	"math"
)

// cutOut is a pear and two cherries on nothing: what they stand on shows only where it is in their shade.
func cutOut() (*scene, camera) {
	light := (&window{
		x: -6.4, low: 0.8, high: 8.4, back: -2.0, front: 5.4, panesAcross: 2, panesUp: 3,
		sky: vec{15, 15.4, 15.8}, ground: vec{8, 7.4, 5.6},
	}).open()
	s := &scene{
		light: light,
		room:  func(vec) vec { return vec{0.55, 0.52, 0.48} },
		shapes: []shape{
			light,
			pear(vec{0, 0, 0}, vec{0.05, 1, 0}, 1, 0.5),
			cherry(vec{-0.47, 0.17, 0.52}, 0.17, true),
			cherry(vec{-0.12, 0.165, 0.72}, 0.165, true),
			stalk(vec{-0.47, 0.33, 0.52}, vec{-0.72, 0.72, 0.40}),
			stalk(vec{-0.12, 0.32, 0.72}, vec{-0.715, 0.73, 0.41}),
		},
	}
	c := camera{from: vec{0.5, 2.1, 8}, towards: vec{0.10, 0.69, 0.1}, height: 2.0 / 8, lens: 0.03, focus: 7.9}
	return s, c
}

// ground is what the things of a cut-out stand on. It takes part in the light but is not seen.
func ground() shape {
	return &wall{vec{}, vec{0, 1, 0}, &material{colour: plain(vec{0.62, 0.60, 0.57})}}
}

// cut renders a scene without the ground under it: the light of what is seen, and how much of each pixel it covers, shade
// included. Colours are not multiplied by the cover, as PNG wants them.
func cut(width, height, paths int, s *scene, c camera, exposure float64) *image.NRGBA {
	floor := ground()
	whole := &scene{shapes: append([]shape{floor}, s.shapes...), light: s.light, room: s.room}
	seen := func(r ray) (things, shade bool, at vec) {
		h, met := s.meet(r)
		things = met && h.of.glow == nil
		if !things && floor.meet(r, &h) {
			return false, true, r.at(h.t)
		}
		return things, false, vec{}
	}
	light := expose(width, height, paths, c, func(r ray, dice *random) sample {
		if things, _, _ := seen(r); !things {
			return sample{}
		}
		return whole.trace(r, dice)
	})
	cover := expose(width, height, 2*paths, c, func(r ray, dice *random) sample {
		things, shade, at := seen(r)
		switch {
		case things:
			return sample{light: vec{1, 1, 0}, colour: vec{1, 1, 1}}
		case shade:
			return sample{light: vec{0, s.shade(at, dice), 0}}
		}
		return sample{}
	})
	smooth(light, 3)
	smooth(cover, 4)
	return blend(light, cover, exposure)
}

// shade is the part of the light on level ground that does not arrive, estimated from one ray to the window and one to
// the room. It fades with the distance, so that the picture does not end in the middle of a shadow.
func (s *scene) shade(at vec, dice *random) float64 {
	up := vec{0, 1, 0}
	to, distance, light := s.light.aim(at, dice.unit(), dice.unit())
	direct := light.luminance() * math.Max(0, to.y) / math.Pi
	dir := around(up, dice.unit(), dice.unit())
	indirect := s.room(dir).luminance()
	lost := 0.0
	if s.blocked(ray{at, to}, distance-1e-3, false) {
		lost += direct
	}
	if s.blocked(ray{at, dir}, math.Inf(1), false) {
		lost += indirect
	}
	const usual = 2.4 // about what arrives where nothing stands in the way
	far := math.Hypot(at.x-0.10, at.z*0.8)
	return 0.8 * math.Min(1.5, lost/usual) * smoothstep(0.92, 0.40, far)
}

func blend(light, cover *film, exposure float64) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, light.width, light.height))
	for i, l := range light.light {
		things, total := clamp(cover.light[i].x, 1), clamp(cover.light[i].y, 1)
		alpha := uint8(total*255 + 0.5)
		if alpha == 0 {
			continue
		}
		var c color.NRGBA
		if things > 0.004 {
			l = l.scale(exposure / things)
			part := things / total
			c = color.NRGBA{shaded(l.x, part), shaded(l.y, part), shaded(l.z, part), 0}
		}
		c.A = alpha
		img.SetNRGBA(i%light.width, i/light.width, c)
	}
	return img
}

func shaded(v, part float64) uint8 { return uint8(float64(tone(v))*math.Min(1, part) + 0.5) }
