#include "vips.h"

// sr_to_8_bit brings integer samples to 8 bits by dropping the low ones.
int sr_to_8_bit(VipsImage *in, VipsImage **out) {
	if (in->BandFmt == VIPS_FORMAT_UCHAR) {
		g_object_ref(in);
		*out = in;
		return 0;
	}
	VipsImage *cast = NULL;
	int integer = vips_band_format_isint(in->BandFmt);
	if (vips_cast(in, &cast, VIPS_FORMAT_UCHAR, "shift", integer, NULL))
		return -1;
	VipsInterpretation space = in->Type;
	if (space == VIPS_INTERPRETATION_RGB16)
		space = VIPS_INTERPRETATION_sRGB;
	else if (space == VIPS_INTERPRETATION_GREY16)
		space = VIPS_INTERPRETATION_B_W;
	int result = vips_copy(cast, out, "interpretation", space, NULL);
	g_object_unref(cast);
	return result;
}

int sr_to_space(VipsImage *in, VipsImage **out, VipsInterpretation space) {
	return vips_colourspace(in, out, space, NULL);
}

// sr_icc_to_srgb converts by the image's own profile; CMYK without one is taken for a usual press.
int sr_icc_to_srgb(VipsImage *in, VipsImage **out) {
	const char *otherwise = in->Type == VIPS_INTERPRETATION_CMYK ? "cmyk" : "srgb";
	return vips_icc_transform(in, out, "srgb", "embedded", TRUE, "input_profile", otherwise,
		"intent", VIPS_INTENT_RELATIVE, "depth", 8, NULL);
}

int sr_first_bands(VipsImage *in, VipsImage **out, int bands) {
	return vips_extract_band(in, out, 0, "n", bands, NULL);
}
