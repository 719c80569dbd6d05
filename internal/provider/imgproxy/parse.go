package imgproxy

import (
	"strings"

	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/provider"
)

// Parse reads a request target (see provider.Provider). With an error, the Request holds the
// Credentials, as far as they were found, and nothing else: whoever answers should check them first, so
// that a URL that is not signed learns nothing but that, not even whether an encrypted source decrypts.
func (p *Provider) Parse(target string) (provider.Request, error) {
	if len(target) > p.maxURL {
		return provider.Request{}, badURL("the URL is too long: want at most %d bytes, got %d", p.maxURL, len(target))
	}
	c, err := cut(target)
	if err != nil {
		return provider.Request{}, err
	}
	s := new(state)
	*s = p.start
	r, err := s.read(c.Signed[1:])
	if err != nil {
		r = provider.Request{}
	}
	r.Credentials = c
	return r, err
}

// read reads what follows the signature.
func (s *state) read(path string) (provider.Request, error) {
	path, err := s.readOptions(path)
	if err != nil {
		return provider.Request{}, err
	}
	ref, extension, err := s.p.sources.read(path)
	if err != nil {
		return provider.Request{}, err
	}
	if extension != "" && !s.raw {
		a := args{name: "extension", text: extension, sep: s.p.sep}
		if err := setFormat(s, a); err != nil {
			return provider.Request{}, err
		}
	}
	r, err := s.request()
	r.Source = ref
	return r, err
}

// readOptions applies the options at the beginning of path and returns what follows them.
func (s *state) readOptions(path string) (string, error) {
	if s.p.onlyPresets {
		list, rest, _ := strings.Cut(path, "/")
		return rest, setPreset(s, args{name: "preset", text: list, sep: s.p.sep})
	}
	if first, _, _ := strings.Cut(path, "/"); isResizeType(first) {
		return "", badURL("%q stands where an option or the source belongs: URLs of the form "+
			"/type/width/height/gravity/enlarge/source are not understood", first)
	}
	for path != "" {
		segment, rest, _ := strings.Cut(path, "/")
		name, text, ok := strings.Cut(segment, s.p.sep)
		if !ok {
			return path, nil
		}
		if s.p.allowed != nil && !s.p.allowed[name] && s.p.options[name] != nil {
			return "", badURL("%s: this option is not allowed in URLs", name)
		}
		if err := s.apply(name, text); err != nil {
			return "", err
		}
		path = rest
	}
	return "", nil
}

// apply changes what one option says.
func (s *state) apply(name, text string) error {
	o := s.p.options[name]
	switch {
	case o == nil:
		return badURL("%q: want the name of an option", name)
	case o.security && !s.p.security:
		return fault.New(fault.OptionDenied, op, "%s: options that change limits are not allowed", name)
	}
	return o.set(s, args{name: name, text: text, sep: s.p.sep})
}
