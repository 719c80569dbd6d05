package transform

import (
	"slices"

	"github.com/stillroom/stillroom/internal/format"
)

// modern returns the formats that negotiation may choose.
func modern() format.Set { return format.SetOf(format.JXL, format.AVIF, format.WebP) }

// defaultPreferred is what an empty Preferred stands for.
func defaultPreferred() [3]format.Format {
	return [3]format.Format{format.JPEG, format.PNG, format.GIF}
}

// normalize drops what cannot matter for the format that was asked for.
func (o *Output) normalize() {
	if o.Format == format.SVG {
		*o = Output{Format: format.SVG}
		return
	}
	o.Auto, o.Enforce = o.Auto&modern(), o.Enforce&modern()
	if o.Format == format.Unknown {
		// Where nothing was asked for, enforcing is no more than choosing.
		o.Auto, o.Enforce = o.Auto|o.Enforce, 0
		if o.Skip.Has(format.SVG) {
			o.RasterizeSVG = false
		}
		o.Skip &^= format.SetOf(format.SVG)
		if preferred := defaultPreferred(); slices.Equal(o.Preferred, preferred[:]) {
			o.Preferred = nil
		}
	} else {
		o.Auto, o.Preferred, o.RasterizeSVG = 0, nil, false
		o.Skip &= format.SetOf(o.Format)
		if o.Enforce == format.SetOf(o.Format) {
			o.Enforce = 0
		}
	}
	o.Skip &= known()
	if !o.StripMetadata {
		o.KeepCopyright = false
	}
	may := o.outcomes()
	o.normalizeQuality(may)
	o.Encoder.normalize(may)
}

func known() format.Set {
	var s format.Set
	for f := format.JPEG; f.Ext() != ""; f++ {
		s = s.With(f)
	}
	return s
}

// outcomes returns the formats in which a result may be written, with any engine and any source.
func (o *Output) outcomes() format.Set {
	var s format.Set
	switch {
	case o.Format != format.Unknown:
		s = o.Enforce.With(o.Format)
		if replaceable(o.Format) {
			s |= format.SetOf(format.WebP, format.PNG, format.JPEG)
		}
	case len(o.Preferred) == 0:
		s = o.Auto
		for _, f := range defaultPreferred() {
			s = s.With(f)
		}
	default:
		s = o.Auto
		for _, f := range o.Preferred {
			s = s.With(f)
		}
	}
	if s.Has(format.AVIF) {
		// Too small for AVIF.
		s |= format.SetOf(format.PNG, format.JPEG)
	}
	return s
}

// mayAnimate reports whether more than one frame may come out. Whoever asks for a still format by name
// gets a still, whatever takes its place.
func (o *Output) mayAnimate() bool {
	if o.Format != format.Unknown {
		return o.Format.HasAnimation()
	}
	return o.outcomes()&format.SetOf(format.WebP, format.GIF) != 0
}

// normalizeQuality folds the three places where a quality may stand into one: Quality if all formats
// that may come out have the same, else FormatQuality for each of them.
func (o *Output) normalizeQuality(may format.Set) {
	var table QualityTable
	var first uint8
	same := true
	for f := format.JPEG; f.Ext() != ""; f++ {
		if !may.Has(f) || !f.HasQuality() {
			continue
		}
		q := uint8(o.quality(f))
		table[f] = q
		if first == 0 {
			first = q
		}
		same = same && q == first
	}
	o.Quality, o.FormatQuality, o.DefaultQuality = 0, table, 0
	if same {
		o.Quality, o.FormatQuality = int(first), QualityTable{}
	}
}

// quality returns what holds for f: what was asked for, else what is set for f, else the default.
func (o *Output) quality(f format.Format) int {
	switch {
	case o.Quality > 0:
		return o.Quality
	case o.FormatQuality[f] > 0:
		return int(o.FormatQuality[f])
	case o.DefaultQuality > 0:
		return o.DefaultQuality
	}
	return 80
}

// normalize drops the settings of encoders that are not used and folds defaults that have two spellings.
func (e *Encoder) normalize(may format.Set) {
	e.JPEGProgressive = e.JPEGProgressive && may.Has(format.JPEG)
	e.PNGInterlaced = e.PNGInterlaced && may.Has(format.PNG)
	e.PNGQuantize = e.PNGQuantize && may.Has(format.PNG)
	switch {
	case !e.PNGQuantize:
		e.PNGColors = 0
	case e.PNGColors == 0:
		e.PNGColors = 256
	}
	if e.WebPEffort == 4 || !may.Has(format.WebP) {
		e.WebPEffort = 0
	}
	if e.WebPPreset == "default" || !may.Has(format.WebP) {
		e.WebPPreset = ""
	}
	if !may.Has(format.AVIF) {
		e.AVIFSpeed = 0
	}
}
