package vips

import (
	"github.com/stillroom/stillroom/internal/fault"
)

// avifCost is the CPU time of encoding one megapixel at each effort, in seconds. Measured with libvips
// 8.18.7 (libheif 1.23.5, aom 3.15.1, tune=ssim, quality 63, a photograph at 400x326) on one core of a
// server of 2026; larger results cost up to half less, the older aom of libvips 8.14.1 about a third
// less. Efforts 2 and 4 differ by a factor of eight in time and not in size: 15950 and 16470 bytes.
var avifCost = [...]float64{0.13, 0.33, 0.51, 0.88, 4.3, 5.7, 11, 17, 20, 43}

// avifOptions maps imgproxy's speed to libvips's effort, lowered until the result fits the budget. It
// depends on nothing but the pipeline and the size of the result, so the same question has the same answer.
func (r *rendering) avifOptions(quality, speed int) (options, error) {
	pixels := int64(r.plan.Size.W) * int64(r.plan.Size.H)
	effort, ok := avifEffort(9-min(max(speed, 0), 9), pixels, r.job.engine.config.AVIFBudget)
	if !ok {
		return nil, fault.New(fault.TooLarge, "vips.encode", "avif: %d pixels take too long to encode", pixels)
	}
	o := options{}.withInt("Q", quality).with("compression", "av1").withInt("effort", effort).withInt("bitdepth", 8)
	if r.job.engine.knows.avifTune {
		// The default, iq, takes about a tenth longer and is not known to older versions, which tune so.
		o = o.with("tune", "ssim")
	}
	return o, nil
}

// avifEffort returns the greatest effort up to wanted whose cost stays within the budget in seconds; false
// when not even the least does.
func avifEffort(wanted int, pixels int64, budget float64) (int, bool) {
	for effort := wanted; effort >= 0; effort-- {
		if float64(pixels)/1e6*avifCost[effort] <= budget {
			return effort, true
		}
	}
	return 0, false
}
