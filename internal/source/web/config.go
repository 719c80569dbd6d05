package web

import (
	"errors"
	"fmt"
	"time"
)

// Config says how sources are fetched over HTTP. The zero value is usable: it follows no redirect,
// tries once, and reaches public addresses only.
type Config struct {
	Timeout        time.Duration // for a whole download, redirects, retries and body; 0 = DefaultTimeout
	ConnectTimeout time.Duration // for one connection, name look-up included; 0 = only Timeout
	TLSTimeout     time.Duration // for one TLS handshake; 0 = only Timeout
	HeaderTimeout  time.Duration // from the request to the head of its response; 0 = only Timeout
	IdleTimeout    time.Duration // how long an unused connection is kept; 0 = DefaultIdleTimeout

	MaxSize        int64  // bytes of a body, after decompression; 0 = no bound
	MaxRedirects   int    // how many redirects are followed; 0 = none
	ConnectRetries int    // further attempts when no byte of a response came; 0 = none
	UserAgent      string // empty = DefaultUserAgent

	// Addresses that are guarded unless allowed. They are checked when a connection is made, redirects
	// included, so a name that changes its address in between does not help. Private addresses include
	// those of shared address space (100.64.0.0/10); link-local ones include the clouds' metadata
	// services outside of 169.254.0.0/16.
	AllowLoopback  bool
	AllowLinkLocal bool
	AllowPrivate   bool

	IgnoreTLS bool // accept any certificate

	// Proxy makes HTTP_PROXY, HTTPS_PROXY and NO_PROXY of the environment count. The address guard then
	// sees the proxy's address and, of the source, only one that stands in the URL itself.
	Proxy bool
}

// What a zero in Config stands for.
const (
	DefaultTimeout     = 10 * time.Second
	DefaultIdleTimeout = 90 * time.Second
	DefaultUserAgent   = "Stillroom"
)

// withDefaults returns c with its zeros filled, or an error that names every field that is wrong.
func (c Config) withDefaults() (Config, error) {
	var wrong []error
	for _, field := range []struct {
		name  string
		value int64
	}{
		{"Timeout", int64(c.Timeout)}, {"ConnectTimeout", int64(c.ConnectTimeout)},
		{"TLSTimeout", int64(c.TLSTimeout)}, {"HeaderTimeout", int64(c.HeaderTimeout)},
		{"IdleTimeout", int64(c.IdleTimeout)}, {"MaxSize", c.MaxSize},
		{"MaxRedirects", int64(c.MaxRedirects)}, {"ConnectRetries", int64(c.ConnectRetries)},
	} {
		if field.value < 0 {
			wrong = append(wrong, fmt.Errorf("web: %s: want 0 or more, got %d", field.name, field.value))
		}
	}
	for i := range len(c.UserAgent) {
		if c.UserAgent[i] < ' ' || c.UserAgent[i] == 0x7f {
			wrong = append(wrong, fmt.Errorf("web: UserAgent: want no control characters, got %q", c.UserAgent))
			break
		}
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.IdleTimeout == 0 {
		c.IdleTimeout = DefaultIdleTimeout
	}
	if c.UserAgent == "" {
		c.UserAgent = DefaultUserAgent
	}
	return c, errors.Join(wrong...)
}
