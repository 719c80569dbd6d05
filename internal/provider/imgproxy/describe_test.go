package imgproxy_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/stillroom/stillroom/internal/format"
	"github.com/stillroom/stillroom/internal/provider"
	"github.com/stillroom/stillroom/internal/provider/imgproxy"
	"github.com/stillroom/stillroom/internal/transform"
)

// operator returns defaults that differ from zero in every field, so that each can be lost.
func operator() imgproxy.Defaults {
	d := imgproxy.Defaults{AutoRotate: true, MaxFrames: 10, MaxDimension: 4000}
	d.Output = transform.Output{
		Preferred: []format.Format{format.JPEG, format.PNG}, Skip: format.SetOf(format.SVG),
		Quality: 0, DefaultQuality: 75, StripMetadata: true, KeepCopyright: true, StripProfile: true,
	}
	d.Output.FormatQuality[format.WebP] = 79
	d.Output.FormatQuality[format.AVIF] = 63
	return d
}

// lines collects the lines of a description.
type lines struct{ strings.Builder }

func (l *lines) add(name string, values ...any) {
	l.WriteString(name)
	for _, v := range values {
		fmt.Fprintf(l, " %v", v)
	}
	l.WriteByte('\n')
}

// changed adds a line where a value is not what it was.
func changed[T comparable](l *lines, name string, before, after T) {
	if before != after {
		l.add(name, after)
	}
}

// describe returns a request in lines, without what is as in start.
func describe(start, r provider.Request) string {
	var l lines
	if r.Want == provider.Original {
		l.add("original", r.Source)
	} else {
		l.add("source", r.Source)
	}
	for _, op := range r.Pipeline.Ops {
		l.op(op)
	}
	if r.Want == provider.Rendition {
		l.output(start.Pipeline, r.Pipeline)
	}
	changed(&l, "cachebuster", "", r.CacheBuster)
	changed(&l, "tags", "", strings.Join(r.Tags, " "))
	changed(&l, "filename", "", r.Delivery.Filename)
	changed(&l, "attachment", false, r.Delivery.Attachment)
	if at := r.Delivery.Expires; !at.IsZero() {
		l.add("expires", at.Format(time.RFC3339))
	}
	changed(&l, "source bytes at most", 0, r.Limits.SourceBytes)
	changed(&l, "source pixels at most", 0, r.Limits.SourcePixels)
	changed(&l, "frame pixels at most", 0, r.Limits.FramePixels)
	if r.Hints != (provider.Hints{Width: true, Density: true}) && r.Want == provider.Rendition {
		l.add("hints", fmt.Sprintf("width=%v density=%v", r.Hints.Width, r.Hints.Density))
	}
	return l.String()
}

func (l *lines) op(op transform.Op) {
	switch op := op.(type) {
	case *transform.Orient:
		l.add("orient")
	case *transform.Rotate:
		l.add("rotate", op.Degrees)
	case *transform.Flip:
		l.add("flip", fmt.Sprintf("horizontal=%v vertical=%v", op.Horizontal, op.Vertical))
	case *transform.Crop:
		l.add("crop", fmt.Sprintf("%vx%v", op.Width, op.Height), gravity(op.Gravity))
	case *transform.Resize:
		l.resize(op)
	case *transform.Pad:
		l.add("pad", op.Top, op.Right, op.Bottom, op.Left)
	case *transform.Background:
		l.add("background", fmt.Sprintf("%02x%02x%02x", op.Color.R, op.Color.G, op.Color.B))
	}
}

func (l *lines) resize(op *transform.Resize) {
	names := [...]string{"fit", "fill", "fill-down", "force", "auto"}
	words := []any{names[op.Type], fmt.Sprintf("%dx%d", op.Width, op.Height)}
	word := func(shown bool, format string, args ...any) {
		if shown {
			words = append(words, fmt.Sprintf(format, args...))
		}
	}
	word(op.MinWidth != 0 || op.MinHeight != 0, "min=%dx%d", op.MinWidth, op.MinHeight)
	word(op.ZoomX != 1 || op.ZoomY != 1, "zoom=%vx%v", op.ZoomX, op.ZoomY)
	word(op.Density != 1, "density=%v", op.Density)
	word(op.Enlarge, "enlarge")
	word(op.Gravity != transform.Gravity{}, "gravity=%s", gravity(op.Gravity))
	if op.Extend != nil {
		word(true, "extend=%s", gravity(*op.Extend))
	}
	if op.ExtendRatio != nil {
		word(true, "extend-ratio=%s", gravity(*op.ExtendRatio))
	}
	l.add("resize", words...)
}

func gravity(g transform.Gravity) string {
	names := [...]string{"center", "north", "south", "east", "west", "north-east", "north-west", "south-east",
		"south-west", "point"}
	text := names[g.Anchor]
	if g.X != 0 || g.Y != 0 {
		text += fmt.Sprintf("(%v,%v)", g.X, g.Y)
	}
	return text
}

func (l *lines) output(before, after transform.Pipeline) {
	b, a := before.Output, after.Output
	changed(l, "format", b.Format, a.Format)
	changed(l, "quality", b.Quality, a.Quality)
	for _, f := range format.All() {
		changed(l, "quality of "+f.String(), b.FormatQuality[f], a.FormatQuality[f])
	}
	changed(l, "strip metadata", b.StripMetadata, a.StripMetadata)
	changed(l, "keep copyright", b.KeepCopyright, a.KeepCopyright)
	changed(l, "strip profile", b.StripProfile, a.StripProfile)
	changed(l, "skip", b.Skip, a.Skip)
	changed(l, "frames", before.MaxFrames, after.MaxFrames)
	changed(l, "max dimension", before.MaxDimension, after.MaxDimension)
}
