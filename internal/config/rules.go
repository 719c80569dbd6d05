package config

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// rule is a check that needs more than one value, or more than a bound. It is left out when a setting that
// it reads could not be read. Its message is reported where the first of them was written.
type rule struct {
	reads []string // without STILLROOM_
	check func(*Config) string
}

func rules() []rule {
	return append([]rule{
		{[]string{"BIND", "NETWORK"}, bindIsAddress},
		{[]string{"ADMIN_BIND"}, adminBindIsAddress},
		{[]string{"ADMIN_TOKEN", "ADMIN_BIND"}, adminIsGuarded},
		{[]string{"PATH_PREFIX"}, func(c *Config) string { return wantPath(c.Server.PathPrefix) }},
		{[]string{"HEALTH_CHECK_PATH"}, func(c *Config) string { return wantPath(c.Server.HealthCheckPath) }},
		{[]string{"KEY", "SALT"}, keysPairUp},
		{[]string{"SOURCE_URL_ENCRYPTION_KEY"}, encryptionKeyFits},
		{[]string{"ONLY_PRESETS", "PRESETS", "PRESETS_PATH"}, onlyPresetsHasSome},
		{[]string{"MIN_TTL", "MAX_TTL"}, timesAreOrdered},
		{[]string{"CACHE_DISK_PATH", "CACHE_TYPE"}, diskHasFolder},
		{[]string{"CDN_CACHE_CONTROL"}, func(c *Config) string { return wantField(c.Delivery.CDNCacheControl) }},
		{[]string{"ALLOW_ORIGIN"}, func(c *Config) string { return wantField(c.Delivery.AllowOrigin) }},
	}, objectRules()...)
}

func bindIsAddress(c *Config) string {
	if c.Server.Network == "unix" || c.Server.Network == "unixpacket" {
		return ""
	}
	return wantAddress(c.Server.Bind)
}

func adminBindIsAddress(c *Config) string {
	if c.Admin.Bind == "" {
		return ""
	}
	return wantAddress(c.Admin.Bind)
}

func adminIsGuarded(c *Config) string {
	if c.Admin.Token != "" || c.Admin.Bind == "" || wantAddress(c.Admin.Bind) != "" || isLoopback(c.Admin.Bind) {
		return ""
	}
	return "want a token, because " + prefix + "ADMIN_BIND (" + c.Admin.Bind + ") is reachable from other machines"
}

func keysPairUp(c *Config) string {
	keys, salts := len(c.Access.Keys), len(c.Access.Salts)
	if keys == salts {
		return ""
	}
	return "want as many keys as salts, got " + plural(keys, "key") + " and " + plural(salts, "salt")
}

func encryptionKeyFits(c *Config) string {
	switch len(c.Access.SourceURLEncryptionKey) {
	case 0, 16, 24, 32:
		return ""
	}
	return "want 16, 24 or 32 bytes, which are 32, 48 or 64 hex digits"
}

func onlyPresetsHasSome(c *Config) string {
	if !c.URL.OnlyPresets || len(c.URL.Presets) > 0 {
		return ""
	}
	return "want at least one preset in " + prefix + "PRESETS or " + prefix + "PRESETS_PATH"
}

func timesAreOrdered(c *Config) string {
	if c.Freshness.MinTTL <= c.Freshness.MaxTTL {
		return ""
	}
	return "want at most " + prefix + "MAX_TTL (" + formatDuration(c.Freshness.MaxTTL) + "), got " + formatDuration(c.Freshness.MinTTL)
}

func diskHasFolder(c *Config) string {
	if !c.Cache.onDisk() || c.Cache.DiskPath != "" {
		return ""
	}
	return "want a folder, because " + prefix + "CACHE_TYPE is " + c.Cache.Type
}

func wantAddress(text string) string {
	_, port, err := net.SplitHostPort(text)
	if _, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil {
		return "want host:port such as :8080 or 127.0.0.1:8080, got " + quote(text)
	}
	return ""
}

func wantPath(text string) string {
	if text != "" && !strings.HasPrefix(text, "/") {
		return "want a path that begins with /, got " + quote(text)
	}
	return ""
}

// isLoopback reports whether an address can be reached from this machine only. A name other than
// localhost is not looked up: what it resolves to may change.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// check runs the rules and collects warnings.
func (l *loader) check(c *Config, merged layer) {
	for _, r := range rules() {
		if l.anyFailed(r.reads) {
			continue
		}
		if message := r.check(c); message != "" {
			l.fail(l.setting(prefix+r.reads[0]), l.blamed(r.reads, merged), "%s", message)
		}
	}
	l.advise(c, merged)
}

func (l *loader) anyFailed(names []string) bool {
	for _, name := range names {
		if l.failed[prefix+name] {
			return true
		}
	}
	return false
}

// blamed returns where the first of the settings stands that was set at all, or the first one's name.
func (l *loader) blamed(names []string, merged layer) origin {
	if v, ok := merged[prefix+names[0]]; ok {
		return v.at
	}
	return origin(prefix + names[0])
}

// wantField is asked for what stands in a header as it is.
func wantField(value string) string {
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) {
		return "want printable ASCII, got " + quote(value)
	}
	return ""
}
