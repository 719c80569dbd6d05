package imgproxy

import "math"

func setExtend(s *state, a args) error      { return s.setCanvasOption(&s.extend, a) }
func setExtendRatio(s *state, a args) error { return s.setCanvasOption(&s.ratio, a) }

func (s *state) setCanvasOption(c *canvas, a args) error {
	list, n, err := a.fixed(4)
	if err != nil {
		return err
	}
	return setCanvas(c, a, list[:n])
}

// setCanvas reads "enabled[:gravity[:x[:y]]]".
func setCanvas(c *canvas, a args, list []string) error {
	c.on = truth(list[0])
	if len(list) == 1 {
		return nil
	}
	return setGravityOf(&c.gravity, a, list[1:], true)
}

// setCrop: crop:width[:height[:gravity...]].
func setCrop(s *state, a args) error {
	list, n, err := a.fixed(maxFixed) // the gravity counts its own
	if err != nil {
		return err
	}
	if s.crop.Width, err = a.number("width", list[0], notNegative); err != nil {
		return err
	}
	if n > 1 {
		if s.crop.Height, err = a.number("height", list[1], notNegative); err != nil {
			return err
		}
	}
	if n < 3 {
		return nil
	}
	s.cropOwn = true
	return setGravityOf(&s.crop.Gravity, a, list[2:n], false)
}

// setPadding: padding:top[:right[:bottom[:left]]]. As in CSS, a side left out takes that of its
// opposite, and right takes top; an empty top keeps what is there.
func setPadding(s *state, a args) error {
	list, n, err := a.fixed(4)
	if err != nil {
		return err
	}
	pad := s.pad
	sides := [...]struct {
		name string
		to   *int
		from *int
	}{
		{"top", &pad.Top, &pad.Top}, {"right", &pad.Right, &pad.Top},
		{"bottom", &pad.Bottom, &pad.Top}, {"left", &pad.Left, &pad.Right},
	}
	for i, side := range sides {
		if i >= n || list[i] == "" {
			*side.to = *side.from
			continue
		}
		if *side.to, err = a.whole(side.name, list[i], 0, maxSide); err != nil {
			return err
		}
	}
	s.pad = pad
	return nil
}

func setAutoRotate(s *state, a args) error { return a.truthOption(&s.autoRotate) }

// setRotate: rotate:degrees, any multiple of 90; negative ones turn the other way.
func setRotate(s *state, a args) error {
	var n int
	if err := a.wholeOption(&n, math.MinInt, math.MaxInt); err != nil {
		return err
	}
	if n%90 != 0 {
		return a.bad("", a.text, "a multiple of 90")
	}
	s.rotate.Degrees = (n%360 + 360) % 360
	return nil
}

// setFlip: flip:horizontal[:vertical]; empty arguments keep what is there.
func setFlip(s *state, a args) error {
	list, n, err := a.fixed(2)
	if err != nil {
		return err
	}
	if list[0] != "" {
		s.flip.Horizontal = truth(list[0])
	}
	if n > 1 && list[1] != "" {
		s.flip.Vertical = truth(list[1])
	}
	return nil
}
