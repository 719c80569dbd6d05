package imgproxy

import (
	"strconv"

	"github.com/stillroom/stillroom/internal/format"
	"github.com/stillroom/stillroom/internal/transform"
)

const formatNames = "the name of an image format, such as jpg, png, webp or avif"

func (a args) format(text string) (format.Format, error) {
	f, ok := format.Parse(text)
	if !ok {
		return f, a.bad("", text, formatNames)
	}
	return f, nil
}

func setFormat(s *state, a args) error {
	text, err := a.one()
	if err != nil {
		return err
	}
	f, err := a.format(text)
	if err == nil {
		s.output.Format = f
	}
	return err
}

func setQuality(s *state, a args) error { return a.wholeOption(&s.output.Quality, 0, 100) }

// setFormatQuality: format_quality:format:quality..., any number of pairs. Quality 0 goes back to what
// the operator configured.
func setFormatQuality(s *state, a args) error {
	table := s.output.FormatQuality
	for more := true; more; {
		var name, text string
		name, a, more = a.next()
		f, err := a.format(name)
		if err != nil {
			return err
		}
		if !more {
			return a.bad("", name, "a quality after each format")
		}
		text, a, more = a.next()
		q, err := a.whole(name, text, 0, 100)
		if err != nil {
			return err
		}
		table[f] = uint8(q)
		if q == 0 {
			table[f] = s.p.quality[f]
		}
	}
	s.output.FormatQuality = table
	return nil
}

// setBackground: background:hex, background:red:green:blue, or background: for none.
func setBackground(s *state, a args) error {
	list, n, err := a.fixed(maxFixed)
	if err != nil || n != 1 && n != 3 {
		return a.bad("", a.text, "3 or 6 hex digits, or red:green:blue, or nothing")
	}
	var c transform.Color
	switch {
	case n == 3:
		for i, to := range []*uint8{&c.R, &c.G, &c.B} {
			v, err := a.whole([...]string{"red", "green", "blue"}[i], list[i], 0, 255)
			if err != nil {
				return err
			}
			*to = uint8(v)
		}
	case list[0] == "":
		s.hasBackground = false
		return nil
	default:
		if c, err = a.color("", list[0]); err != nil {
			return err
		}
	}
	s.hasBackground, s.background.Color = true, c
	return nil
}

// color reads 3 or 6 hex digits; three stand for each of them twice.
func (a args) color(argument, text string) (transform.Color, error) {
	full := text
	if len(text) == 3 {
		full = string([]byte{text[0], text[0], text[1], text[1], text[2], text[2]})
	}
	n, err := strconv.ParseUint(full, 16, 32)
	if err != nil || len(full) != 6 {
		return transform.Color{}, a.bad(argument, text, "3 or 6 hex digits")
	}
	return transform.Color{R: uint8(n >> 16), G: uint8(n >> 8), B: uint8(n)}, nil
}

func setStripMetadata(s *state, a args) error { return a.truthOption(&s.output.StripMetadata) }
func setKeepCopyright(s *state, a args) error { return a.truthOption(&s.output.KeepCopyright) }
func setStripProfile(s *state, a args) error  { return a.truthOption(&s.output.StripProfile) }

// setSkip: skip_processing:format...; formats add up with what was there.
func setSkip(s *state, a args) error {
	skip := s.output.Skip
	for more := true; more; {
		var name string
		name, a, more = a.next()
		f, err := a.format(name)
		if err != nil {
			return err
		}
		skip = skip.With(f)
	}
	s.output.Skip = skip
	return nil
}
