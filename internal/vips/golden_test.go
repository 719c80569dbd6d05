package vips

import (
	"bytes"
	"flag"
	"image/png"
	"os"
	"testing"

	"github.com/stillroom/stillroom/internal/format"
	"github.com/stillroom/stillroom/internal/transform"
)

var update = flag.Bool("update", false, "rewrite testdata/golden")

// Renditions against pictures that were looked at once. Encoders and decoders of another version may
// differ by a little, never by much.
func TestGolden(t *testing.T) {
	photo, pane := asJPEG(scenery(600, 400, false)), asPNG(scenery(300, 200, true))
	tests := []struct {
		name   string
		source []byte
		out    format.Format
		ops    []transform.Op
	}{
		{"photo", photo, format.JPEG, []transform.Op{&transform.Resize{Width: 48}}},
		{"glass", pane, format.WebP, []transform.Op{&transform.Resize{Width: 48}}},
		{"glass-on-jam", pane, format.AVIF, []transform.Op{&transform.Resize{Width: 48}, &transform.Pad{Top: 4, Left: 8}, &transform.Background{Color: transform.Color{R: 120, G: 20, B: 40}}}},
		{"corner", photo, format.PNG, []transform.Op{&transform.Crop{Width: .5, Height: .5, Gravity: transform.Gravity{Anchor: transform.NorthEast}},
			&transform.Rotate{Degrees: 270}, &transform.Resize{Type: transform.Fill, Width: 32, Height: 32}}},
		{"drawing", []byte(drawing), format.PNG, []transform.Op{&transform.Resize{Width: 40}, &transform.Flip{Horizontal: true}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := pixels(t, process(t, tt.source, pipeline(t, tt.out, tt.ops...)))
			name := "testdata/golden/" + tt.name + ".png"
			if *update {
				if err := os.WriteFile(name, asPNG(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			want, err := png.Decode(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			if mean, worst := distance(t, want, got); mean > 2 || worst > 48 {
				t.Errorf("%.2f from %s on average, %d at worst", mean, name, worst)
			}
		})
	}
}
