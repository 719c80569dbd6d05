package main

import (
	"math"
	"runtime"
	"sync"
)

// smooth takes the grain out of a film: an edge-keeping blur in five rounds of growing reach (à trous), which mixes pixels
// as far as they look alike within their uncertainty and belong to surfaces of one colour and direction. Roots of the
// light are compared, since that is about how the eye does it; strength says how many standard deviations are alike.
func smooth(f *film, strength float64) {
	f.dull()
	variance := soften(f)
	for round := range 5 {
		f.light, variance = f.round(1<<round, strength, variance)
	}
}

// dull takes white dots down to the brightest but one of the eight pixels around them: one path that met the window by
// luck.
func (f *film) dull() {
	light := make([]vec, len(f.light))
	f.each(func(x, y int) {
		i := y*f.width + x
		first, second := 0.0, 0.0
		f.around(x, y, 1, 1, func(k int, _ float64) {
			if l := f.light[k].luminance(); k != i && l > second {
				first, second = math.Max(first, l), math.Min(math.Max(first, second), l)
			}
		})
		light[i] = f.light[i]
		if l := light[i].luminance(); l > second {
			light[i] = light[i].scale(second / l)
		}
	})
	f.light = light
}

// soften spreads the variances, which are themselves estimates from few samples.
func soften(f *film) []float64 {
	out := make([]float64, len(f.variance))
	f.each(func(x, y int) {
		sum, weight := 0.0, 0.0
		f.around(x, y, 1, 2, func(k int, w float64) {
			sum, weight = sum+w*f.variance[k], weight+w
		})
		out[y*f.width+x] = sum / weight
	})
	return out
}

func (f *film) round(step int, strength float64, variance []float64) ([]vec, []float64) {
	light, next := make([]vec, len(f.light)), make([]float64, len(f.light))
	f.each(func(x, y int) {
		i := y*f.width + x
		here := math.Sqrt(f.light[i].luminance())
		var sum vec
		weight, uncertain := 0.0, 0.0
		f.around(x, y, step, 2, func(k int, w float64) {
			there := math.Sqrt(f.light[k].luminance())
			spread := strength*math.Sqrt(math.Max(variance[i], variance[k])) + 1e-4
			w *= math.Exp(-math.Abs(here-there) / spread)
			colour, normal := f.colour[i].sub(f.colour[k]), f.normal[i].sub(f.normal[k])
			w *= math.Exp(-colour.dot(colour)*400 - normal.dot(normal)*12)
			sum, weight = sum.add(f.light[k].scale(w)), weight+w
			uncertain += w * w * variance[k]
		})
		light[i], next[i] = sum.scale(1/weight), uncertain/weight/weight
	})
	return light, next
}

// around visits the pixels of a square grid round a pixel with weights that fall off (a binomial kernel).
func (f *film) around(x, y, step, reach int, visit func(index int, weight float64)) {
	kernel := [3]float64{6, 4, 1}
	for dy := -reach; dy <= reach; dy++ {
		for dx := -reach; dx <= reach; dx++ {
			px, py := x+dx*step, y+dy*step
			if px >= 0 && py >= 0 && px < f.width && py < f.height {
				visit(py*f.width+px, kernel[max(dx, -dx)]*kernel[max(dy, -dy)])
			}
		}
	}
}

// each visits every pixel, rows at the same time.
func (f *film) each(visit func(x, y int)) {
	var workers sync.WaitGroup
	n := runtime.GOMAXPROCS(0)
	for worker := range n {
		workers.Go(func() {
			for y := worker; y < f.height; y += n {
				for x := range f.width {
					visit(x, y)
				}
			}
		})
	}
	workers.Wait()
}
