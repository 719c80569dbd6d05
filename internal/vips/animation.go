package vips

// #include "vips.h"
import "C"

import (
	"unsafe"

	"github.com/stillroom/stillroom/internal/transform"
)

// defaultDelay is how long a frame is shown, in milliseconds, when its source does not say.
const defaultDelay = 40

// animation computes the result frame by frame. Each frame is kept in memory until all are joined, since
// the source is decoded once, from its first frame to its last.
func (r *rendering) animation() ([]byte, error) {
	strip, err := r.job.load(options{}.withInt("n", r.frames))
	if err != nil {
		return nil, err
	}
	loop := strip.integer("loop", 0)
	delays := strip.delays(r.frames)
	frames := make([]*C.VipsImage, r.frames)
	for i := range frames {
		frame, err := r.frame(strip, i)
		if err != nil {
			return nil, err
		}
		frames[i] = frame.v
	}
	var joined *C.VipsImage
	if C.sr_join_frames(&frames[0], C.int(len(frames)), &joined) != 0 {
		return nil, r.job.failed("vips.join")
	}
	im := r.job.own(joined)
	if err := im.detach(); err != nil {
		return nil, err
	}
	im.setInteger("page-height", r.plan.Size.H)
	im.setInteger("loop", loop)
	im.setDelays(delays)
	return r.encode(im)
}

// frame computes the frame at an index into memory.
func (r *rendering) frame(strip *picture, index int) (*picture, error) {
	C.g_object_ref(C.gpointer(unsafe.Pointer(strip.v)))
	frame := r.job.own(strip.v)
	box := transform.Rect{Y: index * r.facts.Height, W: r.facts.Width, H: r.facts.Height}
	if err := frame.cut(box); err != nil {
		return nil, err
	}
	if err := r.pixels(frame, r.plan.Steps); err != nil {
		return nil, err
	}
	return frame, frame.toMemory()
}

// detach makes fields of the image settable: the image becomes a copy that nothing else uses.
func (im *picture) detach() error {
	return im.do("metadata", func(in *C.VipsImage, out **C.VipsImage) C.int { return C.sr_detach(in, out) })
}

// delays returns how long each of the first n frames is shown, in milliseconds.
func (im *picture) delays(n int) []C.int {
	delays := make([]C.int, n)
	name := C.CString("delay")
	defer C.free(unsafe.Pointer(name))
	var stored *C.int
	var length C.int
	var have []C.int
	if im.has("delay") && C.vips_image_get_array_int(im.v, name, &stored, &length) == 0 {
		have = unsafe.Slice(stored, int(length))
	}
	for i := range delays {
		delays[i] = defaultDelay
		if i < len(have) && have[i] > 0 {
			delays[i] = have[i]
		}
	}
	return delays
}

func (im *picture) setDelays(delays []C.int) {
	name := C.CString("delay")
	defer C.free(unsafe.Pointer(name))
	C.vips_image_set_array_int(im.v, name, &delays[0], C.int(len(delays)))
}

func (im *picture) setInteger(field string, value int) {
	name := C.CString(field)
	defer C.free(unsafe.Pointer(name))
	C.vips_image_set_int(im.v, name, C.int(value))
}
