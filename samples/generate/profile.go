package main

import "math"

// curve lays a smooth line (Catmull-Rom) through points, each stretch between two of them in n pieces.
func curve(n int, through ...point) []point {
	at := func(i int) point { return through[max(0, min(len(through)-1, i))] }
	var line []point
	for i := range len(through) - 1 {
		p0, p1, p2, p3 := at(i-1), at(i), at(i+1), at(i+2)
		for k := range n {
			s := float64(k) / float64(n)
			line = append(line, point{
				math.Max(0, bend(p0.r, p1.r, p2.r, p3.r, s)),
				bend(p0.y, p1.y, p2.y, p3.y, s),
			})
		}
	}
	return append(line, through[len(through)-1])
}

func bend(a, b, c, d, s float64) float64 {
	return 0.5 * (2*b + (c-a)*s + (2*a-5*b+4*c-d)*s*s + (3*b-a-3*c+d)*s*s*s)
}

// arc is a quarter of an ellipse from a to b; it leaves a level when level is true, else upright.
func arc(n int, a, b point, level bool) []point {
	line := make([]point, 0, n+1)
	for k := range n + 1 {
		sin, cos := math.Sincos(float64(k) / float64(n) * math.Pi / 2)
		if !level {
			sin, cos = 1-cos, 1-sin
		}
		line = append(line, point{a.r + (b.r-a.r)*sin, a.y + (b.y-a.y)*(1-cos)})
	}
	return line
}

// path joins lines, leaving out points that stand twice.
func path(lines ...[]point) []point {
	var all []point
	for _, line := range lines {
		for _, p := range line {
			if n := len(all); n > 0 && math.Hypot(p.r-all[n-1].r, p.y-all[n-1].y) < 1e-6 {
				continue
			}
			all = append(all, p)
		}
	}
	return all
}

// upTo cuts a profile off at a height, and from on gives the rest.
func upTo(profile []point, y float64) (below, above []point) {
	for i, p := range profile {
		if p.y >= y && i > 0 {
			q := profile[i-1]
			s := (y - q.y) / (p.y - q.y)
			cut := point{q.r + (p.r-q.r)*s, y}
			return append(append([]point{}, profile[:i]...), cut), append([]point{cut}, profile[i:]...)
		}
	}
	return profile, nil
}
