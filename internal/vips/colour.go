package vips

// #include "vips.h"
import "C"

import (
	"bytes"

	"github.com/stillroom/stillroom/internal/fault"
)

const profileField = "icc-profile-data"

// prepare brings samples to 8 bits and rare colour spaces to sRGB; grey stays grey, CMYK stays CMYK.
func (im *picture) prepare() error {
	switch C.vips_image_guess_interpretation(im.v) {
	case C.VIPS_INTERPRETATION_sRGB, C.VIPS_INTERPRETATION_B_W, C.VIPS_INTERPRETATION_CMYK,
		C.VIPS_INTERPRETATION_RGB16, C.VIPS_INTERPRETATION_GREY16, C.VIPS_INTERPRETATION_RGB:
	case C.VIPS_INTERPRETATION_MULTIBAND, C.VIPS_INTERPRETATION_HISTOGRAM, C.VIPS_INTERPRETATION_MATRIX:
		if im.bands() > 4 {
			if err := im.firstBands(3); err != nil {
				return err
			}
		}
	default: // Lab, XYZ, scRGB, HSV and their kin
		if C.vips_colourspace_issupported(im.v) == 0 {
			return fault.New(fault.Unsupported, "vips.colour", "%s: unknown colour space", im.job.format)
		}
		if err := im.toSpace(C.VIPS_INTERPRETATION_sRGB); err != nil {
			return err
		}
	}
	return im.do("colour", func(in *C.VipsImage, out **C.VipsImage) C.int { return C.sr_to_8_bit(in, out) })
}

// convert brings the image to sRGB, or to plain grey. An embedded profile is followed and then dropped,
// unless it is to be kept and the image stays what the profile describes. A profile that cannot be
// followed is treated as if it were not there: many are damaged and the pixels are still worth showing.
func (im *picture) convert(keepProfile bool) error {
	cmyk := im.v.Type == C.VIPS_INTERPRETATION_CMYK
	profile := im.has(profileField)
	if !cmyk && (!profile || keepProfile || im.isSRGB()) {
		return nil
	}
	grey := im.bands() < 3
	followed := im.try(func(in *C.VipsImage, out **C.VipsImage) C.int { return C.sr_icc_to_srgb(in, out) })
	if !followed && cmyk {
		if err := im.strip([]string{"orientation", "page-height", "n-pages"}); err != nil {
			return err
		}
		err := im.do("colour", func(in *C.VipsImage, out **C.VipsImage) C.int { return C.sr_icc_to_srgb(in, out) })
		if err != nil {
			return err
		}
	}
	if followed && grey {
		return im.toSpace(C.VIPS_INTERPRETATION_B_W)
	}
	return nil
}

// isSRGB reports whether the embedded profile is the standard sRGB one, which changes nothing.
func (im *picture) isSRGB() bool {
	const name = "sRGB IEC61966-2.1"
	profile := im.blob(profileField)
	if bytes.Contains(profile, []byte(name)) {
		return true
	}
	wide := make([]byte, 0, 2*len(name)) // version 4 profiles spell their name in UTF-16
	for _, c := range []byte(name) {
		wide = append(wide, 0, c)
	}
	return bytes.Contains(profile, wide)
}

// try is do for operations that may be refused; it reports whether it was done.
func (im *picture) try(f func(in *C.VipsImage, out **C.VipsImage) C.int) bool {
	var out *C.VipsImage
	if f(im.v, &out) != 0 {
		takeError()
		return false
	}
	im.release()
	im.v = out
	return true
}

func (im *picture) toSpace(space C.VipsInterpretation) error {
	return im.do("colour", func(in *C.VipsImage, out **C.VipsImage) C.int { return C.sr_to_space(in, out, space) })
}

func (im *picture) firstBands(n int) error {
	return im.do("colour", func(in *C.VipsImage, out **C.VipsImage) C.int {
		return C.sr_first_bands(in, out, C.int(n))
	})
}
