package transform

import (
	"math"

	"github.com/stillroom/stillroom/internal/format"
)

// Shrink returns size brought within what the format out can hold, its shape kept: 16383 pixels a side
// for WebP, 16384 for AVIF and HEIC, 65500 for JPEG (libjpeg's JPEG_MAX_DIMENSION), 65535 for GIF and no
// more pixels in all than cgif takes, 256 for ICO. Both sides stay at least 1.
func Shrink(size Size, out format.Format) Size {
	side := math.MaxInt
	switch out {
	case format.WebP:
		side = 16383
	case format.AVIF, format.HEIC:
		side = 16384
	case format.JPEG:
		side = 65500
	case format.GIF:
		side = 65535
	case format.ICO:
		side = 256
	}
	if longer := max(size.W, size.H); longer > side {
		by := float64(side) / float64(longer)
		size = Size{max(round(float64(size.W)*by), 1), max(round(float64(size.H)*by), 1)}
	}
	// libvips refuses frames of more bytes than an int holds at four bytes a pixel.
	const pixels = math.MaxInt32 / 4
	if area := float64(size.W) * float64(size.H); out == format.GIF && area > pixels {
		by := math.Sqrt(pixels / area)
		size = Size{max(int(float64(size.W)*by), 1), max(int(float64(size.H)*by), 1)}
	}
	return size
}
