package main

import "math"

// A window is what lights a scene: an upright rectangle at some x, which shines towards larger x. It is a shape, so it is
// seen in whatever mirrors, and it can be aimed at, so that what scatters needs no luck to find it.
type window struct {
	x                      float64
	low, high, front, back float64 // y from low to high, z from back to front
	panesAcross, panesUp   float64
	sky, ground            vec // light through the upper and through the lower panes
	of                     *material
}

func (w *window) open() *window {
	w.of = &material{glow: w.light}
	return w
}

// light is what comes through at a point: sky above, garden below, nothing where the bars are.
func (w *window) light(p vec) vec {
	across := (p.z - w.back) / (w.front - w.back)
	up := (p.y - w.low) / (w.high - w.low)
	if nearBar(across*w.panesAcross, 0.045) || nearBar(up*w.panesUp, 0.035) {
		return vec{0.02, 0.018, 0.015}
	}
	return w.ground.mix(w.sky, smoothstep(0.02, 0.55, up))
}

func nearBar(v, half float64) bool { return math.Abs(v-math.Round(v)) < half }

func (w *window) meet(r ray, h *hit) bool {
	t := (w.x - r.from.x) / r.to.x
	if !(t >= nearest && t < h.t) {
		return false
	}
	p := r.at(t)
	if p.y < w.low || p.y > w.high || p.z < w.back || p.z > w.front {
		return false
	}
	h.t, h.of, h.local, h.normal = t, w.of, p, vec{1, 0, 0}
	return true
}

// aim chooses a point of the window as seen from p and returns the direction, the distance, and the light from there
// weighted by how likely the choice was.
func (w *window) aim(p vec, a, b float64) (to vec, distance float64, light vec) {
	q := vec{w.x, w.low + a*(w.high-w.low), w.back + b*(w.front-w.back)}
	to = q.sub(p)
	square := to.dot(to)
	distance = math.Sqrt(square)
	to = to.scale(1 / distance)
	if to.x >= 0 { // p is behind the window
		return to, distance, vec{}
	}
	area := (w.high - w.low) * (w.front - w.back)
	return to, distance, w.light(q).scale(-to.x * area / square)
}
