package imgproxy

import "math/bits"

// unbuilt is a set of options of imgproxy that this server knows and cannot carry out. Their arguments
// are checked all the same, and what changes nothing ("blur:0") is let in: URL builders write it.
type unbuilt uint16

const (
	trimming unbuilt = 1 << iota
	blurring
	sharpening
	pixelating
	watermarking
	boundingBytes
	preservingHDR
	preferringThumbnail
)

var unbuiltNames = [...]string{
	"trim", "blur", "sharpen", "pixelate", "watermark", "max_bytes", "preserve_hdr", "enforce_thumbnail",
}

func (u *unbuilt) set(bit unbuilt, on bool) {
	*u &^= bit
	if on {
		*u |= bit
	}
}

// refused refuses by name what is in force and cannot be carried out.
func (s *state) refused() error {
	if s.foreign != "" {
		return badURL("%s: not supported by this server", s.foreign)
	}
	if s.unbuilt != 0 {
		return badURL("%s: not supported by this server", unbuiltNames[bits.TrailingZeros16(uint16(s.unbuilt))])
	}
	return s.refusedGravity()
}

// setForeign notes an option of imgproxy Pro. Nothing is known of its arguments, so nothing it says can
// be told to change nothing.
func setForeign(s *state, a args) error {
	if s.foreign == "" {
		s.foreign = a.name
	}
	return nil
}

// setTrim: trim:threshold[:color[:equal_hor[:equal_ver]]]; an empty threshold means off.
func setTrim(s *state, a args) error {
	list, n, err := a.fixed(4)
	if err != nil {
		return err
	}
	if list[0] != "" {
		if _, err := a.number("threshold", list[0], anyNumber); err != nil {
			return err
		}
	}
	if n > 1 && list[1] != "" {
		if _, err := a.color("color", list[1]); err != nil {
			return err
		}
	}
	s.unbuilt.set(trimming, list[0] != "")
	return nil
}

func setBlur(s *state, a args) error    { return s.setStrength(blurring, a) }
func setSharpen(s *state, a args) error { return s.setStrength(sharpening, a) }

func (s *state) setStrength(bit unbuilt, a args) error {
	var sigma float64
	err := a.numberOption(&sigma, notNegative)
	if err == nil {
		s.unbuilt.set(bit, sigma > 0)
	}
	return err
}

// setPixelate: pixelate:size; blocks of one pixel are the picture itself.
func setPixelate(s *state, a args) error {
	var size int
	err := a.wholeOption(&size, 0, maxSide)
	if err == nil {
		s.unbuilt.set(pixelating, size > 1)
	}
	return err
}

func setMaxBytes(s *state, a args) error {
	var n int
	err := a.wholeOption(&n, 0, maxSide)
	if err == nil {
		s.unbuilt.set(boundingBytes, n > 0)
	}
	return err
}

func setPreserveHDR(s *state, a args) error      { return s.setSwitch(preservingHDR, a) }
func setEnforceThumbnail(s *state, a args) error { return s.setSwitch(preferringThumbnail, a) }

func (s *state) setSwitch(bit unbuilt, a args) error {
	var on bool
	err := a.truthOption(&on)
	if err == nil {
		s.unbuilt.set(bit, on)
	}
	return err
}

// setWatermark: watermark:opacity[:position[:x[:y[:scale]]]]; opacity 0 means none. imgproxy lets two
// more arguments pass unread.
func setWatermark(s *state, a args) error {
	list, n, err := a.fixed(7)
	if err != nil {
		return err
	}
	opacity, err := a.number("opacity", list[0], fraction)
	if err != nil {
		return err
	}
	if n > 1 && list[1] != "" && list[1] != "re" {
		if anchor, ok := anchorOf(list[1]); !ok || list[1] == "fp" || !built(anchor) {
			return a.bad("position", list[1], "one of ce, no, so, ea, we, noea, nowe, soea, sowe, re")
		}
	}
	for i, argument := range [...]string{2: "x", 3: "y", 4: "scale"} {
		if argument == "" || i >= n || list[i] == "" {
			continue
		}
		in := anyNumber
		if argument == "scale" {
			in = notNegative
		}
		if _, err := a.number(argument, list[i], in); err != nil {
			return err
		}
	}
	s.unbuilt.set(watermarking, opacity > 0)
	return nil
}
