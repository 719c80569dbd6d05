package vips

// #include "vips.h"
import "C"

import (
	"strconv"
	"strings"
	"unsafe"

	"github.com/stillroom/stillroom/internal/format"
	"github.com/stillroom/stillroom/internal/transform"
)

// loaders names the libvips operation that reads each format.
var loaders = [...]string{
	format.JPEG: "jpegload_buffer",
	format.PNG:  "pngload_buffer",
	format.WebP: "webpload_buffer",
	format.AVIF: "heifload_buffer",
	format.HEIC: "heifload_buffer",
	format.GIF:  "gifload_buffer",
	format.TIFF: "tiffload_buffer",
	format.SVG:  "svgload_buffer",
}

// options is a libvips option string in the making.
type options []string

func (o options) with(name, value string) options { return append(o, name+"="+value) }

func (o options) withInt(name string, value int) options { return o.with(name, strconv.Itoa(value)) }

func (o options) withBool(name string, value bool) options {
	return o.with(name, strconv.FormatBool(value))
}

func (o options) String() string { return "[" + strings.Join(o, ",") + "]" }

// loaderOptions adds what every source is opened with: rows from top to bottom, so that an image is
// never in memory as a whole, and an error rather than a grey area where bytes are missing.
func (e *Engine) loaderOptions(f format.Format, o options) options {
	o = o.with("access", "sequential").with("fail_on", "truncated")
	switch {
	case f == format.PNG && e.config.PNGUnlimited,
		f == format.SVG && e.config.SVGUnlimited,
		f == format.TIFF && e.config.TIFFUnlimited && e.knows.tiffUnlimited:
		o = o.withBool("unlimited", true)
	}
	return o
}

// facts reads what the header says. Only GIF and WebP have frames: further images in a TIFF or HEIF file
// are pages, not moments.
func (j *job) facts(im *picture) transform.Facts {
	f := transform.Facts{
		Format:      j.format,
		Width:       im.width(),
		Height:      im.integer("page-height", im.height()),
		Orientation: im.integer("orientation", 1),
		Frames:      1,
		Alpha:       im.hasAlpha(),
	}
	if j.format.HasAnimation() {
		f.Frames = max(1, im.integer("n-pages", 1))
	}
	if f.Orientation < 1 || f.Orientation > 8 {
		f.Orientation = 1
	}
	return f
}

func hasOperation(name string) bool {
	c := C.CString(name)
	defer C.free(unsafe.Pointer(c))
	return C.sr_has_operation(c) != 0
}

func hasArgument(operation, argument string) bool {
	o, a := C.CString(operation), C.CString(argument)
	defer C.free(unsafe.Pointer(o))
	defer C.free(unsafe.Pointer(a))
	return C.sr_has_argument(o, a) != 0
}
