package vips

// #include "vips.h"
import "C"

import "unsafe"

// picture is a libvips image that operations replace by their result. Operations only say what is to be
// computed; pixels move when the image is saved or copied to memory.
type picture struct {
	v   *C.VipsImage
	job *job
}

func (im *picture) release() {
	if im.v != nil {
		C.g_object_unref(C.gpointer(unsafe.Pointer(im.v)))
		im.v = nil
	}
}

// do puts the result of an operation in the image's place.
func (im *picture) do(op string, f func(in *C.VipsImage, out **C.VipsImage) C.int) error {
	var out *C.VipsImage
	if f(im.v, &out) != 0 {
		return im.job.failed("vips." + op)
	}
	im.release()
	im.v = out
	return nil
}

func (im *picture) width() int     { return int(im.v.Xsize) }
func (im *picture) height() int    { return int(im.v.Ysize) }
func (im *picture) bands() int     { return int(im.v.Bands) }
func (im *picture) hasAlpha() bool { return C.vips_image_hasalpha(im.v) != 0 }

// has reports whether the image carries a metadata field of that name.
func (im *picture) has(field string) bool {
	name := C.CString(field)
	defer C.free(unsafe.Pointer(name))
	return C.vips_image_get_typeof(im.v, name) != 0
}

// integer returns a metadata field, otherwise where there is none.
func (im *picture) integer(field string, otherwise int) int {
	name := C.CString(field)
	defer C.free(unsafe.Pointer(name))
	return int(C.sr_int(im.v, name, C.int(otherwise)))
}
