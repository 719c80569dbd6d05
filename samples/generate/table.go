package main

import "math"

// table is a table top of oak boards that run from left to right, varnished long ago.
func table() shape {
	return &wall{vec{}, vec{0, 1, 0}, &material{colour: oak, bump: oakBump, coat: 0.035, rough: 0.35}}
}

// board is the width of one board.
const board = 1.55

func oak(p vec) vec {
	number := math.Floor((p.z + 0.4) / board)
	within := (p.z+0.4)/board - number
	shift := vec{hash(int64(number), 3, 1) * 40, hash(int64(number), 5, 2) * 9, 0}
	// Rings are what a board cuts from a trunk: slow waves along it, bent by noise.
	q := vec{p.x*0.16 + shift.x, p.z*1.3 + shift.y, 0.5}
	rings := math.Abs(math.Sin((q.y*2.2 + 2.6*cloud(q, 3)) * math.Pi))
	fibre := cloud(vec{p.x*1.4 + shift.x, p.z * 42, 1}, 3)
	pores := smoothstep(0.60, 0.78, noise(vec{p.x*5 + shift.x, p.z * 75, 4}))
	tone := 0.35*rings + 0.55*fibre + 0.25*(hash(int64(number), 1, 9)-0.5)
	colour := rgb(0x573218).mix(rgb(0xb9824a), clamp(tone, 1))
	colour = colour.scale(1 - 0.45*pores)
	gap := smoothstep(0, 0.012, within) * smoothstep(0, 0.012, 1-within)
	return colour.scale(0.15 + 0.85*gap)
}

func oakBump(p vec) vec {
	return vec{
		0.02 * (noise(vec{p.x * 6, p.z * 30, 2}) - 0.5),
		0,
		0.10 * (noise(vec{p.x * 2, p.z * 45, 8}) - 0.5),
	}
}

// plaster is the wall behind: limewash, laid on with a broad brush.
func plaster(p vec) vec {
	broad := cloud(vec{p.x * 0.35, p.y * 0.35, 3}, 4)
	fine := cloud(vec{p.x * 2.5, p.y * 2.5, 7}, 3)
	return rgb(0x6d6e62).mix(rgb(0x9a9482), clamp(1.6*broad-0.35+0.25*(fine-0.5), 1))
}
