package main

import "math"

// A camera looks from one point at another through a lens.
type camera struct {
	from, towards vec
	// height is that of what is seen at distance 1.
	height float64
	// lens is its radius; what lies farther from or nearer than focus is out of focus.
	lens, focus float64
	// shift moves the picture up without tilting the camera, so that upright things stay upright.
	shift float64
}

// shot is a camera set up for a picture size.
type shot struct {
	camera
	right, up, ahead vec
	width, rows      float64
}

func (c camera) set(width, rows int) *shot {
	ahead := c.towards.sub(c.from).norm()
	right := ahead.cross(vec{0, 1, 0}).norm()
	return &shot{c, right, right.cross(ahead), ahead, float64(width), float64(rows)}
}

// ray returns a ray through a point of the picture (in pixels, from the top left), by way of a random point of the lens.
func (s *shot) ray(x, y float64, a, b float64) ray {
	px := (x - s.width/2) / s.rows * s.height
	py := (s.rows/2-y)/s.rows*s.height + s.shift
	sharp := s.from.add(s.ahead.add(s.right.scale(px)).add(s.up.scale(py)).scale(s.focus))
	radius := s.lens * math.Sqrt(a)
	sin, cos := math.Sincos(2 * math.Pi * b)
	from := s.from.add(s.right.scale(radius * cos)).add(s.up.scale(radius * sin))
	return ray{from, sharp.sub(from).norm()}
}
