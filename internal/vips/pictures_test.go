package vips

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"testing"

	"github.com/stillroom/stillroom/internal/blob"
	"github.com/stillroom/stillroom/internal/format"
	"github.com/stillroom/stillroom/internal/transform"
)

var (
	red    = color.NRGBA{200, 30, 30, 255}
	green  = color.NRGBA{30, 160, 60, 255}
	blue   = color.NRGBA{40, 60, 200, 255}
	yellow = color.NRGBA{230, 200, 40, 255}
	white  = color.NRGBA{255, 255, 255, 255}
	glass  = color.NRGBA{}
)

// quarters returns a picture of four colours, from the top left to the bottom right.
func quarters(w, h int, tl, tr, bl, br color.NRGBA) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	c := [4]color.NRGBA{tl, tr, bl, br}
	for y := range h {
		for x := range w {
			m.SetNRGBA(x, y, c[2*x/w+2*(2*y/h)])
		}
	}
	return m
}

func flat() *image.NRGBA { return quarters(48, 32, red, green, blue, yellow) }

func asPNG(m image.Image) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func asJPEG(m image.Image) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 95}); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// withEXIF puts an EXIF block with the orientation and, unless empty, a copyright into a JPEG.
func withEXIF(jpg []byte, orientation uint16, copyright string) []byte {
	text := append([]byte(copyright), 0)
	b := []byte("Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x02")
	b = append(b, "\x01\x12\x00\x03\x00\x00\x00\x01"...)
	b = binary.BigEndian.AppendUint16(b, orientation)
	b = append(b, 0, 0)
	b = append(b, "\x82\x98\x00\x02"...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(text)))
	b = binary.BigEndian.AppendUint32(b, 38)
	b = append(b, 0, 0, 0, 0)
	b = append(b, text...)
	return withSegment(jpg, 0xe1, b)
}

// withSegment puts a marker segment right behind a JPEG's first two bytes.
func withSegment(jpg []byte, marker byte, data []byte) []byte {
	out := append([]byte{}, jpg[:2]...)
	out = append(out, 0xff, marker)
	out = binary.BigEndian.AppendUint16(out, uint16(len(data)+2))
	return append(append(out, data...), jpg[2:]...)
}

// pngHeader is a PNG that claims a size and holds nothing.
func pngHeader(w, h uint32) []byte {
	chunk := func(name string, data []byte) []byte {
		b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
		b = append(append(b, name...), data...)
		return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
	}
	head := binary.BigEndian.AppendUint32(nil, w)
	head = binary.BigEndian.AppendUint32(head, h)
	head = append(head, 8, 6, 0, 0, 0)
	b := append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", head)...)
	return append(b, chunk("IDAT", []byte("\x78\x9c\x03\x00\x00\x00\x00\x01"))...)
}

// animated returns a GIF of frames in one colour each, shown for the delays in hundredths of a second.
func animated(w, h, loop int, delays []int, frames ...color.NRGBA) []byte {
	g := gif.GIF{LoopCount: loop, Delay: delays}
	for _, c := range frames {
		m := image.NewPaletted(image.Rect(0, 0, w, h), color.Palette{c, color.NRGBA{0, 0, 0, 255}})
		g.Image = append(g.Image, m)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &g); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func file(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// pipeline makes a canonical pipeline that strips everything, as imgproxy does by default.
func pipeline(t testing.TB, out format.Format, ops ...transform.Op) transform.Canonical {
	t.Helper()
	return canonical(t, transform.Pipeline{Ops: ops, Output: transform.Output{
		Format: out, StripMetadata: true, StripProfile: true, Encoder: transform.Encoder{AVIFSpeed: 8},
	}})
}

func canonical(t testing.TB, p transform.Pipeline) transform.Canonical {
	t.Helper()
	c, err := transform.Normalize(p)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func inputs(source []byte) transform.Inputs {
	return transform.Inputs{Source: blob.New(source), Limits: transform.Limits{SourcePixels: 50_000_000}}
}

// process makes a result that has to succeed.
func process(t testing.TB, source []byte, c transform.Canonical) transform.Image {
	t.Helper()
	im, err := engine.Process(context.Background(), inputs(source), c)
	if err != nil {
		t.Fatal(err)
	}
	if got := format.Sniff(im.Body.Bytes()); got != im.Format {
		t.Fatalf("the result says %v, its bytes are %v", im.Format, got)
	}
	return im
}

// pixels decodes a result, with Go's decoders where there are any.
func pixels(t testing.TB, im transform.Image) image.Image {
	t.Helper()
	body := im.Body.Bytes()
	switch im.Format {
	case format.JPEG, format.PNG, format.GIF:
	default:
		body = process(t, body, pipeline(t, format.PNG)).Body.Bytes()
	}
	m, _, err := image.Decode(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if got := m.Bounds().Size(); got.X != im.Width || got.Y != im.Height {
		t.Fatalf("the result says %dx%d, its bytes are %v", im.Width, im.Height, got)
	}
	return m
}

// probe is a colour expected at a place, both given as fractions of the picture.
type probe struct {
	x, y float64
	want color.NRGBA
}

// fourQuarters expects the colours in the middle of the quarters.
func fourQuarters(tl, tr, bl, br color.NRGBA) []probe {
	return []probe{{.25, .25, tl}, {.75, .25, tr}, {.25, .75, bl}, {.75, .75, br}}
}

// expect compares colours within a tolerance for each channel.
func expect(t *testing.T, m image.Image, tolerance int, probes ...probe) {
	t.Helper()
	size := m.Bounds().Size()
	for _, p := range probes {
		x, y := int(p.x*float64(size.X)), int(p.y*float64(size.Y))
		got := color.NRGBAModel.Convert(m.At(x, y)).(color.NRGBA)
		for _, d := range []int{
			int(got.R) - int(p.want.R), int(got.G) - int(p.want.G), int(got.B) - int(p.want.B), int(got.A) - int(p.want.A),
		} {
			if d < -tolerance || d > tolerance {
				t.Errorf("at %d,%d: want %v within %d, got %v", x, y, p.want, tolerance, got)
				break
			}
		}
	}
}
