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
	if !c.Cache.onDisk() && !l.anyFailed([]string{"CACHE_TYPE"}) {
		why := prefix + "CACHE_TYPE is " + c.Cache.Type
		l.idle(merged, why, "CACHE_DISK_PATH", "CACHE_DISK_SIZE", "CACHE_DISK_CAPACITY", "CACHE_DISK_TTL", "CACHE_CLEANUP_INTERVAL")
	}
	l.adviseObjects(c, merged)
}

// adviseObjects warns of settings of object storage whose switch is off: whoever wrote them expects something of them.
func (l *loader) adviseObjects(c *Config, merged layer) {
	for _, a := range accounts() {
		if a.used(c) || l.anyFailed([]string{a.toggle}) {
			continue
		}
		why := prefix + a.toggle + " is not " + strings.TrimPrefix(a.why, prefix+a.toggle+" is ")
		l.idle(merged, why, l.named(a.prefix)...)
	}
	if c.Cache.Object.Use == "" && !l.anyFailed([]string{"CACHE_USE"}) {
		names := append(l.named("CACHE_OBJECT_"), "CACHE_BUCKET", "CACHE_PATH_PREFIX", "CACHE_PURGE_INTERVAL")
		l.idle(merged, prefix+"CACHE_USE is not set", names...)
	}
	if t := c.Cache.Object; t.Use == "s3" && t.S3.UseDecryptionClient && t.S3KMSKeyID == "" && !l.anyFailed([]string{"CACHE_S3_KMS_KEY_ID"}) {
		// Only nodes write entries, so without a key there is nothing to decrypt.
		l.idle(merged, prefix+"CACHE_S3_KMS_KEY_ID is not set, so that entries are stored unencrypted", "CACHE_S3_USE_DECRYPTION_CLIENT")
	}
	if c.Fleet.URL == "" && !l.anyFailed([]string{"VALKEY_URL"}) {
		l.idle(merged, prefix+"VALKEY_URL is not set", "VALKEY_PREFIX", "VALKEY_TIMEOUT")
	}
}

// named returns the settings, without STILLROOM_, whose names begin with a prefix.
func (l *loader) named(begin string) []string {
	var names []string
	for i := range l.table {
		if name := strings.TrimPrefix(l.table[i].name, prefix); strings.HasPrefix(name, begin) {
			names = append(names, name)
		}
	}
	return names
}

// idle lists those of some settings that are set, in one warning that says why they do nothing.
func (l *loader) idle(merged layer, why string, names ...string) {
	var idle []string
	for _, name := range names {
		if v, ok := merged[prefix+name]; ok {
			idle = append(idle, v.at.String())
		}
	}
	if len(idle) > 0 {
		l.warnings = append(l.warnings, "no effect while "+why+": "+strings.Join(idle, ", "))
	}
}

func quote(text string) string { return strconv.Quote(text) }

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
