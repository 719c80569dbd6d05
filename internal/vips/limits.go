package vips

import (
	"math"

	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/transform"
)

// admit checks a source against the limits, by its header alone. frames is how many will be decoded.
// A vector image has no pixels of its own: it is rendered within the limit instead (see renderScale).
func admit(f transform.Facts, frames int, l transform.Limits) error {
	if f.Format.IsVector() {
		return nil
	}
	// Both sides of every format fit in 32 bits, so a product of two cannot overflow; with frames it might.
	pixels, limit := int64(f.Width)*int64(f.Height), l.SourcePixels
	if frames > 1 && l.FramePixels > 0 {
		limit = l.FramePixels
	} else if pixels > math.MaxInt64/int64(frames) {
		pixels = math.MaxInt64
	} else {
		pixels *= int64(frames)
	}
	if limit > 0 && pixels > limit {
		return fault.New(fault.TooLarge, "vips.open", "%dx%d, %d frames: want at most %d pixels, got %d",
			f.Width, f.Height, frames, limit, pixels)
	}
	return nil
}

// admitResult checks a result before it is computed.
func (e *Engine) admitResult(s transform.Size, frames int) error {
	if pixels := int64(s.W) * int64(s.H); pixels > e.config.MaxResultPixels/int64(frames) {
		return fault.New(fault.TooLarge, "vips.pixels", "result of %dx%d, %d frames: want at most %d pixels",
			s.W, s.H, frames, e.config.MaxResultPixels)
	}
	return nil
}
