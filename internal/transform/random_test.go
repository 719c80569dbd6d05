package transform

import (
	"math"

	"github.com/stillroom/stillroom/internal/format"
)

// source makes pipelines of bytes, so that a fuzzer can steer them. Without bytes left it says 0.
type source struct{ data []byte }

func (s *source) byte() byte {
	if len(s.data) == 0 {
		return 0
	}
	b := s.data[0]
	s.data = s.data[1:]
	return b
}

func (s *source) bool() bool { return s.byte()&1 == 1 }

// pick prefers what comes first, which should be the usual.
func pick[T any](s *source, values ...T) T { return values[int(s.byte())%len(values)] }

// seldom returns a value that is refused, once in a while.
func seldom[T any](s *source, usual, refused T) T {
	if s.byte() > 250 {
		return refused
	}
	return usual
}

func (s *source) side() int {
	return pick(s, 0, 0, 1, 2, 7, 40, 50, 99, 100, 160, 333, 1000, 4096, 1<<20, math.MaxInt, seldom(s, 30, -1))
}

func (s *source) factor() float64 {
	return pick(s, 0, 1, 1, 2, 0.5, 4, 3, 1.5, 0.75, 0.1, 1e6, 1e-6, 0.30000000000000004, 8, seldom(s, 1, math.NaN()), seldom(s, 1.0, -1))
}

func (s *source) gravity() Gravity {
	g := Gravity{Anchor: Anchor(s.byte() % 10)}
	if g.Anchor == FocusPoint {
		g.X, g.Y = float64(s.byte())/255, float64(s.byte())/255
		return g
	}
	g.X = pick(s, 0, 0, 0.25, 5, -3, -0.5, 0.999, 1.5, 1e9, math.Copysign(0, -1))
	g.Y = pick(s, 0, 0, 0.25, 5, -3, -0.5, 0.999, 1.5, -1e300, math.Copysign(0, -1))
	return g
}

func (s *source) maybeGravity() *Gravity {
	if s.byte()%3 != 1 {
		return nil
	}
	g := s.gravity()
	return &g
}

func (s *source) resize() *Resize {
	return &Resize{
		Type:  ResizeType(s.byte() % 5),
		Width: s.side(), Height: s.side(),
		MinWidth: pick(s, 0, 0, 0, 0, s.side()), MinHeight: pick(s, 0, 0, 0, 0, s.side()),
		ZoomX: s.factor(), ZoomY: s.factor(), Density: s.factor(),
		Enlarge: s.bool(), Gravity: s.gravity(),
		Extend: s.maybeGravity(), ExtendRatio: s.maybeGravity(),
	}
}

func (s *source) op() Op {
	switch s.byte() % 8 {
	case 0:
		return &Orient{}
	case 1:
		return &Rotate{pick(s, 0, 90, 180, 270, -90, 360, 450, seldom(s, 90, 45))}
	case 2:
		return &Flip{s.bool(), s.bool()}
	case 3:
		side := func() float64 {
			return pick(s, 0, 0.5, 1, 50, 99.7, 0.001, 1e12, float64(s.byte()), seldom(s, 0, math.Inf(1)))
		}
		return &Crop{Width: side(), Height: side(), Gravity: s.gravity()}
	case 4:
		side := func() int { return pick(s, 0, 0, 1, 5, 10, 300, maxSide) }
		return &Pad{side(), side(), side(), side()}
	case 5:
		return &Background{pick(s, Color{255, 255, 255}, Color{}, Color{1, 2, 3})}
	}
	return s.resize()
}

func (s *source) set() format.Set { return format.Set(s.byte()) | format.Set(s.byte())<<8 }

func (s *source) output() Output {
	o := Output{
		Format:  format.Format(seldom(s, s.byte()%12, 12)),
		Auto:    pick(s, 0, s.set()),
		Enforce: pick(s, 0, 0, s.set()),
		Skip:    pick(s, 0, s.set()),
		Quality: pick(s, 0, 0, 80, 55, 100, seldom(s, 1, 101)), DefaultQuality: pick(s, 0, 80, 55),
		RasterizeSVG:  s.bool(),
		StripMetadata: s.bool(), KeepCopyright: s.bool(), StripProfile: s.bool(),
	}
	o.Preferred = pick(s, nil, []format.Format{format.JPEG, format.PNG, format.GIF}, []format.Format{format.WebP}, []format.Format{format.AVIF, format.GIF})
	for range s.byte() % 4 {
		o.FormatQuality[s.byte()%16] = seldom(s, s.byte()%101, 101)
	}
	o.Encoder = Encoder{
		JPEGProgressive: s.bool(), PNGInterlaced: s.bool(), PNGQuantize: s.bool(),
		PNGColors: pick(s, 0, 256, 16, seldom(s, 2, 1)), WebPEffort: seldom(s, int(s.byte()%7), 7), AVIFSpeed: seldom(s, int(s.byte()%10), 10),
		WebPPreset: pick(s, "", "default", "photo", "text", seldom(s, "icon", "a\nformat png")),
	}
	return o
}

func (s *source) pipeline() Pipeline {
	p := Pipeline{Output: s.output(), MaxDimension: pick(s, 0, 0, 1, 100, 5000), MaxFrames: seldom(s, int(s.byte()%4), -1)}
	for range s.byte() % 6 {
		p.Ops = append(p.Ops, s.op())
	}
	return p
}

func (s *source) facts() Facts {
	return Facts{
		Format: format.Format(s.byte() % 12),
		Width:  pick(s, 200, 1, 3, 101, 640, 1999, 17000, int(s.byte())+1), Height: pick(s, 100, 1, 7, 64, 480, 2001, int(s.byte())+1),
		Orientation: int(s.byte() % 9), Frames: int(s.byte() % 3), Alpha: s.bool(),
	}
}
