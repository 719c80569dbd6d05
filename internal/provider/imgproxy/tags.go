package imgproxy

import (
	"slices"
	"strings"
)

// Tags go out in headers whose lists are split at blanks or commas, and content networks bound their number and length.
const (
	maxTags      = 32
	maxTagLength = 128
)

// setTags: cache_tags:tag:tag…; a single empty argument means none. Tags are a set: their order says nothing.
func setTags(s *state, a args) error {
	if a.text == "" {
		s.tags = nil
		return nil
	}
	n := strings.Count(a.text, a.sep) + 1
	if n > maxTags {
		return badURL("%s: want at most %d tags, got %d", a.name, maxTags, n)
	}
	tags := make([]string, 0, n)
	for more := true; more; {
		var tag string
		tag, a, more = a.next()
		if !isTag(tag) {
			return a.bad("", tag, "tags of 1 to 128 letters, digits and !#$%&'*+-./:;=?@^_|~")
		}
		tags = append(tags, tag)
	}
	slices.Sort(tags)
	s.tags = slices.Compact(tags)
	return nil
}

// isTag reports whether a tag can stand in a header's list as it is.
func isTag(tag string) bool {
	for _, c := range []byte(tag) {
		if !isAlnum(c) && strings.IndexByte("!#$%&'*+-./:;=?@^_|~", c) < 0 {
			return false
		}
	}
	return tag != "" && len(tag) <= maxTagLength
}
