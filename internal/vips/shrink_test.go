package vips

import (
	"image"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stillroom/stillroom/internal/format"
	"github.com/stillroom/stillroom/internal/transform"
)

func TestRescale(t *testing.T) {
	cut := func(x, y, w, h int) transform.Step {
		return transform.Cut{Rect: transform.Rect{X: x, Y: y, W: w, H: h}}
	}
	scale := func(w, h int) transform.Step { return transform.Scale{Size: transform.Size{W: w, H: h}} }
	turn := transform.TurnBy{Turn: transform.Turn{Quarters: 1}}
	tests := []struct {
		name     string
		steps    []transform.Step
		from, to transform.Size
		want     []transform.Step
	}{
		{"no cut", []transform.Step{scale(10, 10), turn}, transform.Size{W: 100, H: 100}, transform.Size{W: 25, H: 25}, []transform.Step{scale(10, 10), turn}},
		{"cut before", []transform.Step{cut(40, 20, 60, 80), scale(10, 10)}, transform.Size{W: 100, H: 100}, transform.Size{W: 25, H: 25},
			[]transform.Step{cut(10, 5, 15, 20), scale(10, 10)}},
		{"cut after", []transform.Step{scale(20, 20), cut(5, 5, 10, 10)}, transform.Size{W: 100, H: 100}, transform.Size{W: 25, H: 25},
			[]transform.Step{scale(20, 20), cut(5, 5, 10, 10)}},
		{"cut in a cut", []transform.Step{cut(20, 20, 80, 80), cut(40, 40, 40, 40), scale(5, 5)}, transform.Size{W: 100, H: 100}, transform.Size{W: 50, H: 50},
			[]transform.Step{cut(10, 10, 40, 40), cut(20, 20, 20, 20), scale(5, 5)}},
		{"rounded up source", []transform.Step{cut(93, 0, 8, 101), scale(1, 10)}, transform.Size{W: 101, H: 101}, transform.Size{W: 13, H: 13},
			[]transform.Step{cut(12, 0, 1, 13), scale(1, 10)}},
		{"a pixel stays", []transform.Step{cut(99, 99, 1, 1), scale(1, 1)}, transform.Size{W: 100, H: 100}, transform.Size{W: 13, H: 13},
			[]transform.Step{cut(12, 12, 1, 1), scale(1, 1)}},
		{"nothing to scale", []transform.Step{turn}, transform.Size{W: 100, H: 50}, transform.Size{W: 50, H: 25}, []transform.Step{scale(100, 50), turn}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, rescale(tt.steps, tt.from, tt.to)); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}

// What decoders scale comes out where and as a full scaling puts it.
func TestShrinkOnLoad(t *testing.T) {
	picture := scenery(640, 400, false)
	whole := asPNG(picture)
	jpg := asJPEG(picture)
	webp := process(t, whole, canonical(t, transform.Pipeline{Output: transform.Output{Format: format.WebP, Quality: 98}})).Body.Bytes()
	tests := []struct {
		name string
		ops  []transform.Op
	}{
		{"by 1.5", []transform.Op{&transform.Resize{Width: 426}}},
		{"by 2", []transform.Op{&transform.Resize{Width: 320}}},
		{"by 5", []transform.Op{&transform.Resize{Width: 128}}},
		{"by 10", []transform.Op{&transform.Resize{Width: 64}}},
		{"by 40", []transform.Op{&transform.Resize{Width: 16}}},
		{"cut and by 5", []transform.Op{&transform.Crop{Width: 333, Height: 222, Gravity: transform.Gravity{Anchor: transform.SouthEast, X: 31, Y: 17}}, &transform.Resize{Width: 66}}},
		{"turned and by 4", []transform.Op{&transform.Rotate{Degrees: 90}, &transform.Resize{Width: 100}}},
		{"filled", []transform.Op{&transform.Resize{Type: transform.Fill, Width: 60, Height: 60, Gravity: transform.Gravity{Anchor: transform.West}}}},
		{"out of shape", []transform.Op{&transform.Resize{Type: transform.Force, Width: 60, Height: 200}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := pipeline(t, format.PNG, tt.ops...)
			want := pixels(t, process(t, whole, c))
			for name, source := range map[string][]byte{"jpeg": jpg, "webp": webp} {
				if mean, worst := distance(t, want, pixels(t, process(t, source, c))); mean > 2.5 || worst > 40 {
					t.Errorf("%s: %.2f from a full scaling on average, %d at worst", name, mean, worst)
				}
			}
		})
	}
}

// distance returns the mean and the greatest difference between samples, 0 to 255.
func distance(t *testing.T, a, b image.Image) (float64, int) {
	t.Helper()
	if a.Bounds().Size() != b.Bounds().Size() {
		t.Fatalf("want %v, got %v", a.Bounds().Size(), b.Bounds().Size())
	}
	sum, worst, n := 0, 0, 0
	for y := range a.Bounds().Dy() {
		for x := range a.Bounds().Dx() {
			ar, ag, ab, aa := a.At(x, y).RGBA()
			br, bg, bb, ba := b.At(x, y).RGBA()
			for _, d := range []int{int(ar) - int(br), int(ag) - int(bg), int(ab) - int(bb), int(aa) - int(ba)} {
				d = max(d, -d) >> 8
				sum, worst, n = sum+d, max(worst, d), n+1
			}
		}
	}
	return float64(sum) / float64(n), worst
}
