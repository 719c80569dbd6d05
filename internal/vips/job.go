package vips

// #include "vips.h"
import "C"

import (
	"context"
	"runtime"
	"unsafe"

	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/format"
)

// job is one call of Process: the source's bytes, held still for C, and the means to stop.
type job struct {
	engine *Engine
	ctx    context.Context
	source []byte
	format format.Format // of the source

	pin    runtime.Pinner
	watch  *C.sr_watch
	leave  func() bool
	images []*picture
	loaded string // options the source was last opened with
}

// begin ties the goroutine to its thread until end, because libvips keeps buffers for each thread.
func (e *Engine) begin(ctx context.Context, source []byte, f format.Format) *job {
	runtime.LockOSThread()
	j := &job{engine: e, ctx: ctx, source: source, format: f, watch: new(C.sr_watch)}
	j.pin.Pin(&source[0])
	j.pin.Pin(j.watch)
	w := j.watch
	j.leave = context.AfterFunc(ctx, func() { C.sr_stop(w) })
	return j
}

// end gives everything back. A stop that still runs touches only the watch, which the garbage collector
// keeps for it.
func (j *job) end() {
	j.leave()
	for _, im := range j.images {
		im.release()
	}
	j.pin.Unpin()
	C.vips_thread_shutdown()
	runtime.UnlockOSThread()
}

// alive returns the fault of a deadline or cancellation, nil when work may go on.
func (j *job) alive(op string) error {
	if err := j.ctx.Err(); err != nil {
		return fault.Wrap(fault.KindOf(err), op, err)
	}
	return nil
}

// load opens the source with its format's loader. Only the header is read until pixels are asked for.
func (j *job) load(o options) (*picture, error) {
	o = j.engine.loaderOptions(j.format, o)
	name, opts := C.CString(loaders[j.format]), C.CString(o.String())
	defer C.free(unsafe.Pointer(name))
	defer C.free(unsafe.Pointer(opts))
	v := C.sr_load(name, unsafe.Pointer(&j.source[0]), C.size_t(len(j.source)), opts)
	if v == nil {
		text := takeError()
		if err := j.alive("vips.open"); err != nil {
			return nil, err
		}
		return nil, fault.New(fault.Broken, "vips.open", "%s: %s", j.format, text)
	}
	j.loaded = o.String()
	C.sr_watch_image(v, j.watch)
	return j.own(v), nil
}

// own makes an image that end releases.
func (j *job) own(v *C.VipsImage) *picture {
	im := &picture{v: v, job: j}
	j.images = append(j.images, im)
	return im
}

// failed makes the error of work on pixels that libvips gave up.
//
// Pixels are read while results are written, so the failure may be the source's or ours, and the text
// cannot say which: all threads share it. So the source is asked alone: when it cannot be read to its
// end either, it is broken.
func (j *job) failed(op string) error {
	text := takeError()
	if err := j.alive(op); err != nil {
		return err
	}
	name, opts := C.CString(loaders[j.format]), C.CString(j.loaded)
	defer C.free(unsafe.Pointer(name))
	defer C.free(unsafe.Pointer(opts))
	v := C.sr_load(name, unsafe.Pointer(&j.source[0]), C.size_t(len(j.source)), opts)
	if v != nil {
		defer C.g_object_unref(C.gpointer(unsafe.Pointer(v)))
		C.sr_watch_image(v, j.watch)
		if C.sr_read(v) == 0 {
			return fault.New(fault.Internal, op, "%s", text)
		}
	}
	takeError()
	if err := j.alive(op); err != nil {
		return err
	}
	return fault.New(fault.Broken, op, "%s: %s", j.format, text)
}
