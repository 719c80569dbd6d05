package main

// What things of glass are made of and filled with.
var (
	air    = &medium{index: 1}
	glass  = &medium{index: 1.5, loss: vec{0.08, 0.03, 0.06}}
	syrup  = &medium{index: 1.38, loss: vec{0.06, 0.62, 0.66}}
	liquor = &medium{index: 1.36, loss: vec{0.06, 0.50, 2.3}}
)

// vessel is a container of glass, filled to a level: its outside, which ends at the inner edge of the mouth, and its
// inside, which begins at the axis and ends there too.
func vessel(foot vec, wall, content *medium, level float64, outside, inside []point) []shape {
	up := vec{0, 1, 0}
	below, above := upTo(inside, level)
	edge := below[len(below)-1]
	return []shape{
		turn(foot, up, &material{inner: wall, outer: air}, outside...),
		turn(foot, up, &material{inner: content, outer: wall}, below...),
		turn(foot, up, &material{inner: air, outer: wall}, above...),
		turn(foot, up, &material{inner: content, outer: air}, point{edge.r, level}, point{0, level}),
	}
}

func cork() *material {
	return &material{colour: func(p vec) vec {
		spots := smoothstep(0.55, 0.75, cloud(p.scale(14), 3))
		return rgb(0xc29a6b).mix(rgb(0x7d5632), 0.8*spots)
	}}
}

// bottle is slender, with a long neck and a cork.
func bottle(foot vec) shape {
	outside := path(
		[]point{{0, 0.06}}, curve(3, point{0.30, 0.02}, point{0.40, 0.0}, point{0.455, 0.04}, point{0.47, 0.12}),
		curve(7, point{0.47, 0.12}, point{0.475, 1.2}, point{0.465, 1.62}, point{0.37, 1.98}, point{0.21, 2.22},
			point{0.165, 2.5}, point{0.16, 2.86}),
		[]point{{0.205, 2.88}}, curve(3, point{0.205, 2.88}, point{0.215, 2.95}, point{0.2, 3.02}), []point{{0.125, 3.03}})
	inside := path(
		[]point{{0, 0.13}}, curve(3, point{0.30, 0.10}, point{0.38, 0.11}, point{0.415, 0.18}),
		curve(7, point{0.415, 0.18}, point{0.425, 1.2}, point{0.415, 1.6}, point{0.325, 1.95}, point{0.165, 2.2},
			point{0.125, 2.5}, point{0.12, 2.86}), []point{{0.125, 3.03}})
	shapes := vessel(foot, glass, liquor, 1.75, outside, inside)
	stopper := path([]point{{0, 2.72}, {0.108, 2.72}, {0.122, 3.02}, {0.15, 3.18}}, []point{{0.135, 3.21}, {0, 3.21}})
	shapes = append(shapes, turn(foot, vec{0, 1, 0}, cork(), stopper...))
	return &group{centre: foot.add(vec{0, 1.6, 0}), radius: 1.75, shapes: shapes}
}

// jar is wide, full of cherries in syrup, under a cork lid.
func jar(foot vec) shape {
	outside := path(
		[]point{{0, 0.05}}, curve(3, point{0.55, 0.02}, point{0.70, 0}, point{0.79, 0.06}, point{0.82, 0.18}),
		curve(6, point{0.82, 0.18}, point{0.83, 0.8}, point{0.82, 1.28}, point{0.74, 1.5}, point{0.62, 1.62}),
		curve(3, point{0.62, 1.62}, point{0.60, 1.68}, point{0.665, 1.72}, point{0.68, 1.78}, point{0.66, 1.84}, point{0.58, 1.85}))
	inside := path(
		[]point{{0, 0.12}}, curve(3, point{0.55, 0.10}, point{0.68, 0.11}, point{0.75, 0.22}),
		curve(6, point{0.75, 0.22}, point{0.765, 0.8}, point{0.755, 1.26}, point{0.675, 1.46}, point{0.56, 1.6}),
		[]point{{0.555, 1.7}, {0.58, 1.85}})
	shapes := vessel(foot, glass, syrup, 1.44, outside, inside)
	for _, at := range settled(0.165, 0.745, 0.125, 1.36, 400) {
		shapes = append(shapes, cherry(foot.add(at), 0.162, false))
	}
	lid := path([]point{{0, 1.66}, {0.52, 1.66}, {0.565, 1.855}}, arc(4, point{0.635, 1.87}, point{0.60, 2.12}, false),
		[]point{{0.58, 2.14}, {0, 2.15}})
	shapes = append(shapes, turn(foot, vec{0, 1, 0}, cork(), lid...))
	return &group{centre: foot.add(vec{0, 1.07, 0}), radius: 1.38, shapes: shapes}
}

// settled lets balls fall into a cylinder one by one; each stays where it is lowest of a number of random tries.
func settled(ball, radius, bottom, top float64, tries int) []vec {
	dice := seeded(11, 5)
	var lying []vec
	for {
		best := vec{0, top, 0}
		for range tries {
			at := around(vec{0, 1, 0}, dice.unit(), dice.unit()).scale(radius - ball)
			at.y = bottom + ball
			for again := true; again; {
				again = false
				for _, other := range lying {
					flat := vec{at.x - other.x, 0, at.z - other.z}
					if gap := 4*ball*ball - flat.dot(flat); gap > 0 {
						if over := other.y + sqrt(gap); at.y > other.y-sqrt(gap)+1e-9 && at.y < over-1e-9 {
							at.y, again = over, true
						}
					}
				}
			}
			if at.y < best.y {
				best = at
			}
		}
		if best.y >= top-ball {
			return lying
		}
		lying = append(lying, best)
	}
}
