package vips

import (
	"github.com/stillroom/stillroom/internal/format"
	"github.com/stillroom/stillroom/internal/transform"
)

// rendering is everything that is settled before pixels are touched.
type rendering struct {
	job       *job
	canonical transform.Canonical
	limits    transform.Limits
	facts     transform.Facts
	plan      transform.Plan
	format    format.Format // of the result
	frames    int           // to decode and to write
}

// make computes the result and returns its bytes. im is the source's header, opened with no options.
func (r *rendering) make(im *picture) ([]byte, error) {
	if r.frames > 1 {
		return r.animation()
	}
	im, steps, err := r.shrinkOnLoad(im)
	if err != nil {
		return nil, err
	}
	if err := r.pixels(im, steps); err != nil {
		return nil, err
	}
	return r.encode(im)
}

// pixels carries out the steps on a single image or frame.
func (r *rendering) pixels(im *picture, steps []transform.Step) error {
	if err := r.job.run(im, steps, !r.canonical.Output().StripProfile); err != nil {
		return err
	}
	return im.check(r.plan.Size)
}
