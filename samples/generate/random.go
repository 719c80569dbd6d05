package main

import "math"

// A random is a small generator (PCG-like) that is seeded by pixel and sample, so a picture does not depend on the order
// in which its pixels are drawn.
type random struct{ state uint64 }

func seeded(a, b uint64) random {
	r := random{a*0x9e3779b97f4a7c15 ^ b*0xd1b54a32d192ed03}
	r.next()
	r.next()
	return r
}

func (r *random) next() uint64 {
	r.state = r.state*6364136223846793005 + 1442695040888963407
	x := r.state
	x ^= x >> 32
	x *= 0xd6e8feb86659fd93
	x ^= x >> 32
	return x
}

// unit returns a number in [0, 1).
func (r *random) unit() float64 { return float64(r.next()>>11) / (1 << 53) }

// around returns a direction of the hemisphere around n, with a density that follows the cosine.
func around(n vec, a, b float64) vec {
	u, v := n.basis()
	radius, angle := math.Sqrt(a), 2*math.Pi*b
	sin, cos := math.Sincos(angle)
	return u.scale(radius * cos).add(v.scale(radius * sin)).add(n.scale(math.Sqrt(1 - a)))
}

// hash returns a number in [0, 1) for a point of an integer grid.
func hash(x, y, z int64) float64 {
	h := uint64(x)*0x9e3779b97f4a7c15 ^ uint64(y)*0xc2b2ae3d27d4eb4f ^ uint64(z)*0x165667b19e3779f9
	h ^= h >> 31
	h *= 0xd6e8feb86659fd93
	h ^= h >> 32
	return float64(h>>11) / (1 << 53)
}

// noise is smooth and random, in [0, 1], with features of size 1.
func noise(p vec) float64 {
	fx, fy, fz := math.Floor(p.x), math.Floor(p.y), math.Floor(p.z)
	ix, iy, iz := int64(fx), int64(fy), int64(fz)
	u, v, w := ease(p.x-fx), ease(p.y-fy), ease(p.z-fz)
	line := func(y, z int64) float64 {
		a, b := hash(ix, y, z), hash(ix+1, y, z)
		return a + (b-a)*u
	}
	plane := func(z int64) float64 {
		a, b := line(iy, z), line(iy+1, z)
		return a + (b-a)*v
	}
	a, b := plane(iz), plane(iz+1)
	return a + (b-a)*w
}

func ease(s float64) float64 { return s * s * (3 - 2*s) }

// cloud adds finer and finer noise, in [0, 1].
func cloud(p vec, octaves int) float64 {
	sum, weight, total := 0.0, 0.5, 0.0
	for range octaves {
		sum += weight * noise(p)
		total += weight
		weight /= 2
		p = p.scale(2.03).add(vec{17.1, 3.7, 9.2})
	}
	return sum / total
}
