// Package purge hides results by rule. A purge is a fact in a ledger, not a walk through the stores: a Guard in
// front of a store asks the ledger about each entry that is found, so a rule holds at once, on every tier, for
// entries that nobody has listed, and after a restart.
package purge

import (
	"slices"
	"strings"
	"time"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/fault"
)

// Selector says by what a rule picks entries.
type Selector string

// The selectors, from the narrowest to the widest.
const (
	URL    Selector = "url"    // Value is a cache.Key in hex and equals Meta.Group
	Source Selector = "source" // Value equals Meta.Source
	Tag    Selector = "tag"    // Value is one of Meta.Tags
	Prefix Selector = "prefix" // Value begins Meta.Source
	All    Selector = "all"    // Value is empty
)

// maxValue bounds the value of a rule, in bytes: as long as the longest URL that servers take.
const maxValue = 8192

// Rule purges what it covers: the entries that its selector picks and whose making began at or before its time.
type Rule struct {
	// ID names the rule in every ledger that holds it. Add assigns it.
	ID string
	// Selector and Value pick entries.
	Selector Selector
	Value    string
	// At is when the rule was made, by the wall clock in nanoseconds. Add assigns it.
	At time.Time
	// Soft makes entries stale instead of hiding them.
	Soft bool
}

// Covers reports whether the rule picks an entry and is not older than it. An entry is as old as the fetch of its
// source, so what was being made when the rule came is covered, however late it is stored. Equal times are
// covered: which of the two came first in that nanosecond is unknown, and of the two mistakes an
// unneeded fill is the harmless one. Times are compared by the wall clock, because entries and rules outlive the
// process; while it stands behind a rule's time, having been set back, new entries are covered too.
func (r *Rule) Covers(m *cache.Meta) bool {
	if m.Created.After(r.At) {
		return false
	}
	switch r.Selector {
	case URL:
		return m.Group != cache.Key{} && m.Group.String() == r.Value
	case Source:
		return m.Source == r.Value
	case Tag:
		return slices.Contains(m.Tags, r.Value)
	case Prefix:
		return strings.HasPrefix(m.Source, r.Value)
	case All:
		return true
	}
	return false
}

// check returns an error of kind BadURL that names what is wrong with a rule. It returns the rule with its value
// in the one spelling that entries are compared with.
func (r Rule) check(op string) (Rule, error) {
	bad := func(message string, args ...any) (Rule, error) {
		return Rule{}, fault.New(fault.BadURL, op, message, args...)
	}
	switch r.Selector {
	case All:
		if r.Value != "" {
			return bad("all: want no value, got %q", r.Value)
		}
		return r, nil
	case URL, Source, Tag, Prefix:
	default:
		return bad("selector: want url, source, tag, prefix or all, got %q", string(r.Selector))
	}
	if r.Value == "" {
		return bad("%s: want a value, got none", r.Selector)
	}
	if len(r.Value) > maxValue {
		return bad("%s: want at most %d bytes, got %d", r.Selector, maxValue, len(r.Value))
	}
	if r.Selector == URL {
		key, err := cache.ParseKey(r.Value)
		if err != nil {
			return bad("url: %w", err)
		}
		if key == (cache.Key{}) {
			return bad("url: the key of zeros names nothing")
		}
		r.Value = key.String()
	}
	return r, nil
}

// group returns the key of a checked rule by url.
func (r *Rule) group() cache.Key {
	key, _ := cache.ParseKey(r.Value) // check has seen to it
	return key
}
