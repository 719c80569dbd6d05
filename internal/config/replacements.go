package config

import (
	"fmt"
	"strings"
)

// Replacement rewrites a source URL that begins with Pattern, in which * stands for a run of
// characters other than "/"; ${1} in Text is what the first * stood for.
type Replacement struct{ Pattern, Text string }

// Replacements are applied in order.
type Replacements []Replacement

// UnmarshalText reads "pattern=text;pattern=text".
func (r *Replacements) UnmarshalText(text []byte) error {
	*r = nil
	for item := range strings.SplitSeq(string(text), ";") {
		if strings.TrimSpace(item) == "" {
			continue
		}
		pattern, to, ok := strings.Cut(item, "=")
		if pattern = strings.TrimSpace(pattern); !ok || pattern == "" {
			return fmt.Errorf("want pattern=text pairs separated by ;, got %q", item)
		}
		*r = append(*r, Replacement{Pattern: pattern, Text: strings.TrimSpace(to)})
	}
	return nil
}

// Texts returns each rewrite as "pattern=text".
func (r Replacements) Texts() []string {
	texts := make([]string, len(r))
	for i, one := range r {
		texts[i] = one.Pattern + "=" + one.Text
	}
	return texts
}

// String writes what UnmarshalText reads.
func (r Replacements) String() string { return strings.Join(r.Texts(), ";") }
