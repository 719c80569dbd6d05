package imgproxy

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/stillroom/stillroom/internal/provider"
	"github.com/stillroom/stillroom/internal/sign"
)

// Format writes an unsigned request target that Parse reads as r (see provider.Provider). Sources are
// written plain, which can say every source; encryption is not repeated. Where the configuration limits
// what URLs may say, presets are tried, one or two at a time. The error is of kind BadURL and says that
// r cannot be written: r comes from elsewhere, or the configuration leaves no words for it.
func (p *Provider) Format(r provider.Request) (string, error) {
	text, ok := p.sources.rewrite.spell(r.Source)
	if !ok {
		return "", badURL("source %s: no URL leads to it with the configured base and replacements", r.Source.Redacted())
	}
	source := "plain/" + escape(text)
	if f := r.Pipeline.Output.Format; r.Want == provider.Rendition && f != 0 {
		source += "@" + f.String()
	}
	for presets := range p.presetLists() {
		if target, ok := p.write(r, presets, source); ok {
			return target, nil
		}
	}
	return "", badURL("the request cannot be written as a URL of this grammar with the configured options and presets")
}

// write writes r as presets, options for what they leave, and the source, and reads it back.
func (p *Provider) write(r provider.Request, presets []string, source string) (string, bool) {
	s := p.start
	w := writer{p: p}
	w.b.WriteString("/" + sign.Unsigned + "/")
	if list := strings.Join(presets, p.sep); p.onlyPresets {
		w.b.WriteString(list + "/")
	} else {
		if len(presets) > 0 {
			if err := setPreset(&s, args{name: "preset", text: list, sep: p.sep}); err != nil {
				return "", false
			}
			w.option("preset pr", presets...)
		}
		w.differences(&s, r)
	}
	w.b.WriteString(source)
	target := w.b.String()
	got, err := p.Parse(target)
	return target, err == nil && same(got, r)
}

// same reports whether two requests are equal, Credentials aside.
func same(a, b provider.Request) bool {
	if !a.Delivery.Expires.Equal(b.Delivery.Expires) {
		return false
	}
	a.Delivery.Expires, b.Delivery.Expires = time.Time{}, time.Time{}
	a.Credentials, b.Credentials = provider.Credentials{}, provider.Credentials{}
	return reflect.DeepEqual(a, b)
}

// maxPairs is how many presets are tried in pairs at most.
const maxPairs = 32

// presetLists yields the lists of presets that may help to write a request: none; and where URLs may not
// say everything each preset alone, then each two.
func (p *Provider) presetLists() func(yield func([]string) bool) {
	return func(yield func([]string) bool) {
		if !p.onlyPresets && !yield(nil) || !p.onlyPresets && p.allowed == nil {
			return
		}
		for _, name := range p.names {
			if !yield([]string{name}) {
				return
			}
		}
		if len(p.names) > maxPairs {
			return
		}
		for _, first := range p.names {
			for _, second := range p.names {
				if first != second && !yield([]string{first, second}) {
					return
				}
			}
		}
	}
}

// escape writes a source so that readPlain reads it: everything but unreserved characters and what has
// no meaning in a path here.
func escape(text string) string {
	var b strings.Builder
	b.Grow(len(text) + 8)
	for i := range len(text) {
		c := text[i]
		// A single slash after a scheme would be doubled (see repair).
		merged := c == ':' && i+1 < len(text) && text[i+1] == '/' && (i+2 == len(text) || text[i+2] != '/')
		if isAlnum(c) || strings.IndexByte("-._~!$&'()*+,;=:/", c) >= 0 && !merged {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}
