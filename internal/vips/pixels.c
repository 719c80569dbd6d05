#include "vips.h"

#include <math.h>

int sr_cut(VipsImage *in, VipsImage **out, int x, int y, int width, int height) {
	return vips_extract_area(in, out, x, y, width, height, NULL);
}

static int resize(VipsImage *in, VipsImage **out, double horizontal, double vertical) {
	return vips_resize(in, out, horizontal, "vscale", vertical, "kernel", VIPS_KERNEL_LANCZOS3, NULL);
}

// sr_scale brings an image to exactly width x height with a Lanczos kernel. One factor does for both sides
// where rounding then gives the wanted size: a fraction of a pixel that rounding added to one side must not stretch
// the picture, and imgproxy's pictures have none. Colours are multiplied by their opacity first, else invisible
// pixels would bleed into visible ones.
int sr_scale(VipsImage *in, VipsImage **out, int width, int height) {
	double horizontal = (double) width / in->Xsize;
	double vertical = (double) height / in->Ysize;
	if (rint(in->Ysize * horizontal) == height)
		vertical = horizontal;
	else if (rint(in->Xsize * vertical) == width)
		horizontal = vertical;
	if (!vips_image_hasalpha(in))
		return resize(in, out, horizontal, vertical);

	VipsImage *work = vips_image_new();
	VipsImage **made = (VipsImage **) vips_object_local_array(VIPS_OBJECT(work), 3);
	int result = vips_premultiply(in, &made[0], NULL) ||
		resize(made[0], &made[1], horizontal, vertical) ||
		vips_unpremultiply(made[1], &made[2], NULL) ||
		vips_cast(made[2], out, in->BandFmt, NULL);
	g_object_unref(work);
	return result ? -1 : 0;
}

int sr_mirror(VipsImage *in, VipsImage **out) { return vips_flip(in, out, VIPS_DIRECTION_HORIZONTAL, NULL); }

// sr_turn turns clockwise by quarters x 90 degrees; the input must allow access in any order.
int sr_turn(VipsImage *in, VipsImage **out, int quarters) {
	return vips_rot(in, out, (VipsAngle) (quarters & 3), NULL);
}

// sr_embed places the image at x, y on a transparent canvas.
int sr_embed(VipsImage *in, VipsImage **out, int x, int y, int width, int height) {
	if (vips_image_hasalpha(in))
		return vips_embed(in, out, x, y, width, height, "extend", VIPS_EXTEND_BLACK, NULL);
	VipsImage *opaque = NULL;
	if (vips_addalpha(in, &opaque, NULL))
		return -1;
	int result = vips_embed(opaque, out, x, y, width, height, "extend", VIPS_EXTEND_BLACK, NULL);
	g_object_unref(opaque);
	return result;
}

// sr_flatten puts the image on a colour; a grey image takes red as its grey.
int sr_flatten(VipsImage *in, VipsImage **out, int red, int green, int blue) {
	double colour[3] = { red, green, blue };
	VipsArrayDouble *background = vips_array_double_new(colour, in->Bands < 3 ? 1 : 3);
	int result = vips_flatten(in, out, "background", background, NULL);
	vips_area_unref(VIPS_AREA(background));
	return result;
}

// sr_read computes all pixels and forgets them.
int sr_read(VipsImage *in) {
	double mean;
	return vips_avg(in, &mean, NULL);
}

int sr_to_memory(VipsImage *in, VipsImage **out) {
	*out = vips_image_copy_memory(in);
	return *out == NULL ? -1 : 0;
}

// sr_join_frames stacks frames of one size, as libvips keeps animations.
int sr_join_frames(VipsImage **frames, int count, VipsImage **out) {
	return vips_arrayjoin(frames, out, count, "across", 1, NULL);
}
