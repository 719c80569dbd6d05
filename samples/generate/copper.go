package main

import "math"

// copper is hammered and polished.
func copper() *material {
	colour := vec{0.93, 0.56, 0.41}
	return &material{
		metal: &colour, rough: 0.14,
		bump: func(p vec) vec {
			q := p.scale(5.2)
			return vec{noise(q) - 0.5, noise(q.add(vec{5, 1, 1})) - 0.5, noise(q.add(vec{1, 7, 2})) - 0.5}.scale(0.13)
		},
	}
}

// still is a pot still: a round pot, an onion-shaped head, and a swan neck that leads away to the right.
func still(foot vec) shape {
	body := path(
		[]point{{0, 0}, {0.78, 0}}, curve(6, point{0.78, 0}, point{0.98, 0.12}, point{1.1, 0.5}, point{1.02, 0.92}, point{0.78, 1.22}, point{0.5, 1.4}),
		[]point{{0.56, 1.41}}, curve(3, point{0.56, 1.41}, point{0.585, 1.45}, point{0.56, 1.49}), []point{{0.44, 1.5}},
		curve(6, point{0.44, 1.5}, point{0.42, 1.6}, point{0.56, 1.82}, point{0.61, 2.08}, point{0.5, 2.36}, point{0.29, 2.55}, point{0.17, 2.72}, point{0.14, 2.95}))
	bend := func(s float64) vec { // from the head up, over, and down to the right
		angle := math.Pi * (1 - 0.72*s)
		return foot.add(vec{0.62 + 0.62*math.Cos(angle), 2.93 + 0.62*math.Sin(angle), 0.1 * s})
	}
	const pieces = 28
	neck := &group{centre: foot.add(vec{0.62, 2.93, 0}), radius: 0.95}
	for i := range pieces {
		a, b := float64(i)/pieces, float64(i+1)/pieces
		neck.shapes = append(neck.shapes, tube(bend(a), bend(b), 0.14-0.03*a, 0.14-0.03*b))
	}
	end := bend(1)
	return &group{centre: foot.add(vec{1.2, 1.4, 0}), radius: 4.2, shapes: []shape{
		&group{centre: foot.add(vec{0, 1.4, 0}), radius: 1.85, shapes: []shape{turn(foot, vec{0, 1, 0}, copper(), body...)}},
		neck,
		tube(end, end.add(end.sub(bend(0.97)).norm().scale(4)), 0.11, 0.08),
	}}
}

func tube(a, b vec, ra, rb float64) shape {
	way := b.sub(a)
	length := math.Sqrt(way.dot(way))
	return turn(a, way, copper(), point{ra, -0.004}, point{rb, length + 0.004})
}

func sqrt(v float64) float64 { return math.Sqrt(math.Max(0, v)) }
