package transform

import (
	"testing"

	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/format"
)

func set(formats ...format.Format) format.Set { return format.SetOf(formats...) }

// usual is what the engine can do with a usual build of libvips.
func usual() Capabilities {
	write := set(format.JPEG, format.PNG, format.WebP, format.AVIF, format.GIF, format.TIFF)
	return Capabilities{Read: write.With(format.SVG).With(format.HEIC), Write: write}
}

func TestChoose(t *testing.T) {
	photo := Facts{Format: format.JPEG, Width: 200, Height: 100, Frames: 1}
	shape := Facts{Format: format.HEIC, Width: 200, Height: 100, Frames: 1, Alpha: true}
	moving := Facts{Format: format.GIF, Width: 200, Height: 100, Frames: 5}
	svg := Facts{Format: format.SVG, Width: 200, Height: 100, Frames: 1, Alpha: true}
	as := func(f Facts, g format.Format) Facts { f.Format = g; return f }
	without := func(f format.Format) Capabilities {
		can := usual()
		can.Write &^= set(f)
		return can
	}
	pad, colour := &Pad{Top: 1}, &Background{}
	tiny := &Resize{Width: 20}

	for _, c := range []struct {
		name string
		p    Pipeline
		f    Facts
		can  Capabilities
		want Choice
	}{
		{"a preferred source stays what it is", Pipeline{}, photo, usual(), Choice{Format: format.JPEG}},
		{"another becomes the first preferred", Pipeline{}, as(photo, format.TIFF), usual(), Choice{Format: format.JPEG}},
		{"that holds transparency", Pipeline{}, shape, usual(), Choice{Format: format.PNG}},
		{"also of a border", Pipeline{Ops: []Op{pad}}, as(photo, format.TIFF), usual(), Choice{Format: format.PNG}},
		{"also of a canvas", Pipeline{Ops: []Op{&Resize{Width: 9, Extend: &Gravity{}}}}, as(photo, format.TIFF), usual(), Choice{Format: format.PNG}},
		{"unless a colour is behind it", Pipeline{Ops: []Op{pad, colour}}, shape, usual(), Choice{Format: format.JPEG}},
		{"a border does not change a preferred source", Pipeline{Ops: []Op{pad}}, photo, usual(), Choice{Format: format.JPEG}},
		{"frames need a format that holds them", Pipeline{MaxFrames: 9}, as(moving, format.WebP), usual(), Choice{Format: format.GIF}},
		{"but not if one is wanted", Pipeline{MaxFrames: 1}, as(moving, format.WebP), usual(), Choice{Format: format.JPEG}},
		{"nothing fits: the first", Pipeline{MaxFrames: 9, Output: Output{Preferred: []format.Format{format.TIFF, format.PNG}}}, moving, usual(), Choice{Format: format.TIFF}},
		{"the first that can be written", Pipeline{Output: Output{Preferred: []format.Format{format.BMP, format.PNG}}}, photo, usual(), Choice{Format: format.PNG}},

		{"the client shows webp", Pipeline{Output: Output{Auto: set(format.WebP)}}, photo, usual(), Choice{Format: format.WebP}},
		{"avif is better", Pipeline{Output: Output{Auto: set(format.WebP, format.AVIF)}}, photo, usual(), Choice{Format: format.AVIF}},
		{"jxl cannot be written here", Pipeline{Output: Output{Auto: set(format.JXL, format.WebP)}}, photo, usual(), Choice{Format: format.WebP}},
		{"no avif of an animation", Pipeline{MaxFrames: 9, Output: Output{Auto: set(format.WebP, format.AVIF)}}, moving, usual(), Choice{Format: format.WebP}},
		{"of its first frame, yes", Pipeline{Output: Output{Auto: set(format.WebP, format.AVIF)}}, moving, usual(), Choice{Format: format.AVIF}},

		{"asked for by name", Pipeline{Output: Output{Format: format.PNG, Auto: set(format.WebP)}}, photo, usual(), Choice{Format: format.PNG}},
		{"enforced all the same", Pipeline{Output: Output{Format: format.PNG, Enforce: set(format.WebP)}}, photo, usual(), Choice{Format: format.WebP}},
		{"enforced on a still of an animation", Pipeline{MaxFrames: 9, Output: Output{Format: format.PNG, Enforce: set(format.AVIF)}}, moving, usual(), Choice{Format: format.AVIF}},
		{"not on an animation", Pipeline{MaxFrames: 9, Output: Output{Format: format.GIF, Enforce: set(format.AVIF)}}, moving, usual(), Choice{Format: format.GIF}},

		{"avif falls back to webp", Pipeline{Output: Output{Format: format.AVIF}}, photo, without(format.AVIF), Choice{Format: format.WebP, Fallback: format.AVIF}},
		{"jxl too", Pipeline{Output: Output{Format: format.JXL}}, shape, usual(), Choice{Format: format.WebP, Fallback: format.JXL}},
		{"webp to jpeg", Pipeline{Output: Output{Format: format.WebP}}, photo, without(format.WebP), Choice{Format: format.JPEG, Fallback: format.WebP}},
		{"or png", Pipeline{Output: Output{Format: format.WebP}}, shape, without(format.WebP), Choice{Format: format.PNG, Fallback: format.WebP}},

		{"too small for avif", Pipeline{Ops: []Op{tiny}, Output: Output{Format: format.AVIF}}, photo, usual(), Choice{Format: format.JPEG, Fallback: format.AVIF}},
		{"with transparency", Pipeline{Ops: []Op{tiny}, Output: Output{Format: format.AVIF}}, shape, usual(), Choice{Format: format.PNG, Fallback: format.AVIF}},
		{"a colour ends it", Pipeline{Ops: []Op{tiny, colour}, Output: Output{Format: format.AVIF}}, shape, usual(), Choice{Format: format.JPEG, Fallback: format.AVIF}},
		{"nobody asked for avif", Pipeline{Ops: []Op{tiny}, Output: Output{Auto: set(format.AVIF)}}, photo, usual(), Choice{Format: format.JPEG}},
		{"the border makes it large enough", Pipeline{Ops: []Op{tiny, &Pad{Top: 6}}, Output: Output{Format: format.AVIF}}, photo, usual(), Choice{Format: format.AVIF}},

		{"an svg stays one", Pipeline{Ops: []Op{tiny}, Output: Output{Auto: set(format.WebP)}}, svg, usual(), Choice{Format: format.SVG, Passthrough: true}},
		{"also by name", Pipeline{Output: Output{Format: format.SVG, RasterizeSVG: true}}, svg, usual(), Choice{Format: format.SVG, Passthrough: true}},
		{"unless pixels are asked for", Pipeline{Output: Output{Format: format.JPEG}}, svg, usual(), Choice{Format: format.JPEG}},
		{"or the operator wants them", Pipeline{Output: Output{RasterizeSVG: true}}, svg, usual(), Choice{Format: format.PNG}},
		{"and does not skip svg", Pipeline{Output: Output{RasterizeSVG: true, Skip: set(format.SVG)}}, svg, usual(), Choice{Format: format.SVG, Passthrough: true}},
		{"skipped", Pipeline{Output: Output{Skip: set(format.GIF), Auto: set(format.WebP)}}, moving, usual(), Choice{Format: format.GIF, Passthrough: true}},
		{"skipped, asked for as it is", Pipeline{Output: Output{Format: format.GIF, Skip: set(format.GIF), Enforce: set(format.WebP)}}, moving, usual(), Choice{Format: format.GIF, Passthrough: true}},
		{"not skipped if another is asked for", Pipeline{Output: Output{Format: format.PNG, Skip: set(format.GIF)}}, moving, usual(), Choice{Format: format.PNG}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := canonical(t, c.p).Choose(c.f, c.can)
			if err != nil || got != c.want {
				t.Errorf("chose %v, %v, want %v", got, err, c.want)
			}
		})
	}
}

func TestChooseRefuses(t *testing.T) {
	photo := Facts{Format: format.JPEG, Width: 200, Height: 100, Frames: 1}
	for _, c := range []struct {
		o    Output
		f    Facts
		can  Capabilities
		want string
	}{
		{Output{Format: format.SVG}, photo, usual(), "svg can only be made of svg, the source is jpeg"},
		{Output{Format: format.BMP}, photo, usual(), "bmp cannot be written here"},
		{Output{Format: format.AVIF}, photo, Capabilities{Read: set(format.JPEG), Write: set(format.GIF)}, "avif cannot be written here"},
		{Output{}, Facts{Format: format.ICO, Width: 9, Height: 9}, usual(), "ico cannot be read here"},
		{Output{Preferred: []format.Format{format.BMP}}, photo, usual(), "none of the preferred formats can be written here"},
	} {
		_, err := canonical(t, Pipeline{Output: c.o}).Choose(c.f, c.can)
		if err == nil || err.Error() != "transform.choose: "+c.want || !fault.Is(err, fault.Unsupported) {
			t.Errorf("error %v of kind %s, want %q", err, fault.KindOf(err), c.want)
		}
	}
}

func TestQuality(t *testing.T) {
	table := QualityTable{format.WebP: 79, format.AVIF: 63}
	auto := set(format.WebP, format.AVIF)
	for _, c := range []struct {
		name string
		o    Output
		f    format.Format
		want int
	}{
		{"asked for", Output{Quality: 50, FormatQuality: table, DefaultQuality: 90, Auto: auto}, format.WebP, 50},
		{"of the format", Output{FormatQuality: table, DefaultQuality: 90, Auto: auto}, format.WebP, 79},
		{"of another format", Output{FormatQuality: table, DefaultQuality: 90, Auto: auto}, format.AVIF, 63},
		{"the default", Output{FormatQuality: table, DefaultQuality: 90, Auto: auto}, format.JPEG, 90},
		{"nobody says", Output{}, format.JPEG, 80},
		{"there is none", Output{Quality: 50}, format.PNG, 0},
		{"there is no such format", Output{Quality: 50}, format.Format(200), 0},
		{"in place of webp", Output{Format: format.WebP, FormatQuality: table, DefaultQuality: 85}, format.JPEG, 85},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := canonical(t, Pipeline{Output: c.o}).Quality(c.f); got != c.want {
				t.Errorf("quality %d, want %d", got, c.want)
			}
		})
	}
}
