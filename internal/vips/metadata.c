#include "vips.h"

#include <string.h>

int sr_detach(VipsImage *in, VipsImage **out) { return vips_copy(in, out, NULL); }

// sr_strip removes every field that is not named in keep, a list that ends with NULL. An empty list
// removes all. What the image is made of (size, bands, format) is no field.
int sr_strip(VipsImage *in, VipsImage **out, const char **keep) {
	if (vips_copy(in, out, NULL))
		return -1;
	char **fields = vips_image_get_fields(*out);
	for (int i = 0; fields[i] != NULL; i++) {
		int kept = 0;
		for (int k = 0; keep[k] != NULL; k++)
			kept |= strcmp(fields[i], keep[k]) == 0;
		if (!kept)
			vips_image_remove(*out, fields[i]);
	}
	g_strfreev(fields);
	return 0;
}

int sr_int(VipsImage *image, const char *field, int otherwise) {
	int value = otherwise;
	if (vips_image_get_typeof(image, field) != 0 && vips_image_get_int(image, field, &value)) {
		vips_error_clear();
		return otherwise;
	}
	return value;
}

// sr_forget removes the named fields, a list that ends with NULL, and the EXIF orientation.
int sr_forget(VipsImage *in, VipsImage **out, const char **fields) {
	if (vips_copy(in, out, NULL))
		return -1;
	vips_autorot_remove_angle(*out);
	for (int i = 0; fields[i] != NULL; i++)
		vips_image_remove(*out, fields[i]);
	return 0;
}
