package config

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// readConfig reads the YAML file. Nested keys are joined by _, so that
//
//	cache:
//	  disk: {path: /var/cache/stillroom}
//
// is cache_disk_path and STILLROOM_CACHE_DISK_PATH.
func (l *loader) readConfig(path given) layer {
	text, err := l.o.ReadFile(path.text)
	if err != nil {
		l.problems.add(path.at, "cannot read the file %q: %s", path.text, cause(err))
		return nil
	}
	f := file{l: l, name: path.text, layer: layer{}}
	decoder := yaml.NewDecoder(strings.NewReader(string(text)))
	var doc yaml.Node
	switch err := decoder.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return f.layer
	case err != nil:
		f.problem(0, "want YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
		return nil
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		f.problem(0, "want one YAML document")
		return nil
	}
	f.walk(nil, doc.Content[0])
	return f.layer
}

// file is a YAML file on its way to a layer.
type file struct {
	l     *loader
	name  string
	layer layer
}

func (f *file) at(line int) origin {
	if line == 0 {
		return origin(f.name)
	}
	return origin(fmt.Sprintf("%s:%d", f.name, line))
}

func (f *file) problem(line int, message string, args ...any) {
	f.l.problems.add(f.at(line), message, args...)
}

// walk reads a node that stands under keys. It goes down only as long as a setting's name begins with them,
// which also ends it for an alias of a node that holds the alias.
func (f *file) walk(keys []string, n *yaml.Node) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	s, viaFile := f.target(keys)
	if n.Kind == yaml.MappingNode && (s == nil || !s.isPairs()) && f.leads(keys) {
		for i := 0; i+1 < len(n.Content); i += 2 {
			f.walk(append(keys[:len(keys):len(keys)], n.Content[i].Value), n.Content[i+1])
		}
		return
	}
	key := strings.Join(keys, ".")
	switch {
	case len(keys) == 0:
		f.problem(n.Line, "want key: value pairs")
	case s == nil:
		f.problem(n.Line, "unknown key %s, the nearest is %s", key, f.nearestKey(key))
	case s.name == prefix+"CONFIG":
		f.problem(n.Line, "%s: cannot be set in the file that it names", key)
	default:
		f.set(s, viaFile, key, n)
	}
}

// leads reports whether a setting's name goes on after keys.
func (f *file) leads(keys []string) bool {
	if len(keys) == 0 {
		return true
	}
	name := native(strings.Join(keys, "_")) + "_"
	return slices.ContainsFunc(f.l.table, func(s setting) bool { return strings.HasPrefix(s.name+fileSuffix, name) })
}

// set keeps the value of a setting.
func (f *file) set(s *setting, viaFile bool, key string, n *yaml.Node) {
	text, err := s.yamlText(n)
	name := s.name
	if viaFile {
		name += fileSuffix
	}
	switch other, twice := f.layer[name]; {
	case err != nil:
		f.problem(n.Line, "%s: %s", key, err)
	case twice:
		f.problem(n.Line, "%s: want it once, it is also set at %s", key, other.at)
	case viaFile:
		f.layer[name] = given{text, f.at(n.Line)}
	default:
		f.layer.put(s, text, f.at(n.Line))
	}
}

// target finds the setting that keys name, or the setting whose file they name.
func (f *file) target(keys []string) (s *setting, viaFile bool) {
	name := native(strings.Join(keys, "_"))
	if s := f.l.setting(name); s != nil {
		return s, false
	}
	base, ok := strings.CutSuffix(name, fileSuffix)
	if !ok {
		return nil, false
	}
	return f.l.setting(base), true
}

// nearestKey returns the known key that key was most likely meant to be, nested as key is.
func (f *file) nearestKey(key string) string {
	name := strings.ToLower(strings.TrimPrefix(nearestName(native(key), f.l.table), prefix))
	if strings.Contains(key, ".") {
		return strings.ReplaceAll(name, "_", ".")
	}
	return name
}
