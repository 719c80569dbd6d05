package vips

import (
	"image"
	"image/color"
	"math"
	"syscall"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/format"
	"github.com/stillroom/stillroom/internal/transform"
	"github.com/stillroom/stillroom/internal/vips/bare"
)

// scenery has slopes, edges and grain, as photographs do.
func scenery(w, h int, alpha bool) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	grain := uint32(1)
	for y := range h {
		for x := range w {
			grain = grain*1664525 + 1013904223
			fx, fy, g := float64(x)/float64(w), float64(y)/float64(h), float64(grain>>28)
			v := 120 + 60*math.Sin(9*fx+4*fy) + 40*math.Sin(70*fx*fy) + g
			c := color.NRGBA{uint8(v), uint8(0.8*v + 30*fy), uint8(200*fy + g), 255}
			if alpha {
				c.A = uint8(255 * fx)
			}
			m.SetNRGBA(x, y, c)
		}
	}
	return m
}

// cpu returns the CPU time that the process has taken so far, with that of all its threads.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkRendition compares the engine with the bare calls of libvips for the same work, in turns. The
// metric engine/bare is the ratio of their CPU times; it should stay below 1.05.
func BenchmarkRendition(b *testing.B) {
	photo := asJPEG(scenery(3000, 2000, false))
	drawn := asPNG(scenery(1200, 800, true))
	tune := ""
	if engine.knows.avifTune {
		tune = ",tune=ssim"
	}
	strip := "strip=true"
	if engine.knows.keep {
		strip = "keep=none"
	}
	jobs := []struct {
		name       string
		source     []byte
		out        format.Format
		load, save string
	}{
		{"jpeg to jpeg", photo, format.JPEG, "[shrink=4]", ".jpg[Q=80,optimize_coding=true," + strip + "]"},
		{"jpeg to webp", photo, format.WebP, "[shrink=4]", ".webp[Q=80,effort=4," + strip + "]"},
		{"jpeg to avif", photo, format.AVIF, "[shrink=4]", ".avif[Q=80,compression=av1,effort=1,bitdepth=8," + strip + tune + "]"},
		{"png to png", drawn, format.PNG, "", ".png[filter=all," + strip + "]"},
		{"png to webp", drawn, format.WebP, "", ".webp[Q=80,effort=4," + strip + "]"},
	}
	for _, job := range jobs {
		b.Run(job.name, func(b *testing.B) {
			c := pipeline(b, job.out, &transform.Resize{Width: 400})
			h := process(b, job.source, c).Height
			var ours, theirs time.Duration
			for b.Loop() {
				start := cpu()
				process(b, job.source, c)
				between := cpu()
				if _, err := bare.Rendition(job.source, job.load, 400, h, job.save); err != nil {
					b.Fatal(err)
				}
				ours, theirs = ours+between-start, theirs+cpu()-between
			}
			b.ReportMetric(float64(ours.Microseconds())/float64(b.N)/1e3, "cpu-ms/engine")
			b.ReportMetric(float64(theirs.Microseconds())/float64(b.N)/1e3, "cpu-ms/bare")
			b.ReportMetric(float64(ours)/float64(theirs), "engine/bare")
		})
	}
}

// BenchmarkParallel makes renditions on all cores at once.
func BenchmarkParallel(b *testing.B) {
	photo := asJPEG(scenery(3000, 2000, false))
	c := pipeline(b, format.WebP, &transform.Resize{Width: 400})
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			process(b, photo, c)
		}
	})
}
