package main

import "math"

// A scene is what a camera sees: shapes, the window that lights them, and the dim room for rays that leave.
type scene struct {
	shapes []shape
	light  *window
	room   func(to vec) vec
}

func (s *scene) meet(r ray) (hit, bool) {
	h := hit{t: math.Inf(1)}
	met := false
	for _, o := range s.shapes {
		if o.meet(r, &h) {
			met = true
		}
	}
	return h, met
}

// blocked says whether something stands between the start of a ray and a distance. What is clear blocks as well, since
// light that comes through it is found, bent as it should be, by the paths that pass it; unless through is set.
func (s *scene) blocked(r ray, distance float64, through bool) bool {
	for range deepest {
		h, met := hit{t: distance}, false
		for _, o := range s.shapes {
			if o.meet(r, &h) && h.of != s.light.of {
				if !through {
					return true
				}
				met = true
			}
		}
		if !met {
			return false
		}
		if h.of.inner == nil {
			return true
		}
		r.from = r.at(h.t)
		distance -= h.t
	}
	return true
}

// A sample is what one path brings back: the light, and what it saw first, which guides the smoothing.
type sample struct {
	light  vec
	colour vec
	normal vec
}

const (
	// deepest bounds a path; a jar full of syrup takes ten surfaces to cross.
	deepest = 18
	// brightest bounds what a path may bring by a detour, so that one lucky path is not a white dot.
	brightest = 5.0
)

// trace follows one path from the camera.
func (s *scene) trace(r ray, dice *random) sample {
	p := walk{scene: s, dice: dice, weight: vec{1, 1, 1}, straight: true}
	for p.depth = 0; p.depth < deepest; p.depth++ {
		h, met := s.meet(r)
		if p.inside != nil && met {
			p.weight = p.weight.mul(absorbed(p.inside.loss, h.t))
		}
		if !met {
			p.gain(s.room(r.to))
			break
		}
		if h.of.glow != nil {
			// After a scattering surface the window has been aimed at already.
			if p.straight && r.to.dot(h.normal) < 0 {
				p.gain(h.of.glow(h.local))
			}
			break
		}
		var alive bool
		if r, alive = p.bounce(r, h); !alive {
			break
		}
	}
	return p.out
}

// absorbed is what is left of each colour after a way through a medium.
func absorbed(loss vec, way float64) vec {
	return vec{math.Exp(-loss.x * way), math.Exp(-loss.y * way), math.Exp(-loss.z * way)}
}

// A walk is the state of one path.
type walk struct {
	scene    *scene
	dice     *random
	weight   vec
	inside   *medium // what the path is in, nil for air
	straight bool    // only clear or mirroring surfaces since the camera or the last scattering
	detour   bool    // has scattered
	aimed    bool    // the last scattering aimed at the window through glass
	depth    int
	seen     bool
	out      sample
}

func (p *walk) gain(light vec) {
	light = light.mul(p.weight)
	if most := light.max(); p.detour && most > brightest {
		light = light.scale(brightest / most)
	}
	p.out.light = p.out.light.add(light)
}

// note keeps what the first surface that can be recognised looks like.
func (p *walk) note(colour, normal vec) {
	if !p.seen {
		p.seen, p.out.colour, p.out.normal = true, colour, normal
	}
}

func (p *walk) bounce(r ray, h hit) (ray, bool) {
	place := r.at(h.t)
	m := h.of
	if m.inner != nil {
		return p.pass(r, h, place), p.survives()
	}
	n := h.normal
	if n.dot(r.to) > 0 {
		n = n.scale(-1)
	}
	if m.bump != nil {
		n = n.add(m.bump(h.local)).norm()
	}
	cosine := math.Max(0, -n.dot(r.to))
	if m.metal != nil {
		p.note(*m.metal, n)
		p.weight = p.weight.mul(m.metal.mix(vec{1, 1, 1}, grazing(cosine)))
		return p.mirror(r, h, n, place), true
	}
	colour := m.colour(h.local)
	p.note(colour, n)
	if m.coat > 0 && p.shines(m, cosine) {
		return p.mirror(r, h, n, place), true
	}
	p.weight = p.weight.mul(colour)
	p.detour, p.aimed = true, p.inside != nil && p.inside.index > 1
	p.lit(place, n)
	p.straight = false
	return ray{place, around(n, p.dice.unit(), p.dice.unit())}, p.survives()
}

// shines chooses between what a coat mirrors and what scatters below it. What the camera sees is mirrored more often than
// is right, and weighs less for it: few paths would leave highlights in grains.
func (p *walk) shines(m *material, cosine float64) bool {
	part := schlick(m.coat, cosine) * (1 - m.rough)
	chance := part
	if p.depth == 0 {
		chance += 0.25 * (1 - part)
	}
	if p.dice.unit() < chance {
		p.weight = p.weight.scale(part / chance)
		return true
	}
	p.weight = p.weight.scale((1 - part) / (1 - chance))
	return false
}

// survives ends paths at random once they carry little, and makes up for it in those that go on.
func (p *walk) survives() bool {
	if p.depth < 3 {
		return true
	}
	chance := math.Min(0.95, p.weight.max())
	if p.dice.unit() >= chance {
		return false
	}
	p.weight = p.weight.scale(1 / chance)
	return true
}

// pass goes through a clear surface, or is mirrored by it.
func (p *walk) pass(r ray, h hit, place vec) ray {
	from, into, n := h.of.outer, h.of.inner, h.normal
	cosine := -n.dot(r.to)
	if cosine < 0 {
		from, into, n, cosine = into, from, n.scale(-1), -cosine
	}
	p.straight = p.straight || !p.aimed
	mirrored, behind := fresnel(cosine, from.index, into.index)
	if p.dice.unit() < mirrored {
		p.inside = from
		return ray{place, r.to.reflect(n).norm()}
	}
	p.inside = into
	ratio := from.index / into.index
	return ray{place, r.to.scale(ratio).add(n.scale(ratio*cosine - behind)).norm()}
}

// mirror goes the way of a mirror, spread by the roughness.
func (p *walk) mirror(r ray, h hit, n, place vec) ray {
	to := r.to.reflect(n)
	if h.of.rough > 0 {
		spread := around(to, p.dice.unit(), p.dice.unit())
		to = to.scale(1 - h.of.rough*0.5).add(spread.scale(h.of.rough * 0.5)).norm()
	}
	if to.dot(n) <= 0 {
		to = to.sub(n.scale(1.01 * to.dot(n))).norm()
	}
	p.straight = true
	return ray{place, to}
}

// lit adds what comes straight from the window. For what swims in a jar the way is taken as straight too, less what the
// glass mirrors and the content swallows: paths that leave a jar by chance find the window too seldom.
func (p *walk) lit(place, n vec) {
	to, distance, light := p.scene.light.aim(place, p.dice.unit(), p.dice.unit())
	cosine := to.dot(n)
	if cosine <= 0 || light.max() == 0 || p.scene.blocked(ray{place, to}, distance-1e-3, p.aimed) {
		return
	}
	if p.aimed {
		light = light.mul(absorbed(p.inside.loss, 0.35)).scale(0.85)
	}
	p.gain(light.scale(cosine / math.Pi))
}
