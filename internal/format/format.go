// Package format names the image formats, tells them apart by their first bytes and reads what a
// client accepts.
package format

// Format is an image format. The zero value is Unknown.
type Format uint8

// The formats, in no order of preference.
const (
	Unknown Format = iota
	JPEG
	PNG
	WebP
	AVIF
	GIF
	TIFF
	SVG
	JXL
	HEIC
	BMP
	ICO

	count
)

type facts struct {
	name, mime, ext           string
	alpha, animation, quality bool
	vector                    bool
}

var table = [count]facts{
	Unknown: {name: "unknown", mime: "application/octet-stream"},
	JPEG:    {name: "jpeg", mime: "image/jpeg", ext: "jpg", quality: true},
	PNG:     {name: "png", mime: "image/png", ext: "png", alpha: true},
	WebP:    {name: "webp", mime: "image/webp", ext: "webp", alpha: true, animation: true, quality: true},
	AVIF:    {name: "avif", mime: "image/avif", ext: "avif", alpha: true, quality: true},
	GIF:     {name: "gif", mime: "image/gif", ext: "gif", alpha: true, animation: true},
	TIFF:    {name: "tiff", mime: "image/tiff", ext: "tiff", alpha: true, quality: true},
	SVG:     {name: "svg", mime: "image/svg+xml", ext: "svg", alpha: true, vector: true},
	JXL:     {name: "jxl", mime: "image/jxl", ext: "jxl", alpha: true, quality: true},
	HEIC:    {name: "heic", mime: "image/heif", ext: "heic", alpha: true, quality: true},
	BMP:     {name: "bmp", mime: "image/bmp", ext: "bmp", alpha: true},
	ICO:     {name: "ico", mime: "image/x-icon", ext: "ico", alpha: true},
}

// String returns the format's name, as URLs and canonical text spell it.
func (f Format) String() string { return f.facts().name }

// MIME returns the media type; application/octet-stream when unknown.
func (f Format) MIME() string { return f.facts().mime }

// Ext returns the usual file extension without a dot; empty when unknown.
func (f Format) Ext() string { return f.facts().ext }

// HasAlpha reports whether the format can hold transparency.
func (f Format) HasAlpha() bool { return f.facts().alpha }

// HasAnimation reports whether frames can be written to the format here.
func (f Format) HasAnimation() bool { return f.facts().animation }

// HasQuality reports whether the format's encoder takes a quality.
func (f Format) HasQuality() bool { return f.facts().quality }

// IsVector reports whether the format describes shapes rather than pixels.
func (f Format) IsVector() bool { return f.facts().vector }

func (f Format) facts() *facts {
	if f >= count {
		f = Unknown
	}
	return &table[f]
}

// Parse returns the format that name means in a URL: imgproxy's names, where "jpg" is "jpeg" and
// neither "tif" nor "heif" is known (imgproxy reference, section 1.6).
func Parse(name string) (Format, bool) {
	if name == "jpg" {
		return JPEG, true
	}
	for f := JPEG; f < count; f++ {
		if table[f].name == name {
			return f, true
		}
	}
	return Unknown, false
}

// All returns every known format.
func All() []Format {
	all := make([]Format, 0, count-1)
	for f := JPEG; f < count; f++ {
		all = append(all, f)
	}
	return all
}
