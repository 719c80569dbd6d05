package config

import (
	"errors"
	"testing"
	"time"
)

func FuzzSize(f *testing.F) {
	for _, seed := range []string{"0", "256MiB", "10GB", "1.5 gib", "B", "-1", "9223372036854775807", "1e9", "KiB", "0.0000001TiB"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var first, second Size
		if first.UnmarshalText([]byte(text)) != nil {
			return
		}
		if first < 0 {
			t.Fatalf("%q reads as %d", text, first)
		}
		if err := second.UnmarshalText([]byte(first.String())); err != nil || second != first {
			t.Errorf("%q reads as %d, is written as %q and reads as %d (%v)", text, first, first, second, err)
		}
	})
}

func FuzzDuration(f *testing.F) {
	for _, seed := range []string{"0", "90", "1.5", "90s", "1h30m", "7d", "-1s", "1e9", "9999999999d", "Inf", "1µs"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		first, err := ParseDuration(text)
		if err != nil {
			return
		}
		if first < 0 {
			t.Fatalf("%q reads as %s", text, first)
		}
		if second, err := ParseDuration(formatDuration(first)); err != nil || second != first {
			t.Errorf("%q reads as %d, is written as %q and reads as %d (%v)", text, first, formatDuration(first), second, err)
		}
	})
}

// FuzzFile feeds a configuration file: whatever it holds, Load answers with a Config or with Problems, soon.
func FuzzFile(f *testing.F) {
	for _, seed := range []string{
		"ttl: 1h", "cache: {memory: {size: 1GiB}}", "a: &a {b: *a}", "- x", "presets: [a=b, c=d]", "format_quality: {jpeg: 1}",
		"? {a: b}\n: c", "ttl: !!binary aGk=", "<<: {ttl: 1h}", "\xff", "key_file: x", "a: &a [*a]", "providers: {imgproxy: *x}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		read := func(name string) ([]byte, error) {
			if name == "conf" {
				return []byte(text), nil
			}
			return nil, errors.New("no such file")
		}
		began := time.Now()
		c, report, err := Load(Options{Args: []string{"--config", "conf"}, ReadFile: read})
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("took %s", took)
		}
		var problems Problems
		if report == nil || (c == nil) != (err != nil) || err != nil && !errors.As(err, &problems) {
			t.Errorf("config %v, report %v, error %v", c, report, err)
		}
	})
}
