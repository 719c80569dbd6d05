package format

import "strings"

// Set is a set of formats.
type Set uint16

// SetOf returns the set of the given formats.
func SetOf(formats ...Format) Set {
	var s Set
	for _, f := range formats {
		s = s.With(f)
	}
	return s
}

// With returns the set with f in it.
func (s Set) With(f Format) Set { return s | 1<<f }

// Has reports whether f is in the set.
func (s Set) Has(f Format) bool { return s&(1<<f) != 0 }

// String lists the names in the order of the constants, joined by commas.
func (s Set) String() string { return string(s.AppendText(nil)) }

// AppendText appends what String returns.
func (s Set) AppendText(b []byte) []byte {
	first := true
	for f := JPEG; f < count; f++ {
		if !s.Has(f) {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		b, first = append(b, table[f].name...), false
	}
	return b
}

// Accepted returns which of the formats in offer the Accept header names literally. Wildcards do not
// count: curl, old browsers and bots send them and cannot show a modern format. A quality of zero
// excludes (RFC 9110, section 12.5.1).
func Accepted(accept string, offer Set) Set {
	var s Set
	for accept != "" {
		var item string
		item, accept, _ = strings.Cut(accept, ",")
		name, params, _ := strings.Cut(item, ";")
		name = strings.TrimSpace(name)
		for f := JPEG; f < count; f++ {
			if offer.Has(f) && strings.EqualFold(name, table[f].mime) && !refused(params) {
				s = s.With(f)
			}
		}
	}
	return s
}

// refused reports whether the parameters of a media range hold a quality of zero.
func refused(params string) bool {
	for params != "" {
		var p string
		p, params, _ = strings.Cut(params, ";")
		k, v, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(k, "q") {
			return strings.Trim(strings.TrimSpace(v), "0.") == "" && v != ""
		}
	}
	return false
}
