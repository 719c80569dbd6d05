package svg

import (
	"regexp"
	"strings"
)

// declaration matches the declaration of an internal general entity.
var declaration = regexp.MustCompile(`<!ENTITY\s+([A-Za-z_][\w.-]*)\s+(?:"([^"]*)"|'([^']*)')\s*>`)

const (
	maxEntities      = 64
	maxEntityLength  = 1 << 10
	entityDisallowed = "&%<"
)

// entities returns the entities that a document type declares as plain text: drawing programs write
// namespaces that way. External ones and those made of others are left out, so that a reference to them
// is an error; that is what keeps a few bytes from growing into gigabytes.
func entities(directive []byte) map[string]string {
	found := map[string]string{}
	for _, m := range declaration.FindAllSubmatch(directive, maxEntities) {
		value := string(m[2]) + string(m[3])
		if len(value) <= maxEntityLength && !strings.ContainsAny(value, entityDisallowed) {
			found[string(m[1])] = value
		}
	}
	return found
}
