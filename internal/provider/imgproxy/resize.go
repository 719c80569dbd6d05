package imgproxy

import "github.com/stillroom/stillroom/internal/transform"

func resizeTypeOf(name string) (transform.ResizeType, bool) {
	switch name {
	case "fit":
		return transform.Fit, true
	case "fill":
		return transform.Fill, true
	case "fill-down":
		return transform.FillDown, true
	case "force":
		return transform.Force, true
	case "auto":
		return transform.Auto, true
	}
	return 0, false
}

func isResizeType(name string) bool {
	_, ok := resizeTypeOf(name)
	return ok
}

func (s *state) setResizeType(a args, text string) error {
	t, ok := resizeTypeOf(text)
	if !ok {
		return a.bad("resizing type", text, "one of fit, fill, fill-down, force, auto")
	}
	s.resize.Type = t
	return nil
}

// setResize: resize:type:width:height:enlarge:extend[:gravity...]; empty arguments keep what is there.
func setResize(s *state, a args) error {
	list, n, err := a.fixed(8)
	if err != nil {
		return err
	}
	if list[0] != "" {
		if err := s.setResizeType(a, list[0]); err != nil {
			return err
		}
	}
	return s.setBox(a, list[1:n])
}

// setSize: size:width:height:enlarge:extend[:gravity...]; empty arguments keep what is there.
func setSize(s *state, a args) error {
	list, n, err := a.fixed(7)
	if err != nil {
		return err
	}
	return s.setBox(a, list[:n])
}

func (s *state) setBox(a args, list []string) error {
	var err error
	if len(list) > 0 && list[0] != "" {
		if s.resize.Width, err = a.whole("width", list[0], 0, maxSide); err != nil {
			return err
		}
		s.hints.Width = false
	}
	if len(list) > 1 && list[1] != "" {
		if s.resize.Height, err = a.whole("height", list[1], 0, maxSide); err != nil {
			return err
		}
	}
	if len(list) > 2 && list[2] != "" {
		s.resize.Enlarge = truth(list[2])
	}
	if len(list) > 3 && list[3] != "" {
		return setCanvas(&s.extend, a, list[3:])
	}
	return nil
}

func setResizingType(s *state, a args) error {
	text, err := a.one()
	if err != nil {
		return err
	}
	return s.setResizeType(a, text)
}

func setWidth(s *state, a args) error {
	s.hints.Width = false
	return a.wholeOption(&s.resize.Width, 0, maxSide)
}

func setHeight(s *state, a args) error    { return a.wholeOption(&s.resize.Height, 0, maxSide) }
func setMinWidth(s *state, a args) error  { return a.wholeOption(&s.resize.MinWidth, 0, maxSide) }
func setMinHeight(s *state, a args) error { return a.wholeOption(&s.resize.MinHeight, 0, maxSide) }
func setEnlarge(s *state, a args) error   { return a.truthOption(&s.resize.Enlarge) }

// setZoom: zoom:x[:y]; one factor is for both axes.
func setZoom(s *state, a args) error {
	list, n, err := a.fixed(2)
	if err != nil {
		return err
	}
	x, err := a.number("x", list[0], positive)
	if err != nil {
		return err
	}
	y := x
	if n > 1 {
		if y, err = a.number("y", list[1], positive); err != nil {
			return err
		}
	}
	s.resize.ZoomX, s.resize.ZoomY = x, y
	return nil
}

func setDPR(s *state, a args) error {
	s.hints.Density = false
	return a.numberOption(&s.resize.Density, positive)
}
