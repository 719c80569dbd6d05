package config

import (
	"reflect"
	"strings"
)

// prefix is in front of every native name.
const prefix = "STILLROOM_"

// setting is one row of the table that the tags of Config make.
type setting struct {
	name     string   // STILLROOM_CACHE_TYPE
	fallback string   // the default, as users write it
	also     []string // names of other systems, best first
	desc     string
	min, max string
	oneof    []string
	secret   bool
	empty    string // what an empty value means; empty = it counts as not set
	kind     reflect.Type
	field    []int  // for reflect.Value.FieldByIndex; nil = Config has no field for it
	unbuilt  string // what this build lacks to carry it out; see unbuilt.go
}

// settings returns the table in the order of Config's fields.
func settings() []setting { return appendSettings(nil, reflect.TypeFor[Config](), group{}) }

// group is where a struct of settings stands in Config.
type group struct {
	at     []int  // for reflect.Value.FieldByIndex
	prefix string // in front of its names, behind STILLROOM_
	more   string // names of other systems, each for the setting whose own name it ends with
}

func appendSettings(all []setting, in reflect.Type, g group) []setting {
	for i := range in.NumField() {
		f := in.Field(i)
		field := append(append([]int(nil), g.at...), i)
		name := f.Tag.Get("env")
		switch {
		case name == "" && f.Type.Kind() == reflect.Struct:
			all = appendSettings(all, f.Type, group{field, g.prefix + f.Tag.Get("envPrefix"), f.Tag.Get("more")})
		case name != "" && name != "-":
			name = g.prefix + name
			all = append(all, setting{
				name: prefix + name, fallback: f.Tag.Get("default"), also: expand(f.Tag.Get("also"), name, g.more),
				desc: f.Tag.Get("desc"), min: f.Tag.Get("min"), max: f.Tag.Get("max"), oneof: split(f.Tag.Get("oneof")),
				secret: f.Tag.Get("secret") != "", empty: f.Tag.Get("empty"), kind: f.Type, field: field,
			})
		}
	}
	return all
}

// expand writes out the names of an also tag, and those of more that end with the setting's name. imgforge was called
// imgFlux before, so each of its names has an older twin.
func expand(also, name, more string) []string {
	var all []string
	for word := range strings.FieldsSeq(also) {
		if strings.HasSuffix(word, "_") {
			word += name
		}
		all = append(all, word)
		if rest, ok := strings.CutPrefix(word, "IMGFORGE_"); ok {
			all = append(all, "IMGFLUX_"+rest)
		}
	}
	for word := range strings.FieldsSeq(more) {
		if strings.HasSuffix(word, "_"+name) {
			all = append(all, word)
		}
	}
	return all
}

func split(oneof string) []string {
	if oneof == "" {
		return nil
	}
	return strings.Split(oneof, "|")
}

// flag returns the setting's name on the command line, without dashes.
func (s *setting) flag() string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(s.name, prefix), "_", "-"))
}

// isBool reports whether the flag may stand without a value.
func (s *setting) isBool() bool { return s.kind.Kind() == reflect.Bool }

// native returns the name behind which a flag or a file key stands.
func native(key string) string {
	return prefix + strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(key))
}
