package config

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/stillroom/stillroom/internal/format"
	"github.com/stillroom/stillroom/internal/transform"
)

// parseFormats reads format names separated by commas, in order.
func parseFormats(text string) ([]format.Format, error) {
	var names List
	if err := names.UnmarshalText([]byte(text)); err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("want at least one of %s", formatNames())
	}
	formats := make([]format.Format, len(names))
	for i, name := range names {
		f, err := parseFormat(name)
		if err != nil {
			return nil, err
		}
		formats[i] = f
	}
	return formats, nil
}

func parseFormat(name string) (format.Format, error) {
	f, ok := format.Parse(strings.ToLower(name))
	if !ok {
		return format.Unknown, fmt.Errorf("want names from %s, got %q", formatNames(), name)
	}
	return f, nil
}

func formatNames() string { return format.SetOf(format.All()...).String() }

func parseFormatSet(text string) (format.Set, error) {
	formats, err := parseFormats(text)
	if err != nil {
		return 0, err
	}
	return format.SetOf(formats...), nil
}

// parseQualities reads "webp=79,avif=63".
func parseQualities(text string) (transform.QualityTable, error) {
	var table transform.QualityTable
	var items List
	if err := items.UnmarshalText([]byte(text)); err != nil {
		return table, err
	}
	for _, item := range items {
		name, value, _ := strings.Cut(item, "=")
		f, err := parseFormat(strings.TrimSpace(name))
		if err != nil {
			return table, err
		}
		q, err := strconv.ParseUint(strings.TrimSpace(value), 10, 8)
		if err != nil || q < 1 || q > 100 {
			return table, fmt.Errorf("want format=quality pairs with a quality from 1 to 100, got %q", item)
		}
		table[f] = uint8(q)
	}
	return table, nil
}

// formatQualities writes what parseQualities reads.
func formatQualities(table transform.QualityTable) string {
	var items []string
	for _, f := range format.All() {
		if q := table[f]; q > 0 {
			items = append(items, f.String()+"="+strconv.Itoa(int(q)))
		}
	}
	return strings.Join(items, ",")
}
