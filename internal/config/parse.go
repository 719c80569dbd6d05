package config

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"github.com/stillroom/stillroom/internal/format"
	"github.com/stillroom/stillroom/internal/transform"
)

// parse reads the merged texts into a Config. Texts that cannot be read are reported and leave their
// field at its default.
func (l *loader) parse(merged layer) *Config {
	texts := make(map[string]string, len(l.table))
	for i := range l.table {
		if s := &l.table[i]; s.field != nil {
			texts[s.name] = s.fallback
			if v, ok := merged[s.name]; ok {
				texts[s.name] = v.text
			}
		}
	}
	c := &Config{}
	if parseTexts(c, texts) != nil {
		// The library names the struct's field at fault, not the setting; read one by one to find out.
		l.blame(merged, texts)
		c = &Config{}
		if err := parseTexts(c, texts); err != nil {
			l.problems.add(origin("configuration"), "%s", err)
		}
	}
	l.bounds(c, merged)
	return c
}

// blame reports each setting that cannot be read on its own, and puts its default into texts.
func (l *loader) blame(merged layer, texts map[string]string) {
	for i := range l.table {
		s := &l.table[i]
		v, ok := merged[s.name]
		if !ok || s.field == nil {
			continue
		}
		if err := parseTexts(&Config{}, map[string]string{s.name: v.text}); err != nil {
			texts[s.name] = s.fallback
			l.fail(s, v.at, "%s", reason(err))
		}
	}
}

// reason unwraps what the library says round a parser's own words.
func reason(err error) error {
	var parse env.ParseError
	if moment := new(time.ParseError); errors.As(err, &moment) { // time.Time reads itself, in words about layouts
		return fmt.Errorf("want a time such as 2006-01-02T15:04:05Z, got %q", moment.Value)
	}
	if errors.As(err, &parse) && parse.Err != nil {
		return parse.Err
	}
	return err
}

func parseTexts(c *Config, texts map[string]string) error {
	return env.ParseWithOptions(c, env.Options{
		Prefix:      prefix,
		Environment: texts,
		FuncMap: map[reflect.Type]env.ParserFunc{
			reflect.TypeFor[bool]():                   parser(parseBool),
			reflect.TypeFor[int]():                    parser(parseInt[int]),
			reflect.TypeFor[int64]():                  parser(parseInt[int64]),
			reflect.TypeFor[time.Duration]():          parser(ParseDuration),
			reflect.TypeFor[format.Set]():             parser(parseFormatSet),
			reflect.TypeFor[[]format.Format]():        parser(parseFormats),
			reflect.TypeFor[transform.QualityTable](): parser(parseQualities),
		},
	})
}

func parser[T any](parse func(string) (T, error)) env.ParserFunc {
	return func(text string) (any, error) { return parse(text) }
}

func parseBool(text string) (bool, error) {
	b, err := strconv.ParseBool(strings.TrimSpace(text))
	if err != nil {
		return false, fmt.Errorf("want true or false, got %q", text)
	}
	return b, nil
}

func parseInt[T int | int64](text string) (T, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil || int64(T(n)) != n {
		return 0, fmt.Errorf("want a whole number, got %q", text)
	}
	return T(n), nil
}

// bounds checks every setting that was set against its min, max and oneof tags.
func (l *loader) bounds(c *Config, merged layer) {
	for i := range l.table {
		s := &l.table[i]
		v, ok := merged[s.name]
		if !ok || s.field == nil || l.failed[s.name] {
			continue
		}
		if message := s.outside(reflect.ValueOf(c).Elem().FieldByIndex(s.field)); message != "" {
			l.fail(s, v.at, "%s, got %q", message, v.text)
		}
	}
}

// outside says what was expected of a value, or nothing if the value is as expected.
func (s *setting) outside(value reflect.Value) string {
	if len(s.oneof) > 0 {
		text := value.String()
		for _, allowed := range s.oneof {
			if text == allowed {
				return ""
			}
		}
		return "want one of " + strings.Join(s.oneof, ", ")
	}
	if s.min == "" && s.max == "" || !value.CanInt() {
		return ""
	}
	low := s.min != "" && value.Int() < s.bound(s.min)
	high := s.max != "" && value.Int() > s.bound(s.max)
	switch {
	case (low || high) && s.min != "" && s.max != "":
		return "want " + s.min + " to " + s.max
	case low:
		return "want at least " + s.min
	case high:
		return "want at most " + s.max
	}
	return ""
}

// bound reads a min or max tag in the setting's own spelling.
func (s *setting) bound(text string) int64 {
	into := reflect.New(s.kind)
	if u, ok := into.Interface().(encoding.TextUnmarshaler); ok {
		if err := u.UnmarshalText([]byte(text)); err != nil {
			panic("config: " + s.name + ": bound " + text + ": " + err.Error())
		}
		return into.Elem().Int()
	}
	if s.kind == reflect.TypeFor[time.Duration]() {
		d, err := ParseDuration(text)
		if err != nil {
			panic("config: " + s.name + ": bound " + text + ": " + err.Error())
		}
		return int64(d)
	}
	n, err := parseInt[int64](text)
	if err != nil {
		panic("config: " + s.name + ": bound " + text + ": " + err.Error())
	}
	return n
}
