package imgproxy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// defaultPreset applies to every URL before its own options.
const defaultPreset = "default"

// maxExpansions bounds how many presets one URL expands: presets may use presets, and each level can
// multiply.
const maxExpansions = 256

// setPreset: preset:name...; each is expanded where it stands. A preset that uses itself, if by a
// detour, is skipped where it would begin again.
func setPreset(s *state, a args) error {
	for more := true; more; {
		var name string
		name, a, more = a.next()
		text, ok := s.p.presets[name]
		if !ok {
			return a.bad("", name, "the name of a preset")
		}
		if slices.Contains(s.expanding, name) {
			s.recursion = name
			continue
		}
		if s.expansions++; s.expansions > maxExpansions {
			return badURL("%s: want presets that expand to at most %d", a.name, maxExpansions)
		}
		s.expanding = append(s.expanding, name)
		err := s.expand(text)
		s.expanding = s.expanding[:len(s.expanding)-1]
		if err != nil {
			return err
		}
	}
	return nil
}

// expand applies the options of a preset. Presets may use options that URLs may not.
func (s *state) expand(text string) error {
	for segment := range strings.SplitSeq(text, "/") {
		name, text, _ := strings.Cut(segment, s.p.sep)
		if err := s.apply(name, text); err != nil {
			return err
		}
	}
	return nil
}

// addPresets reads presets, tries each of them and applies the default one to the start.
func (p *Provider) addPresets(list []string) error {
	p.presets = make(map[string]string, len(list))
	for _, definition := range list {
		definition = strings.TrimSpace(definition)
		if definition == "" || definition[0] == '#' {
			continue
		}
		name, text, err := p.readPreset(definition)
		if err != nil {
			return err
		}
		if _, ok := p.presets[name]; ok {
			p.warn("preset %q is defined more than once; the last definition counts", name)
		} else {
			p.names = append(p.names, name)
		}
		p.presets[name] = text
	}
	slices.Sort(p.names)
	// Only now: a preset may use one that is defined after it.
	for _, name := range p.names {
		if err := p.tryPreset(name); err != nil {
			return err
		}
	}
	if _, ok := p.presets[defaultPreset]; !ok {
		return nil
	}
	if err := setPreset(&p.start, args{name: "preset", text: defaultPreset, sep: p.sep}); err != nil {
		return fmt.Errorf("presets: %w", errors.Unwrap(err))
	}
	p.start.expanding, p.start.expansions = nil, 0
	return nil
}

// readPreset reads "name=option/option".
func (p *Provider) readPreset(definition string) (name, text string, err error) {
	name, text, ok := strings.Cut(definition, "=")
	name, text = strings.TrimSpace(name), strings.TrimSpace(text)
	if !ok || name == "" || text == "" || strings.Contains(text, "=") {
		return "", "", fmt.Errorf("presets: want name=option/option, got %q", definition)
	}
	if strings.Contains(name, p.sep) || strings.ContainsAny(name, "/?") {
		return "", "", fmt.Errorf("presets: want names without %s, / and ?, got %q", p.sep, name)
	}
	for segment := range strings.SplitSeq(text, "/") {
		if !strings.Contains(segment, p.sep) {
			return "", "", fmt.Errorf("presets: %s: want options such as width%s100, got %q", name, p.sep, segment)
		}
	}
	return name, text, nil
}

// tryPreset applies a preset to nothing. What it asks for and cannot have is a warning, because the
// presets beside it work and URLs that use it are refused by name; only the default preset would refuse
// every URL.
func (p *Provider) tryPreset(name string) error {
	s := p.start
	if err := setPreset(&s, args{name: "preset", text: name, sep: p.sep}); err != nil {
		return fmt.Errorf("presets: %s: %w", name, errors.Unwrap(err))
	}
	if s.recursion != "" {
		p.warn("preset %q: %q is used within itself; the inner use is skipped", name, s.recursion)
	}
	err := s.refused()
	switch {
	case err == nil || s.raw:
		return nil
	case name == defaultPreset:
		return fmt.Errorf("presets: %s: %w", name, errors.Unwrap(err))
	}
	p.warn("preset %q: %v; URLs that use it are refused", name, errors.Unwrap(err))
	return nil
}

func (p *Provider) warn(message string, args ...any) {
	p.warnings = append(p.warnings, fmt.Sprintf(message, args...))
}
