#include "vips.h"

// sr_load opens an image with the loader of that name. data must stay where it is until the image and
// everything made of it are gone.
VipsImage *sr_load(const char *nickname, const void *data, size_t length, const char *options) {
	VipsOperation *operation = vips_operation_new(nickname);
	if (operation == NULL)
		return NULL;
	VipsBlob *blob = vips_blob_new(NULL, data, length);
	g_object_set(operation, "buffer", blob, NULL);
	vips_area_unref(VIPS_AREA(blob));

	VipsImage *out = NULL;
	if (vips_object_set_from_string(VIPS_OBJECT(operation), options) == 0 && vips_object_build(VIPS_OBJECT(operation)) == 0)
		g_object_get(operation, "out", &out, NULL);
	vips_object_unref_outputs(VIPS_OBJECT(operation));
	g_object_unref(operation);
	return out;
}

// sr_save encodes an image with the saver of that name; the caller frees the bytes with g_free.
int sr_save(VipsImage *in, const char *nickname, const char *options, void **data, size_t *length) {
	VipsOperation *operation = vips_operation_new(nickname);
	if (operation == NULL)
		return -1;
	g_object_set(operation, "in", in, NULL);

	int result = -1;
	if (vips_object_set_from_string(VIPS_OBJECT(operation), options) == 0 && vips_object_build(VIPS_OBJECT(operation)) == 0) {
		VipsBlob *blob = NULL;
		g_object_get(operation, "buffer", &blob, NULL);
		if (blob != NULL) {
			// The bytes are handed over: the area must not free them.
			VipsArea *area = VIPS_AREA(blob);
			*data = area->data;
			*length = area->length;
			area->free_fn = NULL;
			vips_area_unref(area);
			result = 0;
		}
	}
	vips_object_unref_outputs(VIPS_OBJECT(operation));
	g_object_unref(operation);
	return result;
}
