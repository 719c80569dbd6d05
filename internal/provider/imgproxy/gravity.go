package imgproxy

import (
	"strings"

	"github.com/stillroom/stillroom/internal/transform"
)

// Gravities of imgproxy that cannot be carried out. They never leave a state.
const (
	smart   transform.Anchor = 255 - iota // sm: what draws the eye
	objects                               // obj, objw: what a model finds (Pro)
)

func built(a transform.Anchor) bool { return a < objects }

func anchorOf(name string) (transform.Anchor, bool) {
	switch name {
	case "ce":
		return transform.Center, true
	case "no":
		return transform.North, true
	case "so":
		return transform.South, true
	case "ea":
		return transform.East, true
	case "we":
		return transform.West, true
	case "noea":
		return transform.NorthEast, true
	case "nowe":
		return transform.NorthWest, true
	case "soea":
		return transform.SouthEast, true
	case "sowe":
		return transform.SouthWest, true
	case "fp":
		return transform.FocusPoint, true
	case "sm":
		return smart, true
	case "obj", "objw":
		return objects, true
	}
	return 0, false
}

// anchorName returns the name in URLs; empty for what is no anchor.
func anchorName(a transform.Anchor) string {
	switch a {
	case smart:
		return "sm"
	case objects:
		return "obj"
	}
	for _, name := range strings.Fields("ce no so ea we noea nowe soea sowe fp") {
		if found, _ := anchorOf(name); found == a {
			return name
		}
	}
	return ""
}

const (
	placeNames   = "one of ce, no, so, ea, we, noea, nowe, soea, sowe, fp"
	gravityNames = placeNames + ", sm"
)

// setGravityOf reads "type[:x[:y]]" into g. Empty offsets, and offsets left out, keep what g has.
// A place is where something is put, which a gravity that looks at the picture cannot say.
func setGravityOf(g *transform.Gravity, a args, list []string, place bool) error {
	anchor, ok := anchorOf(list[0])
	if !ok || place && !built(anchor) {
		want := gravityNames
		if place {
			want = placeNames
		}
		return a.bad("gravity type", list[0], want)
	}
	if anchor == objects {
		*g = transform.Gravity{Anchor: anchor}
		return nil
	}
	if anchor == smart {
		if len(list) > 1 {
			return badURL("%s: gravity: want no arguments after sm, got %d", a.name, len(list)-1)
		}
		*g = transform.Gravity{Anchor: anchor}
		return nil
	}
	if len(list) > 3 {
		return badURL("%s: gravity: want at most 3 arguments, got %d", a.name, len(list))
	}
	in, next := anyNumber, transform.Gravity{Anchor: anchor, X: g.X, Y: g.Y}
	if anchor == transform.FocusPoint {
		if in = fraction; len(list) != 3 || list[1] == "" || list[2] == "" {
			return badURL("%s: gravity: want fp with x and y, each a number from 0 to 1", a.name)
		}
	}
	var err error
	if len(list) > 1 && list[1] != "" {
		if next.X, err = a.number("gravity x", list[1], in); err != nil {
			return err
		}
	}
	if len(list) > 2 && list[2] != "" {
		if next.Y, err = a.number("gravity y", list[2], in); err != nil {
			return err
		}
	}
	*g = next
	return nil
}

// setGravity: gravity:type[:x[:y]]. Objects may be followed by any number of classes.
func setGravity(s *state, a args) error {
	list, n, err := a.fixed(maxFixed)
	if first, _, _ := a.next(); err != nil && strings.HasPrefix(first, "obj") {
		list[0], n, err = first, 1, nil
	}
	if err != nil {
		return err
	}
	return setGravityOf(&s.resize.Gravity, a, list[:n], false)
}

// refusedGravity refuses a gravity that cannot be carried out and would be seen.
func (s *state) refusedGravity() error {
	crops := s.crop.Width != 0 || s.crop.Height != 0
	if crops && s.cropOwn && !built(s.crop.Gravity.Anchor) {
		return badURL("crop gravity %s: not supported by this server", anchorName(s.crop.Gravity.Anchor))
	}
	// fit and force scale to what fits the box, so nothing hangs over, unless a lower bound makes it.
	whole := (s.resize.Type == transform.Fit || s.resize.Type == transform.Force) &&
		s.resize.MinWidth == 0 && s.resize.MinHeight == 0
	if !built(s.resize.Gravity.Anchor) && (!whole || crops && !s.cropOwn) {
		return badURL("gravity %s: not supported by this server", anchorName(s.resize.Gravity.Anchor))
	}
	return nil
}
