package main

import "math"

// A medium is what a ray travels through between surfaces: how strongly it bends, and how much of each colour is lost
// on a decimetre.
type medium struct {
	index float64
	loss  vec
}

// A material says what a surface does with light. Exactly one of glow, metal, clear and plain rules: a surface with
// media on both sides is clear, one with a glow shines, one with a metal colour mirrors, all others scatter.
type material struct {
	// glow is the light given off towards rays that come from the side of the normal.
	glow func(local vec) vec
	// inner and outer are the media on the two sides of a clear surface; the normal points into outer.
	inner, outer *medium
	// metal is the colour of a metallic reflection.
	metal *vec
	// colour is the part of each colour that is scattered.
	colour func(local vec) vec
	// bump tilts the normal, for surfaces that are not even.
	bump func(local vec) vec
	// coat is how much a smooth coat (wax, varnish) mirrors when looked at straight; 0.04 is varnish. Zero is none.
	coat float64
	// rough spreads what metals and coats mirror, from 0 to about 0.5.
	rough float64
}

func plain(c vec) func(vec) vec { return func(vec) vec { return c } }

// fresnel returns how much a boundary mirrors, for light that comes at an angle with this cosine (>= 0) and passes from
// index a to index b; 1 is total reflection. The second result is the cosine behind the boundary.
func fresnel(cosine, a, b float64) (mirrored, behind float64) {
	ratio := a / b
	square := 1 - ratio*ratio*(1-cosine*cosine)
	if square <= 0 {
		return 1, 0
	}
	behind = math.Sqrt(square)
	parallel := (b*cosine - a*behind) / (b*cosine + a*behind)
	across := (a*cosine - b*behind) / (a*cosine + b*behind)
	return (parallel*parallel + across*across) / 2, behind
}

// schlick is the same for a coat, of which only the reflection when looked at straight is known.
func schlick(straight, cosine float64) float64 {
	return straight + (1-straight)*grazing(cosine)
}

// grazing rises from 0 for light that falls straight onto a surface to 1 for light that only just touches it.
func grazing(cosine float64) float64 {
	s := 1 - clamp(cosine, 1)
	return s * s * s * s * s
}
