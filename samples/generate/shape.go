package main

import "math"

// A ray starts somewhere and goes in a direction of length one.
type ray struct{ from, to vec }

func (r ray) at(t float64) vec { return r.from.add(r.to.scale(t)) }

// A hit is where a ray meets a shape: how far along, the normal (outward), the material, and the place as the shape
// sees it, for textures.
type hit struct {
	t      float64
	normal vec
	local  vec
	of     *material
}

// nearest is how far a ray must have gone: less is the surface that it starts from.
const nearest = 1e-4

// A shape can be hit. meet lowers h.t, and fills the rest, when the ray meets the shape before h.t.
type shape interface {
	meet(r ray, h *hit) bool
}

// A sphere may be drawn out along its own axis y, which makes lemons of it.
type sphere struct {
	centre vec
	radius float64
	of     *material
}

func (s *sphere) meet(r ray, h *hit) bool {
	o := r.from.sub(s.centre)
	b := o.dot(r.to)
	d := b*b - o.dot(o) + s.radius*s.radius
	if d < 0 {
		return false
	}
	root := math.Sqrt(d)
	t := -b - root
	if t < nearest {
		t = -b + root
	}
	if t < nearest || t >= h.t {
		return false
	}
	h.t, h.of = t, s.of
	h.local = o.add(r.to.scale(t))
	h.normal = h.local.scale(1 / s.radius)
	return true
}

// A wall is an endless plane through a point.
type wall struct {
	through, normal vec
	of              *material
}

func (w *wall) meet(r ray, h *hit) bool {
	t := w.through.sub(r.from).dot(w.normal) / r.to.dot(w.normal)
	if !(t >= nearest && t < h.t) {
		return false
	}
	h.t, h.normal, h.of = t, w.normal, w.of
	h.local = r.at(t)
	return true
}

// A group is looked into only by rays that meet its bounding sphere.
type group struct {
	centre vec
	radius float64
	shapes []shape
}

func (g *group) meet(r ray, h *hit) bool {
	o := r.from.sub(g.centre)
	b, c := o.dot(r.to), o.dot(o)-g.radius*g.radius
	if c > 0 && (b > 0 || b*b < c || -b-math.Sqrt(b*b-c) > h.t) {
		return false
	}
	met := false
	for _, s := range g.shapes {
		if s.meet(r, h) {
			met = true
		}
	}
	return met
}
