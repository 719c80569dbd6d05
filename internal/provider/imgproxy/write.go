package imgproxy

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"github.com/stillroom/stillroom/internal/format"
	"github.com/stillroom/stillroom/internal/provider"
	"github.com/stillroom/stillroom/internal/transform"
)

// writer writes options.
type writer struct {
	p *Provider
	b strings.Builder
}

// option writes an option under the last of its names, the short one, or the last that URLs may use.
func (w *writer) option(names string, arguments ...string) {
	all := strings.Fields(names)
	name := all[len(all)-1]
	for _, n := range all {
		if w.p.allowed[n] {
			name = n
		}
	}
	w.b.WriteString(name)
	for _, argument := range arguments {
		w.b.WriteString(w.p.sep)
		w.b.WriteString(argument)
	}
	w.b.WriteByte('/')
}

func (w *writer) whole(names string, have, want int) {
	if have != want {
		w.option(names, strconv.Itoa(want))
	}
}

func (w *writer) truth(names string, have, want bool) {
	if have != want {
		w.option(names, truthText(want))
	}
}

func truthText(v bool) string {
	if v {
		return "1"
	}
	return "0"
}

func number(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

// differences writes what has to be said so that a URL which begins with s means r. The source's
// extension says the format.
func (w *writer) differences(s *state, r provider.Request) {
	w.truth("raw", s.raw, r.Want == provider.Original)
	if r.Want == provider.Rendition {
		want := wanted(r.Pipeline)
		w.geometry(s, &want, r.Hints)
		w.output(s, r.Pipeline.Output)
		w.whole("max_animation_frames maf", s.maxFrames, r.Pipeline.MaxFrames)
		w.whole("max_result_dimension mrd", s.maxDimension, r.Pipeline.MaxDimension)
	}
	if s.cacheBuster != r.CacheBuster {
		w.option("cachebuster cb", r.CacheBuster)
	}
	if !slices.Equal(s.tags, r.Tags) {
		w.option("cache_tags ct", strings.Join(r.Tags, w.p.sep))
	}
	w.delivery(s.delivery, r.Delivery)
	if want := r.Limits.SourcePixels; s.limits.SourcePixels != want {
		w.option("max_src_resolution msr", number(float64(want)/1e6))
	}
	if want := r.Limits.FramePixels; s.limits.FramePixels != want {
		w.option("max_animation_frame_resolution mafr", number(float64(want)/1e6))
	}
	if want := r.Limits.SourceBytes; s.limits.SourceBytes != want {
		w.option("max_src_file_size msfs", strconv.FormatInt(want, 10))
	}
}

func (w *writer) output(s *state, want transform.Output) {
	have := &s.output
	w.whole("quality q", have.Quality, want.Quality)
	var pairs []string
	for _, f := range format.All() {
		if q := want.FormatQuality[f]; q != have.FormatQuality[f] {
			pairs = append(pairs, f.String(), strconv.Itoa(int(q)))
		}
	}
	if pairs != nil {
		w.option("format_quality fq", pairs...)
	}
	w.truth("strip_metadata sm", have.StripMetadata, want.StripMetadata)
	w.truth("keep_copyright kcr", have.KeepCopyright, want.KeepCopyright)
	w.truth("strip_color_profile scp", have.StripProfile, want.StripProfile)
	var skip []string
	for _, f := range format.All() {
		if want.Skip.Has(f) && !have.Skip.Has(f) {
			skip = append(skip, f.String())
		}
	}
	if skip != nil {
		w.option("skip_processing skp", skip...)
	}
}

func (w *writer) delivery(have, want provider.Delivery) {
	w.truth("return_attachment att", have.Attachment, want.Attachment)
	if !have.Expires.Equal(want.Expires) {
		seconds := int64(0)
		if !want.Expires.IsZero() {
			seconds = want.Expires.Unix()
		}
		w.option("expires exp", strconv.FormatInt(seconds, 10))
	}
	if have.Filename == want.Filename {
		return
	}
	// Base64 can say every name, unless the separator is one of its digits.
	name, encoded := want.Filename, base64.RawURLEncoding.EncodeToString([]byte(want.Filename))
	if w.plainName(name) || strings.Contains(encoded, w.p.sep) {
		w.option("filename fn", name)
		return
	}
	w.option("filename fn", encoded, "1")
}

// plainName reports whether a name can stand in a URL as it is.
func (w *writer) plainName(name string) bool {
	for _, c := range []byte(name) {
		if !isAlnum(c) && strings.IndexByte("-._~", c) < 0 {
			return false
		}
	}
	return !strings.Contains(name, w.p.sep)
}
