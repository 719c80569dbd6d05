package imgproxy

import (
	"github.com/stillroom/stillroom/internal/provider"
	"github.com/stillroom/stillroom/internal/transform"
)

// state is what the options of a URL have said so far. Arguments that an option leaves out keep what an
// earlier one said ("g:no:10:10/g:so" keeps the offsets), so everything stays here until the end even
// where it has no effect at the moment.
//
// The operations that a Request points to are parts of the state, so that a URL costs one allocation.
type state struct {
	p *Provider

	resize        transform.Resize // its gravity may be one that cannot be carried out; see gravity.go
	extend, ratio canvas
	crop          transform.Crop
	cropOwn       bool // the crop has a gravity of its own; else it takes that of resize
	pad           transform.Pad
	autoRotate    bool
	rotate        transform.Rotate
	flip          transform.Flip
	background    transform.Background
	hasBackground bool

	output       transform.Output
	maxFrames    int
	maxDimension int

	raw         bool
	cacheBuster string
	tags        []string
	delivery    provider.Delivery
	limits      provider.Limits
	hints       provider.Hints

	unbuilt    unbuilt // options in force that cannot be carried out
	foreign    string  // the first option that is never carried out, by the name that the URL gives it
	expanding  []string
	expansions int
	recursion  string // the preset that was found to use itself

	operations [7]transform.Op
}

// canvas is what the extend options say.
type canvas struct {
	on      bool
	gravity transform.Gravity
}

func newState(p *Provider, d Defaults) state {
	return state{
		p:            p,
		resize:       transform.Resize{ZoomX: 1, ZoomY: 1, Density: 1},
		autoRotate:   d.AutoRotate,
		output:       d.Output,
		maxFrames:    max(d.MaxFrames, 1),
		maxDimension: max(d.MaxDimension, 0),
		hints:        provider.Hints{Width: true, Density: true},
	}
}

// request makes the Request, save for its source. The state must not be used afterwards.
func (s *state) request() (provider.Request, error) {
	r := provider.Request{CacheBuster: s.cacheBuster, Tags: s.tags, Delivery: s.delivery, Limits: s.limits}
	if s.raw {
		r.Want = provider.Original
		return r, nil
	}
	if err := s.refused(); err != nil {
		return r, err
	}
	r.Hints = s.hints
	r.Pipeline = transform.Pipeline{
		Ops: s.pipeline(), Output: s.output, MaxDimension: s.maxDimension, MaxFrames: s.maxFrames,
	}
	return r, nil
}

// pipeline lists the operations in imgproxy's order: the crop box is meant for the image as it is seen,
// after orientation, rotation and flip, and everything else follows it.
func (s *state) pipeline() []transform.Op {
	ops := s.operations[:0]
	if s.autoRotate {
		ops = append(ops, &transform.Orient{})
	}
	if s.rotate.Degrees != 0 {
		ops = append(ops, &s.rotate)
	}
	if s.flip != (transform.Flip{}) {
		ops = append(ops, &s.flip)
	}
	if s.crop.Width != 0 || s.crop.Height != 0 {
		s.crop.Gravity = s.cropGravity()
		ops = append(ops, &s.crop)
	}
	if !built(s.resize.Gravity.Anchor) {
		s.resize.Gravity = transform.Gravity{} // it has no effect, else the URL was refused
	}
	if s.extend.on {
		s.resize.Extend = &s.extend.gravity
	}
	if s.ratio.on {
		s.resize.ExtendRatio = &s.ratio.gravity
	}
	if s.resize != (transform.Resize{ZoomX: 1, ZoomY: 1, Density: 1}) {
		ops = append(ops, &s.resize)
	}
	if s.pad != (transform.Pad{}) {
		ops = append(ops, &s.pad)
	}
	if s.hasBackground {
		ops = append(ops, &s.background)
	}
	if len(ops) == 0 {
		return nil
	}
	return ops[:len(ops):len(ops)]
}

// cropGravity returns the gravity of the crop: its own, else that of the whole URL.
func (s *state) cropGravity() transform.Gravity {
	if s.cropOwn {
		return s.crop.Gravity
	}
	return s.resize.Gravity
}
