// Package bare is the yardstick of the engine's benchmarks: the same renditions by the fewest calls of
// libvips that make them, without limits, deadlines, metadata or error texts. Nothing but benchmarks
// imports it.
package bare

/*
#cgo pkg-config: vips
#include <stdlib.h>
#include <vips/vips.h>

static int resize(VipsImage *in, VipsImage **out, int width, int height) {
	double horizontal = (double) width / in->Xsize, vertical = (double) height / in->Ysize;
	if (!vips_image_hasalpha(in))
		return vips_resize(in, out, horizontal, "vscale", vertical, NULL);
	VipsImage *work = vips_image_new();
	VipsImage **t = (VipsImage **) vips_object_local_array(VIPS_OBJECT(work), 3);
	int result = vips_premultiply(in, &t[0], NULL) || vips_resize(t[0], &t[1], horizontal, "vscale", vertical, NULL) ||
		vips_unpremultiply(t[1], &t[2], NULL) || vips_cast(t[2], out, in->BandFmt, NULL);
	g_object_unref(work);
	return result;
}

static int rendition(void *data, size_t length, const char *load, int width, int height, const char *save, void **out, size_t *size) {
	VipsImage *source = vips_image_new_from_buffer(data, length, load, "access", VIPS_ACCESS_SEQUENTIAL, NULL);
	VipsImage *small = NULL;
	int result = source == NULL || resize(source, &small, width, height) || vips_image_write_to_buffer(small, save, out, size, NULL);
	if (small != NULL)
		g_object_unref(small);
	if (source != NULL)
		g_object_unref(source);
	vips_thread_shutdown();
	return result;
}
*/
import "C"

import (
	"errors"
	"unsafe"
)

// Rendition decodes source with the loader options load, scales it to exactly width x height and encodes
// it as save says, a file extension with options as in ".jpg[Q=80]". libvips must have been started.
func Rendition(source []byte, load string, width, height int, save string) ([]byte, error) {
	options, suffix := C.CString(load), C.CString(save)
	defer C.free(unsafe.Pointer(options))
	defer C.free(unsafe.Pointer(suffix))
	var out unsafe.Pointer
	var size C.size_t
	if C.rendition(unsafe.Pointer(&source[0]), C.size_t(len(source)), options, C.int(width), C.int(height), suffix, &out, &size) != 0 {
		return nil, errors.New("libvips refused")
	}
	defer C.g_free(C.gpointer(out))
	return C.GoBytes(out, C.int(size)), nil
}
