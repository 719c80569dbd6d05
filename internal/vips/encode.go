package vips

// #include "vips.h"
import "C"

import (
	"unsafe"

	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/format"
)

// savers names the libvips operation that writes each format.
var savers = [...]string{
	format.JPEG: "jpegsave_buffer",
	format.PNG:  "pngsave_buffer",
	format.WebP: "webpsave_buffer",
	format.AVIF: "heifsave_buffer",
	format.GIF:  "gifsave_buffer",
	format.TIFF: "tiffsave_buffer",
}

// encode writes the image in the result's format. With JPEG, PNG and TIFF this is also when pixels are
// decoded and computed, a few rows at a time.
func (r *rendering) encode(im *picture) ([]byte, error) {
	o, err := r.saverOptions(im)
	if err != nil {
		return nil, err
	}
	if o, err = r.metadata(im, o); err != nil {
		return nil, err
	}
	if err := r.job.alive("vips.encode"); err != nil {
		return nil, err
	}
	return im.save(savers[r.format], o)
}

func (im *picture) save(saver string, o options) ([]byte, error) {
	name, opts := C.CString(saver), C.CString(o.String())
	defer C.free(unsafe.Pointer(name))
	defer C.free(unsafe.Pointer(opts))
	im.job.watch.sink = im.v
	defer func() { im.job.watch.sink = nil }()
	var data unsafe.Pointer
	var length C.size_t
	if C.sr_save(im.v, name, opts, &data, &length) != 0 {
		return nil, im.job.failed("vips.encode")
	}
	defer C.g_free(C.gpointer(data))
	return C.GoBytes(data, C.int(length)), nil
}

// saverOptions turns the operator's settings into the encoder's.
func (r *rendering) saverOptions(im *picture) (options, error) {
	set := r.canonical.Output().Encoder
	quality := r.canonical.Quality(r.format)
	var o options
	switch r.format {
	case format.JPEG:
		return o.withInt("Q", quality).with("optimize_coding", "true").withBool("interlace", set.JPEGProgressive), nil
	case format.PNG:
		// Who stored a palette wanted a small file: all colours would make it two to three times as large.
		if !set.PNGQuantize && im.bands() >= 3 && im.has("palette-bit-depth") {
			return pngOptions(set.PNGInterlaced, true, 256), nil
		}
		return pngOptions(set.PNGInterlaced, set.PNGQuantize, set.PNGColors), nil
	case format.WebP:
		if o = o.withInt("Q", quality).withInt("effort", or(set.WebPEffort, 4)); set.WebPPreset != "" {
			o = o.with("preset", set.WebPPreset)
		}
		return o, nil
	case format.AVIF:
		return r.avifOptions(quality, set.AVIFSpeed)
	case format.GIF:
		// libvips's own 7 takes four times as long (2.0 and 0.5 s for a megapixel) for a tenth fewer bytes.
		return o.withInt("effort", 3), nil
	case format.TIFF:
		// Without loss, and readable everywhere; a quality has no meaning here.
		return o.with("compression", "deflate").with("predictor", "horizontal"), nil
	}
	return nil, fault.New(fault.Unsupported, "vips.encode", "%s cannot be written here", r.format)
}

// pngOptions tries every filter for each row, as imgproxy does. A palette takes the fewest bits that hold
// its colours.
func pngOptions(interlaced, quantize bool, colours int) options {
	o := options{}.withBool("interlace", interlaced)
	if !quantize {
		return o.with("filter", "all")
	}
	bits := 8
	switch colours = or(colours, 256); {
	case colours <= 2:
		bits = 1
	case colours <= 4:
		bits = 2
	case colours <= 16:
		bits = 4
	}
	return o.with("palette", "true").withInt("bitdepth", bits)
}

func or(value, otherwise int) int {
	if value == 0 {
		return otherwise
	}
	return value
}
