package board

import (
	"crypto/rand"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The kinds of objects.
const (
	batch = "rules" // rules as they came
	fold  = "fold"  // the rules of many other objects
)

// name is what the name of an object says:
//
//	01767366245123456789-01767366245023456789-rules-BIMRZGJVOAD45WIYGBKPXMC4YL
//
// It begins with the time of writing and not with that of a rule, so that what was held back for an hour stands at the end
// of a listing like everything new. The second time, that of its newest rule, tells when nobody needs the object any more
// without opening it, which for a fold is long before its age would. The last part makes each name one of its
// own: no object is ever written twice, not even by a second attempt.
type name struct {
	written, newest time.Time
	kind            string
}

func (n name) text() string {
	return fmt.Sprintf("%s-%s-%s-%s", stamp(n.written), stamp(n.newest), n.kind, rand.Text())
}

// stamp returns a time as digits that sort like it. It must not be before 1970.
func stamp(at time.Time) string { return fmt.Sprintf("%020d", max(0, at.UnixNano())) }

// parseName reads a name. It reports false for one that no board has given.
func parseName(text string) (n name, ours bool) {
	parts := strings.Split(text, "-")
	if len(parts) != 4 || parts[2] != batch && parts[2] != fold || parts[3] == "" {
		return name{}, false
	}
	written, ok := parseStamp(parts[0])
	newest, also := parseStamp(parts[1])
	return name{written, newest, parts[2]}, ok && also
}

func parseStamp(text string) (time.Time, bool) {
	nanoseconds, err := strconv.ParseUint(text, 10, 63)
	return time.Unix(0, int64(nanoseconds)).UTC(), err == nil && len(text) == 20
}
