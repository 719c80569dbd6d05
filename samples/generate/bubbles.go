package main

import (
	"image"
	"math"
)

// bubbles is one frame of a tumbler in which bubbles rise; at is in [0, 1), and 1 would be the first frame again.
func bubbles(at float64) (*scene, camera) {
	light := (&window{
		x: -6.2, low: 0.6, high: 7.6, back: -3.6, front: 3.6, panesAcross: 2, panesUp: 3,
		sky: vec{19, 19.5, 20}, ground: vec{9, 8.2, 6},
	}).open()
	const level = 1.72
	outside := path(
		[]point{{0, 0.02}, {0.44, 0.02}}, curve(3, point{0.44, 0.02}, point{0.50, 0.03}, point{0.53, 0.1}),
		[]point{{0.62, 2.1}}, curve(3, point{0.62, 2.1}, point{0.605, 2.12}, point{0.59, 2.1}))
	inside := path(
		[]point{{0, 0.24}, {0.40, 0.24}}, curve(3, point{0.40, 0.24}, point{0.455, 0.26}, point{0.475, 0.32}),
		[]point{{0.55, 1.5}, {0.59, 2.1}})
	foot := vec{0, 0, 0}
	shapes := vessel(foot, glass, liquor, level, outside, inside)
	shapes = append(shapes, risen(foot, at, 0.26, level)...)
	s := &scene{
		light: light,
		room:  func(vec) vec { return vec{0.24, 0.20, 0.16} },
		shapes: []shape{
			light, table(),
			&wall{vec{0, 0, -3.6}, vec{0, 0, 1}, &material{colour: plaster}},
			&group{centre: vec{0, 1.05, 0}, radius: 1.3, shapes: shapes},
			orange(vec{1.0, 0.36, -0.75}, 0.36),
			cherry(vec{-0.72, 0.14, 0.62}, 0.14, true),
			cherry(vec{-0.46, 0.135, 0.83}, 0.135, true),
			stalk(vec{-0.72, 0.27, 0.62}, vec{-1.0, 0.52, 0.5}),
			stalk(vec{-0.46, 0.26, 0.83}, vec{-0.99, 0.53, 0.51}),
		},
	}
	c := camera{from: vec{0.3, 2.5, 9}, towards: vec{0.04, 0.99, 0}, height: 2.75 / 9, lens: 0.12, focus: 8.9}
	return s, c
}

// risen places strings of bubbles. A string moves up by the distance of two bubbles in one round, so the last frame leads
// to the first; bubbles are small where they begin, and grow.
func risen(foot vec, at, low, high float64) []shape {
	skin := &material{inner: air, outer: liquor}
	var all []shape
	for n := range 9 {
		k := int64(n)
		angle, far := hash(k, 1, 1)*2*math.Pi, 0.08+0.30*math.Sqrt(hash(k, 2, 3))
		apart := 0.34 + 0.24*hash(k, 4, 1)
		for y := low + apart*fraction(at+hash(k, 7, 7)); y < high-0.05; y += apart {
			grown := smoothstep(low-0.05, high, y)
			sway := 0.03 * math.Sin(2*math.Pi*y/apart+float64(n)) * grown
			all = append(all, &sphere{
				centre: foot.add(vec{far*math.Cos(angle) + sway, y, far * math.Sin(angle)}),
				radius: 0.016 + 0.034*grown*(0.7+0.6*hash(k, 9, 2)),
				of:     skin,
			})
		}
	}
	return all
}

// rise renders a whole round of the bubbles.
func rise(width, height, paths, frames int) []*image.RGBA {
	var all []*image.RGBA
	for i := range frames {
		s, c := bubbles(float64(i) / float64(frames))
		f := expose(width, height, paths, c, s.trace)
		smooth(f, 3)
		all = append(all, develop(f, 1))
	}
	return all
}
