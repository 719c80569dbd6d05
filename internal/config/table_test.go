package config

import (
	"strings"
	"testing"
)

// TestTable checks what the tags of Config must hold for everything else to work.
func TestTable(t *testing.T) {
	owner := map[string]string{}
	claim := func(name, by string) {
		if other, taken := owner[name]; taken {
			t.Errorf("%s: is claimed by %s and by %s", name, other, by)
		}
		owner[name] = by
	}
	for _, s := range append(settings(), unbuiltSettings()...) {
		claim(s.name, s.name)
		for _, also := range s.also {
			claim(also, s.name)
		}
		if strings.HasSuffix(s.name, fileSuffix) {
			t.Errorf("%s: reads like the file of another setting", s.name)
		}
		if s.field == nil {
			continue
		}
		if s.desc == "" || strings.HasSuffix(s.desc, ".") {
			t.Errorf("%s: want a description of one line without a full stop, got %q", s.name, s.desc)
		}
		for _, bound := range []string{s.min, s.max} {
			if bound != "" {
				s.bound(bound) // panics at one that does not read
			}
		}
		if s.isBool() && s.fallback == "" {
			t.Errorf("%s: a switch has no default", s.name)
		}
		if err := parseTexts(&Config{}, map[string]string{s.name: s.fallback}); err != nil {
			t.Errorf("%s: the default does not read: %v", s.name, err)
		}
	}
}

// TestUnbuiltNamesAreKnown checks that what unbuilt.go refuses exists.
func TestUnbuiltNamesAreKnown(t *testing.T) {
	l := newLoader(Options{})
	for _, u := range unbuiltValues() {
		s := l.setting(prefix + u.name)
		if s == nil || s.field == nil {
			t.Errorf("%s: no such setting", u.name)
			continue
		}
		if u.value != "*" && len(s.oneof) > 0 && !strings.Contains("|"+strings.Join(s.oneof, "|")+"|", "|"+u.value+"|") {
			t.Errorf("%s: %q is none of its values", u.name, u.value)
		}
	}
	for _, r := range rules() {
		for _, name := range r.reads {
			if l.setting(prefix+name) == nil {
				t.Errorf("a rule reads %s, which is no setting", name)
			}
		}
	}
}
