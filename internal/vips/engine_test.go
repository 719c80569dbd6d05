package vips

import (
	"image"
	"image/color"
	"image/color/palette"
	"image/draw"
	"strings"
	"testing"

	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/format"
	"github.com/stillroom/stillroom/internal/transform"
)

func TestCapabilities(t *testing.T) {
	can := engine.Capabilities()
	for _, f := range []format.Format{format.JPEG, format.PNG, format.WebP, format.AVIF, format.GIF, format.TIFF} {
		if !can.Read.Has(f) || !can.Write.Has(f) {
			t.Errorf("%v: want it read and written, got read %v, written %v", f, can.Read.Has(f), can.Write.Has(f))
		}
	}
	if !can.Read.Has(format.SVG) || can.Write.Has(format.SVG) {
		t.Error("want SVG read and not written")
	}
	text := strings.Join(engine.Codecs(), "\n")
	for _, want := range []string{"libvips " + engine.Version(), "jpeg,png,webp,avif,gif,tiff"} {
		if !strings.Contains(text, want) {
			t.Errorf("want %q in %q", want, text)
		}
	}
	if _, err := New(Config{}); err != nil {
		t.Errorf("a second engine: %v", err)
	}
}

// Whether HEIC can be read depends on the codecs of the machine; what is promised must hold.
func TestHEIC(t *testing.T) {
	im, err := engine.Process(t.Context(), inputs(sampleHEIC), pipeline(t, format.PNG))
	if !engine.can.Read.Has(format.HEIC) {
		if !fault.Is(err, fault.Unsupported) {
			t.Errorf("want unsupported, got %v", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	expect(t, pixels(t, im), 8, probe{.5, .5, color.NRGBA{60, 120, 180, 255}})
}

func TestEncoderSettings(t *testing.T) {
	photo := asPNG(scenery(200, 150, false))
	indexed := image.NewPaletted(image.Rect(0, 0, 200, 150), palette.Plan9)
	draw.Draw(indexed, indexed.Rect, scenery(200, 150, false), image.Point{}, draw.Src)
	size := func(source []byte, f format.Format, quality int, set transform.Encoder) (int, string) {
		c := canonical(t, transform.Pipeline{Ops: []transform.Op{&transform.Resize{Width: 150}}, Output: transform.Output{
			Format: f, Quality: quality, StripMetadata: true, StripProfile: true, Encoder: set}})
		body := process(t, source, c).Body.Bytes()
		return len(body), string(body)
	}
	t.Run("quality", func(t *testing.T) {
		for _, f := range []format.Format{format.JPEG, format.WebP, format.AVIF} {
			low, _ := size(photo, f, 30, transform.Encoder{AVIFSpeed: 9})
			high, _ := size(photo, f, 90, transform.Encoder{AVIFSpeed: 9})
			if low*3 > high*2 {
				t.Errorf("%v: want quality 30 well below quality 90, got %d and %d bytes", f, low, high)
			}
		}
	})
	t.Run("progressive jpeg", func(t *testing.T) {
		const progressive, baseline = "\xff\xc2", "\xff\xc0"
		if _, body := size(photo, format.JPEG, 80, transform.Encoder{JPEGProgressive: true}); !strings.Contains(body, progressive) {
			t.Error("want a progressive frame")
		}
		if _, body := size(photo, format.JPEG, 80, transform.Encoder{}); !strings.Contains(body, baseline) {
			t.Error("want a baseline frame")
		}
	})
	t.Run("png", func(t *testing.T) {
		const interlaced, colourType = 28, 25
		all, body := size(photo, format.PNG, 0, transform.Encoder{})
		if body[colourType] != 2 || body[interlaced] != 0 {
			t.Errorf("want true colours without interlacing, got %d, %d", body[colourType], body[interlaced])
		}
		few, body := size(photo, format.PNG, 0, transform.Encoder{PNGQuantize: true, PNGColors: 16, PNGInterlaced: true})
		if body[colourType] != 3 || body[interlaced] != 1 || few*2 > all {
			t.Errorf("want a small interlaced palette, got type %d, %d, %d of %d bytes", body[colourType], body[interlaced], few, all)
		}
		if _, body = size(asPNG(indexed), format.PNG, 0, transform.Encoder{}); body[colourType] != 3 {
			t.Errorf("want the palette of the source kept, got type %d", body[colourType])
		}
	})
	t.Run("webp", func(t *testing.T) {
		fast, _ := size(photo, format.WebP, 80, transform.Encoder{WebPEffort: 1})
		small, _ := size(photo, format.WebP, 80, transform.Encoder{WebPEffort: 6})
		if small >= fast {
			t.Errorf("want effort to pay, got %d and %d bytes", fast, small)
		}
		for _, preset := range []string{"default", "photo", "picture", "drawing", "icon", "text"} {
			size(photo, format.WebP, 80, transform.Encoder{WebPPreset: preset})
		}
	})
}

func FuzzProcess(f *testing.F) {
	picture := quarters(16, 16, red, glass, blue, yellow)
	for _, seed := range [][]byte{
		asPNG(picture), asJPEG(picture), animated(8, 8, 0, []int{1, 1}, red, blue), []byte(drawing), sampleAVIF, sampleHEIC,
		file(f, "flat.webp"), file(f, "flat.tiff"), file(f, "cmyk.jpg"), file(f, "p3.jpg"), pngHeader(65_000, 65_000),
	} {
		f.Add(seed)
	}
	c := canonical(f, transform.Pipeline{MaxFrames: 4, Ops: []transform.Op{&transform.Orient{}, &transform.Resize{Width: 9, Height: 9}},
		Output: transform.Output{Format: format.WebP, StripMetadata: true, KeepCopyright: true, StripProfile: true}})
	f.Fuzz(func(t *testing.T, source []byte) {
		in := inputs(source)
		in.Limits.SourcePixels = 1 << 16
		im, err := engine.Process(t.Context(), in, c)
		switch fault.KindOf(err) {
		case fault.NotImage, fault.Unsupported, fault.TooLarge, fault.Broken:
			return
		}
		if err != nil {
			t.Fatalf("want a fault of the source, got %v: %v", fault.KindOf(err), err)
		}
		if im.Width > 9 || im.Height > 9 || format.Sniff(im.Body.Bytes()) != format.WebP {
			t.Fatalf("want a webp within 9x9, got %+v", im)
		}
	})
}
