package transform

import (
	"testing"

	"github.com/stillroom/stillroom/internal/format"
)

// What a hit pays in this package: from what a URL asked to the text that is hashed.
func BenchmarkNormalizeAppendText(b *testing.B) {
	for name, p := range map[string]Pipeline{"thumbnail": thumbnail(), "everything": everything()} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var text []byte
			for b.Loop() {
				c, err := Normalize(p)
				if err != nil {
					b.Fatal(err)
				}
				text = c.AppendText(text[:0])
			}
		})
	}
}

func BenchmarkPlan(b *testing.B) {
	f := Facts{Format: format.JPEG, Width: 3000, Height: 2000, Orientation: 6, Frames: 1}
	for name, p := range map[string]Pipeline{"thumbnail": thumbnail(), "everything": everything()} {
		c := canonical(b, p)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.Plan(f, format.WebP)
			}
		})
	}
}

func BenchmarkChoose(b *testing.B) {
	f := Facts{Format: format.JPEG, Width: 3000, Height: 2000, Orientation: 6, Frames: 1}
	can := Capabilities{Read: format.SetOf(format.JPEG), Write: format.SetOf(format.AVIF, format.JPEG)}
	c := canonical(b, everything())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Choose(f, can); err != nil {
			b.Fatal(err)
		}
	}
}
