package config

import (
	"net/url"
	"strings"
	"time"
)

// Fleet says where several nodes meet, so that purges arrive at once and one node makes a result for all.
type Fleet struct {
	// URL is empty where nodes meet nowhere but in the bucket of the object tier.
	URL string `env:"VALKEY_URL" desc:"Valkey or Redis server of the fleet, as redis://[user:password@]host[:port][/db]; rediss:// with TLS, unix:///path"`
	// Prefix begins the name of every key and channel.
	Prefix string `env:"VALKEY_PREFIX" default:"stillroom:" desc:"put in front of each name at the Valkey server; fleets that share one have different ones"`
	// Timeout bounds every call that a request waits for.
	Timeout time.Duration `env:"VALKEY_TIMEOUT" default:"100ms" min:"1ms" desc:"time for an answer of the Valkey server; what takes longer is decided without it"`
}

// valkeyIsURL repeats nothing of what was written: a password may be in any part of a URL that is not one.
func valkeyIsURL(c *Config) string {
	if c.Fleet.URL == "" {
		return ""
	}
	const want = "want a URL such as redis://valkey:6379/0, rediss://user:password@host:6379 or unix:///run/valkey.sock"
	u, err := url.Parse(c.Fleet.URL)
	switch {
	case err != nil:
		return want + "; characters such as / and # in a password are written as %2F and %23"
	case u.Scheme == "unix" && u.Path == "":
		return want
	case u.Scheme == "unix":
	case u.Scheme != "redis" && u.Scheme != "rediss" && u.Scheme != "valkey" && u.Scheme != "valkeys", u.Hostname() == "":
		return want
	}
	// What should have been a password would be shown as a part of the path.
	if strings.Contains(u.Path+u.RawQuery+u.Fragment, "@") {
		return want + "; characters such as / and # in a password are written as %2F and %23"
	}
	// Other clients take a password and much else as parameters, which would be shown.
	for name := range u.Query() {
		if name != "db" {
			return want + "; no parameter but db is understood"
		}
	}
	return ""
}
