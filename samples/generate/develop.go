package main

import (
	"image"
	"image/color"
	"math"
)

// develop turns light into a picture for screens. Exposure multiplies; the curve keeps highlights from burning out.
func develop(f *film, exposure float64) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, f.width, f.height))
	for y := range f.height {
		for x := range f.width {
			c := f.light[y*f.width+x].scale(exposure)
			img.SetRGBA(x, y, color.RGBA{tone(c.x), tone(c.y), tone(c.z), 255})
		}
	}
	return img
}

// tone is the curve of one channel: a shoulder for the highlights, a short toe for the shadows, then the sRGB curve.
func tone(v float64) uint8 {
	v = 1.1 * v * (1 + v/16) / (1 + v*0.72)
	v = math.Max(0, v)
	v = v * v / (v + 0.022)
	if v <= 0.0031308 {
		v *= 12.92
	} else {
		v = 1.055*math.Pow(v, 1/2.4) - 0.055
	}
	return uint8(clamp(v*255+0.5, 255))
}
