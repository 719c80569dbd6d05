package config

import "strings"

// List is a list of texts, written with commas. Blanks round an element and empty elements are dropped.
type List []string

// UnmarshalText reads the list; it never fails.
func (l *List) UnmarshalText(text []byte) error {
	*l = nil
	for item := range strings.SplitSeq(string(text), ",") {
		if item = strings.TrimSpace(item); item != "" {
			*l = append(*l, item)
		}
	}
	return nil
}

// String joins the elements with commas.
func (l List) String() string { return strings.Join(l, ",") }
