package main

import "math"

// A point of a profile: distance from the axis, and height.
type point struct{ r, y float64 }

// A segment of a lathe is a frustum (or a ring, where its ends are level), with the normals at its two ends.
type segment struct {
	a, b       point
	na, nb     point
	slope      float64 // of the radius with the height
	low, high  float64
	level      bool
	squaredMin float64 // rings: squares of the inner and outer radius
	squaredMax float64
}

// A lathe is a profile turned round an axis: jars, bottles, bowls, pears. The axis may lean.
type lathe struct {
	foot       vec
	u, axis, w vec // the frame: axis is up
	radius     float64
	low, high  float64
	segments   []segment
	of         *material
}

// turn makes a lathe. The profile runs from below to above with the outside on its right; corners sharper than about 40
// degrees stay edges, all others are shaded smooth.
func turn(foot, axis vec, of *material, profile ...point) *lathe {
	l := &lathe{foot: foot, axis: axis.norm(), of: of, low: math.Inf(1), high: math.Inf(-1)}
	l.u, l.w = l.axis.basis()
	flat := make([]point, 0, len(profile))
	for i := range len(profile) - 1 {
		a, b := profile[i], profile[i+1]
		length := math.Hypot(b.r-a.r, b.y-a.y)
		flat = append(flat, point{(b.y - a.y) / length, (a.r - b.r) / length})
	}
	joint := func(i, k int) point { // the normal of segment i at its joint with segment k
		if k < 0 || k >= len(flat) {
			return flat[i]
		}
		if flat[i].r*flat[k].r+flat[i].y*flat[k].y < 0.76 {
			return flat[i]
		}
		r, y := flat[i].r+flat[k].r, flat[i].y+flat[k].y
		length := math.Hypot(r, y)
		return point{r / length, y / length}
	}
	for i := range flat {
		a, b := profile[i], profile[i+1]
		s := segment{a: a, b: b, na: joint(i, i-1), nb: joint(i, i+1), low: math.Min(a.y, b.y), high: math.Max(a.y, b.y)}
		s.level = s.high-s.low < 1e-9
		if s.level {
			inner, outer := math.Min(a.r, b.r), math.Max(a.r, b.r)
			s.squaredMin, s.squaredMax = inner*inner, outer*outer
		} else {
			s.slope = (b.r - a.r) / (b.y - a.y)
		}
		l.segments = append(l.segments, s)
		l.low, l.high = math.Min(l.low, s.low), math.Max(l.high, s.high)
		l.radius = math.Max(l.radius, math.Max(a.r, b.r))
	}
	return l
}

func (l *lathe) inside(v vec) vec  { return vec{v.dot(l.u), v.dot(l.axis), v.dot(l.w)} }
func (l *lathe) outside(v vec) vec { return l.u.scale(v.x).add(l.axis.scale(v.y)).add(l.w.scale(v.z)) }

func (l *lathe) meet(r ray, h *hit) bool {
	local := ray{l.inside(r.from.sub(l.foot)), l.inside(r.to)}
	low, high, ok := l.reach(local, h.t)
	if !ok {
		return false
	}
	best := -1
	for i := range l.segments {
		s := &l.segments[i]
		if s.low <= high && s.high >= low {
			if t, ok := s.meet(local, h.t); ok {
				h.t, best = t, i
			}
		}
	}
	if best < 0 {
		return false
	}
	s := &l.segments[best]
	h.local, h.of = local.at(h.t), l.of
	h.normal = l.outside(s.normal(h.local))
	return true
}

// reach returns between which heights a ray runs while it is within the bounding cylinder; most segments lie outside.
func (l *lathe) reach(r ray, limit float64) (low, high float64, ok bool) {
	a := r.to.x*r.to.x + r.to.z*r.to.z
	b := r.from.x*r.to.x + r.from.z*r.to.z
	c := r.from.x*r.from.x + r.from.z*r.from.z - l.radius*l.radius
	first, last := 0.0, limit
	if a > 1e-12 {
		d := b*b - a*c
		if d < 0 {
			return 0, 0, false
		}
		d = math.Sqrt(d)
		first, last = math.Max(first, (-b-d)/a), math.Min(last, (-b+d)/a)
		if first > last {
			return 0, 0, false
		}
	} else if c > 0 {
		return 0, 0, false
	}
	low, high = r.from.y+first*r.to.y, r.from.y+last*r.to.y
	if low > high {
		low, high = high, low
	}
	return low - 1e-6, high + 1e-6, low <= l.high && high >= l.low
}

func (s *segment) meet(r ray, limit float64) (float64, bool) {
	if s.level {
		t := (s.a.y - r.from.y) / r.to.y
		if !(t >= nearest && t < limit) {
			return 0, false
		}
		x, z := r.from.x+t*r.to.x, r.from.z+t*r.to.z
		square := x*x + z*z
		return t, square >= s.squaredMin && square <= s.squaredMax
	}
	radius, grow := s.a.r+s.slope*(r.from.y-s.a.y), s.slope*r.to.y
	a := r.to.x*r.to.x + r.to.z*r.to.z - grow*grow
	b := r.from.x*r.to.x + r.from.z*r.to.z - radius*grow
	c := r.from.x*r.from.x + r.from.z*r.from.z - radius*radius
	d := b*b - a*c
	if d < 0 || a == 0 {
		return 0, false
	}
	d = math.Sqrt(d)
	near, far := (-b-d)/a, (-b+d)/a
	if near > far {
		near, far = far, near
	}
	for _, t := range [2]float64{near, far} {
		if y := r.from.y + t*r.to.y; t >= nearest && t < limit && y >= s.low && y <= s.high && radius+grow*t >= 0 {
			return t, true
		}
	}
	return 0, false
}

func (s *segment) normal(p vec) vec {
	radius := math.Sqrt(p.x*p.x + p.z*p.z)
	var along float64
	if s.level {
		along = (radius - s.a.r) / (s.b.r - s.a.r)
	} else {
		along = (p.y - s.a.y) / (s.b.y - s.a.y)
	}
	nr := s.na.r + (s.nb.r-s.na.r)*along
	ny := s.na.y + (s.nb.y-s.na.y)*along
	if radius < 1e-9 {
		return vec{0, ny, 0}.norm()
	}
	return vec{nr * p.x / radius, ny, nr * p.z / radius}.norm()
}
