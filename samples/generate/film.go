package main

import (
	"math"
	"runtime"
	"sync"
)

// A film gathers the samples of a picture: means of the light and of what guides the smoothing, and how uncertain the
// mean of the light is.
type film struct {
	width, height int
	light         []vec
	colour        []vec
	normal        []vec
	variance      []float64
}

func newFilm(width, height int) *film {
	n := width * height
	return &film{
		width: width, height: height,
		light: make([]vec, n), colour: make([]vec, n), normal: make([]vec, n), variance: make([]float64, n),
	}
}

// expose renders a picture with the given number of paths for each pixel.
func expose(width, height, paths int, c camera, trace func(ray, *random) sample) *film {
	f, s := newFilm(width, height), c.set(width, height)
	rows := make(chan int)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for y := range rows {
				for x := range width {
					f.pixel(x, y, paths, s, trace)
				}
			}
		})
	}
	for y := range height {
		rows <- y
	}
	close(rows)
	workers.Wait()
	return f
}

// The steps of a sequence that covers a square evenly, and of one for the lens: multiples of the inverse plastic number
// and of its cousins (Roberts, 2018).
const (
	step1, step2 = 0.7548776662466927, 0.5698402909980532
	step3, step4 = 0.8566748838545029, 0.7338918566271260
)

func (f *film) pixel(x, y, paths int, s *shot, trace func(ray, *random) sample) {
	index := y*f.width + x
	dice := seeded(uint64(index), 7)
	a, b, c, d := dice.unit(), dice.unit(), dice.unit(), dice.unit()
	var light, colour, normal vec
	var sum, squares float64
	for range paths {
		a, b, c, d = fraction(a+step1), fraction(b+step2), fraction(c+step3), fraction(d+step4)
		got := trace(s.ray(float64(x)+a, float64(y)+b, c, d), &dice)
		light, colour, normal = light.add(got.light), colour.add(got.colour), normal.add(got.normal)
		l := math.Sqrt(got.light.luminance())
		sum, squares = sum+l, squares+l*l
	}
	n := float64(paths)
	f.light[index], f.colour[index], f.normal[index] = light.scale(1/n), colour.scale(1/n), normal.scale(1/n)
	f.variance[index] = math.Max(0, squares/n-sum*sum/n/n) / n
}

func fraction(v float64) float64 { return v - math.Floor(v) }
