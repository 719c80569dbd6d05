package imgproxy

import "math"

// setMaxSourcePixels: max_src_resolution:megapixels; 0 = as configured.
func setMaxSourcePixels(s *state, a args) error { return a.megapixelsOption(&s.limits.SourcePixels) }

// setMaxFramePixels: max_animation_frame_resolution:megapixels; 0 = as configured.
func setMaxFramePixels(s *state, a args) error { return a.megapixelsOption(&s.limits.FramePixels) }

func (a args) megapixelsOption(pixels *int64) error {
	var f float64
	if err := a.numberOption(&f, megapixels); err != nil {
		return err
	}
	*pixels = int64(math.Round(f * 1e6))
	if f > 0 {
		*pixels = max(*pixels, 1) // 0 would mean another limit
	}
	return nil
}

// setMaxSourceBytes: max_src_file_size:bytes; 0 and less = as configured.
func setMaxSourceBytes(s *state, a args) error {
	var n int
	if err := a.wholeOption(&n, math.MinInt, math.MaxInt); err != nil {
		return err
	}
	s.limits.SourceBytes = int64(max(n, 0))
	return nil
}

func setMaxFrames(s *state, a args) error { return a.wholeOption(&s.maxFrames, 1, maxSide) }

// setMaxDimension: max_result_dimension:pixels; 0 and less = no bound.
func setMaxDimension(s *state, a args) error {
	n := 0
	if err := a.wholeOption(&n, math.MinInt, maxSide); err != nil {
		return err
	}
	s.maxDimension = max(n, 0)
	return nil
}
