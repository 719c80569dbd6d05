package main

// stillLife is what the project is named after: a stillroom's table by a window, late in a grey morning.
func stillLife() (*scene, camera) {
	light := (&window{
		x: -7.2, low: 1.2, high: 8.4, back: -3.2, front: 4.2, panesAcross: 3, panesUp: 3,
		sky: vec{17.5, 18, 18.5}, ground: vec{8, 7.2, 5},
	}).open()
	back := &wall{vec{0, 0, -4.2}, vec{0, 0, 1}, &material{colour: plaster}}
	s := &scene{
		light: light,
		room:  func(to vec) vec { return vec{0.30, 0.23, 0.165}.mix(vec{0.17, 0.16, 0.15}, clamp(to.y, 1)) },
		shapes: []shape{
			light, table(), back,
			bottle(vec{-1.95, 0, -0.7}),
			jar(vec{-0.42, 0, 0.1}),
			still(vec{1.55, 0, -1.25}),
			pear(vec{1.02, 0, 1.35}, vec{-0.10, 1, 0.05}, 0.98, 2.4),
			pear(vec{2.12, 0, 0.75}, vec{0.12, 1, -0.05}, 0.92, 0.9),
			orange(vec{-1.62, 0.43, 0.95}, 0.43),
			cherry(vec{-0.62, 0.15, 1.75}, 0.15, true),
			cherry(vec{-0.26, 0.145, 1.95}, 0.145, true),
			cherry(vec{-0.36, 0.15, 1.52}, 0.15, true),
			cherry(vec{0.22, 0.15, 2.1}, 0.15, true),
			stalk(vec{-0.62, 0.29, 1.75}, vec{-0.98, 0.42, 1.45}),
			stalk(vec{-0.26, 0.28, 1.95}, vec{-0.98, 0.43, 1.46}),
			stalk(vec{0.22, 0.29, 2.1}, vec{0.62, 0.02, 2.42}),
			cherry(vec{2.55, 0.15, 1.75}, 0.15, true),
			stalk(vec{2.55, 0.29, 1.75}, vec{2.95, 0.42, 1.6}),
		},
	}
	c := camera{
		from: vec{0.5, 3.5, 13}, towards: vec{0.18, 1.38, 0}, height: 4.5 / 13,
		lens: 0.22, focus: 12.3,
	}
	return s, c
}
