package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Mount is a grammar and the path prefix under which it is found.
type Mount struct {
	Name   string // of the provider
	Prefix string // begins with "/"
}

// Mounts are ordered by the length of their prefixes, longest first: the order in which they are tried.
type Mounts []Mount

// UnmarshalText reads "name=/prefix,name=/prefix".
func (m *Mounts) UnmarshalText(text []byte) error {
	*m = nil
	var items List
	if err := items.UnmarshalText(text); err != nil {
		return err
	}
	for _, item := range items {
		name, prefix, ok := strings.Cut(item, "=")
		name, prefix = strings.TrimSpace(name), strings.TrimSpace(prefix)
		if !ok || name == "" || !strings.HasPrefix(prefix, "/") {
			return fmt.Errorf("want name=/prefix pairs separated by commas, got %q", item)
		}
		for _, other := range *m {
			if other.Prefix == prefix {
				return fmt.Errorf("want each prefix once, got %q for %s and %s", prefix, other.Name, name)
			}
		}
		*m = append(*m, Mount{Name: name, Prefix: prefix})
	}
	slices.SortStableFunc(*m, func(a, b Mount) int { return cmp.Compare(len(b.Prefix), len(a.Prefix)) })
	return nil
}

// String writes what UnmarshalText reads.
func (m Mounts) String() string {
	items := make([]string, len(m))
	for i, one := range m {
		items[i] = one.Name + "=" + one.Prefix
	}
	return strings.Join(items, ",")
}
