package config

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/stillroom/stillroom/internal/transform"
)

// isPairs reports whether the setting is written as key=value pairs, for which a file may use a mapping.
func (s *setting) isPairs() bool {
	return s.kind == reflect.TypeFor[transform.QualityTable]() || s.kind == reflect.TypeFor[Mounts]() ||
		s.kind == reflect.TypeFor[Replacements]() || s.kind == reflect.TypeFor[AccessPoints]()
}

// separator stands between the elements of a list.
func (s *setting) separator() string {
	switch {
	case s.kind == reflect.TypeFor[Replacements](), s.kind == reflect.TypeFor[AccessPoints]():
		return ";"
	case s.name == prefix+"PRESETS":
		return "\n" // one per line is understood whatever STILLROOM_PRESETS_SEPARATOR is
	}
	return ","
}

// yamlText turns a value of a file into the text that a variable would hold.
func (s *setting) yamlText(n *yaml.Node) (string, error) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	switch n.Kind {
	case yaml.ScalarNode:
		if n.Tag == "!!null" {
			return "", nil
		}
		return n.Value, nil
	case yaml.SequenceNode:
		return s.join(n.Content, 1, "")
	case yaml.MappingNode:
		if s.isPairs() {
			return s.join(n.Content, 2, "=")
		}
	}
	return "", errors.New("want a value or a list, got a mapping")
}

// join writes each group of nodes as one element.
func (s *setting) join(nodes []*yaml.Node, size int, inner string) (string, error) {
	var text strings.Builder
	for i := 0; i+size <= len(nodes); i += size {
		parts := make([]string, size)
		for j, n := range nodes[i : i+size] {
			if n.Kind == yaml.AliasNode {
				n = n.Alias
			}
			if n.Kind != yaml.ScalarNode {
				return "", fmt.Errorf("want plain values, line %d holds something else", n.Line)
			}
			if strings.Contains(n.Value, s.separator()) {
				return "", fmt.Errorf("want elements without %q, line %d has one", s.separator(), n.Line)
			}
			parts[j] = n.Value
		}
		text.WriteString(strings.Join(parts, inner) + s.separator())
	}
	if s.separator() == "\n" {
		return text.String(), nil // the last line end tells one preset from a list with commas
	}
	return strings.TrimSuffix(text.String(), s.separator()), nil
}
