package vips

// #include "vips.h"
import "C"

import "unsafe"

// exifCopyright lists the EXIF fields that say who owns an image.
func exifCopyright() []string { return []string{"exif-ifd0-Copyright", "exif-ifd0-Artist"} }

const (
	exifField = "exif-data"
	iptcField = "iptc-data"
	xmpField  = "xmp-data"

	// emptyEXIF is a block without fields. Savers write the fields of the image into the block they find;
	// the PNG saver of libvips 8.14 writes none where there is no block.
	emptyEXIF = "Exif\x00\x00II*\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00"
)

// metadata leaves in the image what the pipeline keeps, and tells the saver.
func (r *rendering) metadata(im *picture, o options) (options, error) {
	out := r.canonical.Output()
	if !out.StripMetadata {
		return o, im.forgetOrientation(out.StripProfile)
	}
	keep := []string{"page-height", "loop", "delay"} // what makes an animation
	if !out.StripProfile {
		keep = append(keep, profileField)
	}
	var exif, iptc, xmp []byte
	if out.KeepCopyright {
		for _, field := range exifCopyright() {
			if im.has(field) {
				exif = []byte(emptyEXIF)
			}
		}
		keep = append(keep, exifCopyright()...)
		iptc, xmp = ownerIPTC(im.blob(iptcField)), ownerXMP(im.blob(xmpField))
	}
	if err := im.strip(keep); err != nil {
		return nil, err
	}
	im.setBlob(exifField, exif)
	im.setBlob(iptcField, iptc)
	im.setBlob(xmpField, xmp)
	switch {
	case exif != nil || iptc != nil || xmp != nil: // savers write all that is left
		return o, nil
	case r.job.engine.knows.keep && out.StripProfile:
		return o.with("keep", "none"), nil
	case r.job.engine.knows.keep:
		return o.with("keep", "icc"), nil
	case out.StripProfile:
		return o.withBool("strip", true), nil
	}
	return o, nil
}

// strip removes all metadata but the named fields.
func (im *picture) strip(keep []string) error {
	names := cStrings(keep)
	defer freeStrings(names)
	return im.do("metadata", func(in *C.VipsImage, out **C.VipsImage) C.int {
		return C.sr_strip(in, out, &names[0])
	})
}

// forgetOrientation removes what is no longer true of the pixels and keeps everything else: the
// orientation has been applied or refused, the preview shows the source, and so does its profile if the
// colours were converted.
func (im *picture) forgetOrientation(profile bool) error {
	fields := []string{"jpeg-thumbnail-data"}
	if profile {
		fields = append(fields, profileField)
	}
	names := cStrings(fields)
	defer freeStrings(names)
	return im.do("metadata", func(in *C.VipsImage, out **C.VipsImage) C.int {
		return C.sr_forget(in, out, &names[0])
	})
}

// blob returns a copy of a binary field, nil where there is none.
func (im *picture) blob(field string) []byte {
	if !im.has(field) {
		return nil
	}
	name := C.CString(field)
	defer C.free(unsafe.Pointer(name))
	var data unsafe.Pointer
	var length C.size_t
	if C.vips_image_get_blob(im.v, name, &data, &length) != 0 {
		takeError()
		return nil
	}
	return C.GoBytes(data, C.int(length))
}

// setBlob gives the image a binary field; an empty one is left out. The image must be a copy that
// nothing else uses.
func (im *picture) setBlob(field string, data []byte) {
	if len(data) == 0 {
		return
	}
	name := C.CString(field)
	defer C.free(unsafe.Pointer(name))
	C.vips_image_set_blob_copy(im.v, name, unsafe.Pointer(&data[0]), C.size_t(len(data)))
}

// cStrings returns a list for C that ends with NULL; freeStrings gives it back.
func cStrings(list []string) []*C.char {
	out := make([]*C.char, 0, len(list)+1)
	for _, s := range list {
		out = append(out, C.CString(s))
	}
	return append(out, nil)
}

func freeStrings(list []*C.char) {
	for _, s := range list {
		C.free(unsafe.Pointer(s))
	}
}
