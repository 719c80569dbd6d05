package source

import (
	"strconv"
	"strings"
	"time"
)

// maxDelta is the largest number of seconds that RFC 9111, section 1.2.2, lets a cache remember; larger
// ones are taken as this one.
const maxDelta = 1 << 31

// ParseFreshness reads what a response says about its reuse by a shared cache (RFC 9111, section 4.2).
// header returns every line of a field, as http.Header.Values does; began and now are when the request
// was sent and when the response head arrived. What cannot be read counts as stale, as section 4.2.1
// asks: a typing error in a configuration must not keep a picture for good.
func ParseFreshness(header func(name string) []string, began, now time.Time) Freshness {
	lines := header("Cache-Control")
	d := parseDirectives(lines)
	f := Freshness{
		CacheControl: strings.Join(lines, ", "),
		NoStore:      d.noStore,
		Private:      d.private,
		// A response that varies on everything matches no later request (RFC 9111, section 4.1).
		NoCache:        d.noCache || strings.TrimSpace(strings.Join(header("Vary"), ",")) == "*",
		MustRevalidate: d.mustRevalidate,
		Immutable:      d.immutable,
	}
	date, dated := parseDate(first(header("Date")))
	lifetime := time.Duration(0)
	switch expires := header("Expires"); {
	case d.shared.present:
		f.Explicit, lifetime = true, d.shared.value
		// s-maxage includes proxy-revalidate (RFC 9111, section 5.2.2.10), unless the same response
		// allows stale answers in so many words (RFC 5861), as configurations for CDNs often do.
		f.MustRevalidate = f.MustRevalidate || !d.allowsStale
	case d.own.present:
		f.Explicit, lifetime = true, d.own.value
	case len(expires) > 0:
		f.Explicit = true
		if until, ok := parseDate(expires[0]); ok && len(expires) == 1 {
			from := now
			if dated {
				from = date
			}
			lifetime = min(max(until.Sub(from), 0), maxDelta*time.Second)
		}
	}
	if !f.Explicit {
		return f
	}
	// Section 4.2.3 counts from the arrival of the response and adds the time it took; counted from the
	// request, both fall out of the sum: age is the larger of what the field says and how long before
	// the request the response was made, in whole seconds because Date has no others.
	age := parseDelta(first(header("Age"))).value
	if dated {
		age = max(age, began.Sub(date).Truncate(time.Second))
	}
	f.Lifetime = max(0, lifetime-age)
	return f
}

// directives are those of a response's Cache-Control that matter to a shared cache.
type directives struct {
	noStore, private, noCache, mustRevalidate, immutable, allowsStale bool

	own, shared delta // max-age and s-maxage
}

func parseDirectives(lines []string) directives {
	var d directives
	for _, line := range lines {
		for name, value := range eachDirective(line) {
			d.set(name, value)
		}
	}
	return d
}

func (d *directives) set(name, value string) {
	switch name {
	case "no-store":
		d.noStore = true
	case "private":
		// With field names the directive is about these fields only (section 5.2.2.7), and none that
		// anybody names there (Set-Cookie) is kept here.
		d.private = d.private || value == ""
	case "no-cache":
		d.noCache = d.noCache || value == ""
	case "must-revalidate", "proxy-revalidate":
		d.mustRevalidate = true
	case "immutable":
		d.immutable = true
	case "stale-while-revalidate", "stale-if-error":
		d.allowsStale = true
	case "max-age":
		d.own = d.own.strictest(parseDelta(value))
	case "s-maxage":
		d.shared = d.shared.strictest(parseDelta(value))
	}
}

// eachDirective yields the directives of a Cache-Control line, names in lower case and values without
// their quotes. A comma inside quotes does not separate.
func eachDirective(line string) func(yield func(name, value string) bool) {
	return func(yield func(name, value string) bool) {
		for line != "" {
			var item string
			item, line = cutItem(line)
			name, value, _ := strings.Cut(item, "=")
			name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
			if len(value) >= 2 && value[0] == '"' && value[len(value)-1] == '"' {
				value = value[1 : len(value)-1]
			}
			if name != "" && !yield(name, value) {
				return
			}
		}
	}
}

func cutItem(line string) (item, rest string) {
	quoted := false
	for i := 0; i < len(line); i++ {
		switch {
		case quoted && line[i] == '\\':
			i++
		case line[i] == '"':
			quoted = !quoted
		case line[i] == ',' && !quoted:
			return line[:i], line[i+1:]
		}
	}
	return line, ""
}

// delta is a number of seconds that a field or directive may hold.
type delta struct {
	present bool
	value   time.Duration
}

// strictest returns the smaller of two occurrences of one directive.
func (d delta) strictest(other delta) delta {
	if d.present && d.value < other.value {
		return d
	}
	return other
}

// parseDelta reads delta-seconds. What is no whole number is 0; what is too large is maxDelta.
func parseDelta(text string) delta {
	seconds, err := strconv.ParseUint(strings.TrimSpace(text), 10, 64)
	switch {
	case err == nil:
		return delta{true, time.Duration(min(seconds, maxDelta)) * time.Second}
	case strings.TrimLeft(text, "0123456789") == "" && text != "":
		return delta{true, maxDelta * time.Second}
	}
	return delta{present: true}
}

// parseDate reads an HTTP date in the three forms of RFC 9110, section 5.6.7.
func parseDate(text string) (time.Time, bool) {
	for _, layout := range [...]string{
		"Mon, 02 Jan 2006 15:04:05 GMT", "Monday, 02-Jan-06 15:04:05 GMT", time.ANSIC,
	} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

func first(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return lines[0]
}
