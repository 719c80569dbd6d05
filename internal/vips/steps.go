package vips

// #include "vips.h"
import "C"

import (
	"fmt"

	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/transform"
)

// run carries out the steps of a plan. Samples are brought to 8 bits first and to their final colours
// right after the first scaling, when there are fewest of them.
func (j *job) run(im *picture, steps []transform.Step, keepProfile bool) error {
	if err := im.prepare(); err != nil {
		return err
	}
	converted := false
	convert := func() error {
		if converted {
			return nil
		}
		converted = true
		return im.convert(keepProfile)
	}
	for _, s := range steps {
		if err := j.alive("vips.pixels"); err != nil {
			return err
		}
		switch s.(type) {
		case transform.Cut, transform.Scale: // the same in any colours
		default:
			if err := convert(); err != nil {
				return err
			}
		}
		if err := im.step(s); err != nil {
			return err
		}
		if _, scaled := s.(transform.Scale); scaled {
			if err := convert(); err != nil {
				return err
			}
		}
	}
	return convert()
}

// step adds one step to what is to be computed.
func (im *picture) step(s transform.Step) error {
	switch s := s.(type) {
	case transform.Cut:
		return im.cut(s.Rect)
	case transform.Scale:
		return im.scale(s.Size)
	case transform.TurnBy:
		return im.turn(s.Turn)
	case transform.Embed:
		return im.embed(s.Rect)
	case transform.Flatten:
		return im.flatten(s.Color)
	}
	return fault.New(fault.Internal, "vips.pixels", "unknown step %T", s)
}

func (im *picture) cut(r transform.Rect) error {
	if r == (transform.Rect{W: im.width(), H: im.height()}) {
		return nil
	}
	return im.do("cut", func(in *C.VipsImage, out **C.VipsImage) C.int {
		return C.sr_cut(in, out, C.int(r.X), C.int(r.Y), C.int(r.W), C.int(r.H))
	})
}

func (im *picture) scale(s transform.Size) error {
	if s.W == im.width() && s.H == im.height() {
		return nil
	}
	return im.do("scale", func(in *C.VipsImage, out **C.VipsImage) C.int {
		return C.sr_scale(in, out, C.int(s.W), C.int(s.H))
	})
}

// turn copies to memory before it turns: rows come from top to bottom only, and a turned image wants
// them in another order. Mirroring does not.
func (im *picture) turn(t transform.Turn) error {
	if t.Mirror {
		err := im.do("turn", func(in *C.VipsImage, out **C.VipsImage) C.int { return C.sr_mirror(in, out) })
		if err != nil {
			return err
		}
	}
	if t.Quarters&3 == 0 {
		return nil
	}
	if err := im.toMemory(); err != nil {
		return err
	}
	return im.do("turn", func(in *C.VipsImage, out **C.VipsImage) C.int {
		return C.sr_turn(in, out, C.int(t.Quarters))
	})
}

func (im *picture) embed(r transform.Rect) error {
	if r == (transform.Rect{W: im.width(), H: im.height()}) {
		return nil
	}
	return im.do("embed", func(in *C.VipsImage, out **C.VipsImage) C.int {
		return C.sr_embed(in, out, C.int(r.X), C.int(r.Y), C.int(r.W), C.int(r.H))
	})
}

// flatten leaves an opaque image alone. A grey one becomes coloured when the colour is no grey.
func (im *picture) flatten(c transform.Color) error {
	if !im.hasAlpha() {
		return nil
	}
	if im.bands() < 3 && (c.R != c.G || c.G != c.B) {
		if err := im.toSpace(C.VIPS_INTERPRETATION_sRGB); err != nil {
			return err
		}
	}
	return im.do("flatten", func(in *C.VipsImage, out **C.VipsImage) C.int {
		return C.sr_flatten(in, out, C.int(c.R), C.int(c.G), C.int(c.B))
	})
}

// toMemory computes the image now.
func (im *picture) toMemory() error {
	im.job.watch.sink = im.v
	defer func() { im.job.watch.sink = nil }()
	return im.do("pixels", func(in *C.VipsImage, out **C.VipsImage) C.int { return C.sr_to_memory(in, out) })
}

// check holds a result against its plan: a size that differs would be cached as if it were right.
func (im *picture) check(want transform.Size) error {
	if im.width() == want.W && im.height() == want.H {
		return nil
	}
	return fault.Wrap(fault.Internal, "vips.pixels",
		fmt.Errorf("planned %dx%d, made %dx%d", want.W, want.H, im.width(), im.height()))
}
