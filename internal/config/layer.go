package config

// origin says where a value was written: "IMGPROXY_TTL", "--ttl", "stillroom.yaml:3".
type origin string

// String names the place; the empty origin is the table of defaults.
func (o origin) String() string {
	if o == "" {
		return "default"
	}
	return string(o)
}

// given is a value as it was written, and where.
type given struct {
	text string
	at   origin
}

// layer holds what one place says, by native name.
type layer map[string]given

// put keeps a value unless it is empty, which counts as not set: "VAR=" in a compose or unit file is how
// people switch a variable off. Settings for which empty means something are the exception.
func (l layer) put(s *setting, text string, at origin) {
	if text != "" || s.empty != "" {
		l[s.name] = given{text, at}
	}
}

// over returns l with the values of upper in front.
func (l layer) over(upper layer) layer {
	merged := make(layer, len(l)+len(upper))
	for name, v := range l {
		merged[name] = v
	}
	for name, v := range upper {
		merged[name] = v
	}
	return merged
}
