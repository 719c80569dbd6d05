package transform

import "strconv"

// String returns the type as imgproxy spells it.
func (t ResizeType) String() string {
	switch t {
	case Fit:
		return "fit"
	case Fill:
		return "fill"
	case FillDown:
		return "fill-down"
	case Force:
		return "force"
	case Auto:
		return "auto"
	}
	return "resize type " + strconv.Itoa(int(t))
}

// String returns the anchor in words.
func (a Anchor) String() string {
	switch a {
	case Center:
		return "center"
	case North:
		return "north"
	case South:
		return "south"
	case East:
		return "east"
	case West:
		return "west"
	case NorthEast:
		return "northeast"
	case NorthWest:
		return "northwest"
	case SouthEast:
		return "southeast"
	case SouthWest:
		return "southwest"
	case FocusPoint:
		return "focus-point"
	}
	return "anchor " + strconv.Itoa(int(a))
}
