package plan

import (
	"math"
	"slices"
	"strconv"

	"github.com/stillroom/stillroom/internal/provider"
	"github.com/stillroom/stillroom/internal/transform"
)

// maxHintedDensity is the largest density that a header may ask for: imgproxy's bound (reference,
// section 2.5). A URL may ask for more.
const maxHintedDensity = 8

// withHints fills width and density from the client's hints where the URL left them open. A hinted
// width is in physical pixels, so it is divided by the density that multiplies it again.
func withHints(p transform.Pipeline, open provider.Hints, client Client) transform.Pipeline {
	if !open.Width && !open.Density {
		return p
	}
	density, width := 0.0, 0
	if v, ok := hint(client, "Sec-CH-DPR", "DPR"); ok && v <= maxHintedDensity && open.Density {
		density = v
	}
	if v, ok := hint(client, "Sec-CH-Width", "Width"); ok && open.Width {
		width = int(min(v, math.MaxInt32))
	}
	if density == 0 && width == 0 {
		return p
	}

	p.Ops = slices.Clone(p.Ops)
	i := slices.IndexFunc(p.Ops, func(op transform.Op) bool { _, ok := op.(*transform.Resize); return ok })
	resize := transform.Resize{}
	if i >= 0 {
		resize = *p.Ops[i].(*transform.Resize)
	} else {
		i = afterCrop(p.Ops)
		p.Ops = slices.Insert(p.Ops, i, transform.Op(nil))
	}
	if density > 0 {
		resize.Density = density
	}
	if width > 0 {
		resize.Width = max(1, int(math.Round(float64(width)/max(resize.Density, 1))))
	}
	p.Ops[i] = &resize
	return p
}

// afterCrop returns where a resize stands that no URL asked for: after everything that turns or crops.
func afterCrop(ops []transform.Op) int {
	for i, op := range ops {
		switch op.(type) {
		case *transform.Pad, *transform.Background:
			return i
		}
	}
	return len(ops)
}

// hint reads the first of the headers that is there, as a positive finite number.
func hint(client Client, names ...string) (float64, bool) {
	for _, name := range names {
		if text := client.Header.Get(name); text != "" {
			v, err := strconv.ParseFloat(text, 64)
			return v, err == nil && v > 0 && !math.IsInf(v, 0)
		}
	}
	return 0, false
}
