package main

import "math"

// A vec is a point, a direction or a colour (linear light; red, green, blue). One unit of length is a decimetre.
type vec struct{ x, y, z float64 }

func (a vec) add(b vec) vec            { return vec{a.x + b.x, a.y + b.y, a.z + b.z} }
func (a vec) sub(b vec) vec            { return vec{a.x - b.x, a.y - b.y, a.z - b.z} }
func (a vec) mul(b vec) vec            { return vec{a.x * b.x, a.y * b.y, a.z * b.z} }
func (a vec) scale(s float64) vec      { return vec{a.x * s, a.y * s, a.z * s} }
func (a vec) dot(b vec) float64        { return a.x*b.x + a.y*b.y + a.z*b.z }
func (a vec) norm() vec                { return a.scale(1 / math.Sqrt(a.dot(a))) }
func (a vec) mix(b vec, s float64) vec { return a.scale(1 - s).add(b.scale(s)) }
func (a vec) luminance() float64       { return 0.2126*a.x + 0.7152*a.y + 0.0722*a.z }
func (a vec) max() float64             { return math.Max(a.x, math.Max(a.y, a.z)) }

func (a vec) cross(b vec) vec {
	return vec{a.y*b.z - a.z*b.y, a.z*b.x - a.x*b.z, a.x*b.y - a.y*b.x}
}

// reflect mirrors a direction of travel at a surface with normal n.
func (a vec) reflect(n vec) vec { return a.sub(n.scale(2 * a.dot(n))) }

// basis returns two directions that stand at right angles on n and on each other.
func (a vec) basis() (vec, vec) {
	side := vec{1, 0, 0}
	if math.Abs(a.x) > 0.7 {
		side = vec{0, 1, 0}
	}
	u := side.cross(a).norm()
	return u, a.cross(u)
}

// rgb reads a colour as it is written for screens (sRGB, 0xrrggbb) into linear light.
func rgb(hex uint32) vec {
	channel := func(shift uint) float64 {
		c := float64(hex>>shift&0xff) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return vec{channel(16), channel(8), channel(0)}
}

// clamp keeps a number between 0 and high.
func clamp(v, high float64) float64 { return math.Max(0, math.Min(high, v)) }

// smoothstep rises from 0 at a to 1 at b.
func smoothstep(a, b, v float64) float64 {
	s := clamp((v-a)/(b-a), 1)
	return s * s * (3 - 2*s)
}
