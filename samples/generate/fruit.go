package main

import "math"

// pear stands at a foot and leans towards axis; turned chooses the side that the sun has been on.
func pear(foot, axis vec, size, turned float64) shape {
	profile := curve(6,
		point{0, 0.07}, point{0.10, 0.03}, point{0.24, 0}, point{0.42, 0.10}, point{0.515, 0.36}, point{0.47, 0.62},
		point{0.325, 0.86}, point{0.235, 1.05}, point{0.19, 1.19}, point{0.11, 1.265}, point{0.04, 1.245}, point{0, 1.235})
	for i := range profile {
		profile[i].r *= size
		profile[i].y *= size
	}
	skin := &material{
		colour: func(p vec) vec { return pearSkin(p.scale(1/size), turned) },
		bump: func(p vec) vec {
			q := p.scale(9 / size)
			return vec{noise(q) - 0.5, noise(q.add(vec{5, 1, 1})) - 0.5, noise(q.add(vec{1, 7, 2})) - 0.5}.scale(0.06)
		},
		coat: 0.035, rough: 0.22,
	}
	axis = axis.norm()
	top := foot.add(axis.scale(1.2 * size))
	up := axis.scale(0.26 * size)
	return &group{
		centre: foot.add(axis.scale(0.75 * size)), radius: 1.0 * size,
		shapes: []shape{
			turn(foot, axis, skin, profile...),
			bow(top, top.add(up), top.add(up).add(vec{0.13 * size, 0.13 * size, 0.03 * size}), 0.026*size, 0.034*size, bark()),
		},
	}
}

func bark() *material {
	return &material{colour: func(p vec) vec {
		return rgb(0x3a2717).mix(rgb(0x70553a), cloud(p.scale(22), 3))
	}}
}

func pearSkin(p vec, turned float64) vec {
	colour := rgb(0xa7a837).mix(rgb(0xd2b848), clamp(1.5*cloud(p.scale(2.4), 3)-0.3, 1))
	colour = rgb(0x7d8a2e).mix(colour, smoothstep(0.0, 0.5, p.y)*0.7+0.3)
	sin, cos := math.Sincos(turned)
	sun := smoothstep(0.05, 0.55, p.x*cos+p.z*sin+0.28*(cloud(p.scale(5), 3)-0.5))
	colour = colour.mix(rgb(0xb2452a), 0.62*sun)
	// Russet round the stalk and at the foot, and small dots all over.
	russet := smoothstep(1.12, 1.26, p.y+0.12*noise(p.scale(9))) + smoothstep(0.10, 0.02, p.y+0.05*noise(p.scale(12)))
	colour = colour.mix(rgb(0x7c5a2c), 0.7*clamp(russet, 1))
	return colour.mix(rgb(0x6d5522), 0.6*specks(p, 16, 0.5))
}

// orange has a skin with pores.
func orange(centre vec, radius float64) shape {
	return &sphere{centre, radius, &material{
		colour: func(p vec) vec {
			return rgb(0xd9741a).mix(rgb(0xe8932a), cloud(p.scale(4), 3)).scale(1 - 0.3*specks(p, 24, 0.8))
		},
		bump: func(p vec) vec {
			q := p.scale(26)
			return vec{noise(q) - 0.5, noise(q.add(vec{5, 1, 1})) - 0.5, noise(q.add(vec{1, 7, 2})) - 0.5}.scale(0.28)
		},
		coat: 0.04, rough: 0.25,
	}}
}

// cherry lies somewhere, or swims in syrup, where its skin does not shine.
func cherry(centre vec, radius float64, shiny bool) shape {
	skin := &material{colour: func(p vec) vec {
		return rgb(0x5e0a14).mix(rgb(0xae2220), cloud(p.scale(5).add(centre), 3))
	}}
	if shiny {
		skin.coat, skin.rough = 0.045, 0.04
	}
	return &sphere{centre, radius, skin}
}

// stalk is the stalk of a cherry: a bow that leaves upwards and ends a way off.
func stalk(from, to vec) shape {
	green := &material{colour: plain(rgb(0x68702f))}
	return bow(from, from.mix(to, 0.35).add(vec{0, 0.22, 0}), to, 0.013, 0.013, green)
}

// bow is a thin thing that starts towards a second point and ends at a third.
func bow(from, towards, to vec, thickFrom, thickTo float64, of *material) shape {
	const pieces = 12
	at := func(s float64) vec { return from.mix(towards, s).mix(towards.mix(to, s), s) }
	thick := func(s float64) float64 { return thickFrom + (thickTo-thickFrom)*s*s*s }
	g := &group{centre: towards, radius: 0.1 + math.Max(length(from.sub(towards)), length(to.sub(towards)))}
	for i := range pieces {
		a, b := float64(i)/pieces, float64(i+1)/pieces
		way := at(b).sub(at(a))
		g.shapes = append(g.shapes, turn(at(a), way, of, point{thick(a), -0.003}, point{thick(b), length(way) + 0.003}))
	}
	end := at(1)
	g.shapes = append(g.shapes, turn(end, end.sub(at(0.95)), of, point{thickTo, 0}, point{thickTo * 0.8, 0.004}, point{0, 0.006}))
	return g
}

func length(v vec) float64 { return math.Sqrt(v.dot(v)) }

// specks is 1 where a small round speck is and 0 elsewhere: one or none in each cell of a grid of the given fineness.
func specks(p vec, fineness, share float64) float64 {
	p = p.scale(fineness)
	x, y, z := int64(math.Floor(p.x)), int64(math.Floor(p.y)), int64(math.Floor(p.z))
	if hash(x, y, z) > share {
		return 0
	}
	centre := vec{float64(x), float64(y), float64(z)}.add(vec{
		0.3 + 0.4*hash(x+7, y, z), 0.3 + 0.4*hash(x, y+7, z), 0.3 + 0.4*hash(x, y, z+7),
	})
	size := 0.12 + 0.14*hash(x+3, y+5, z)
	return smoothstep(size, 0.5*size, length(p.sub(centre)))
}
