package config

import (
	"strconv"
	"strings"
)

// advise warns of what is allowed and most likely not meant.
func (l *loader) advise(c *Config, merged layer) {
	if len(c.Access.Keys) == 0 && !l.anyFailed([]string{"KEY", "SALT"}) {
		l.warnings = append(l.warnings, "URLs are not signed, anyone may ask for anything: set "+prefix+"KEY and "+prefix+"SALT")
	}
	for _, allowed := range c.Sources.Allowed {
		if scheme, rest, ok := strings.Cut(allowed, "://"); ok && strings.HasPrefix(scheme, "http") && rest != "" && !strings.Contains(rest, "/") {
			l.warnings = append(l.warnings, prefix+"ALLOWED_SOURCES: "+quote(allowed)+" also allows longer host names, end it with /")
		}
	}
	if c.Cache.onDisk() {
		return
	}
	var idle []string
	for _, name := range []string{"CACHE_DISK_PATH", "CACHE_DISK_SIZE", "CACHE_DISK_CAPACITY", "CACHE_DISK_TTL", "CACHE_CLEANUP_INTERVAL"} {
		if v, ok := merged[prefix+name]; ok {
			idle = append(idle, v.at.String())
		}
	}
	if len(idle) > 0 {
		l.warnings = append(l.warnings, "no effect while "+prefix+"CACHE_TYPE is "+c.Cache.Type+": "+strings.Join(idle, ", "))
	}
}

func quote(text string) string { return strconv.Quote(text) }

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
