// Package remote is what the backends that speak HTTP share: how long they wait, how often they try, how much they take from
// a service, and the kinds of what goes wrong on the way.
package remote

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Config bounds the conversation with a service. How long a body may take is up to the caller's context.
type Config struct {
	ConnectTimeout time.Duration // for one connection, name look-up and TLS handshake each; 0 = DefaultConnectTimeout
	AnswerTimeout  time.Duration // from the end of a request to the head of its answer; 0 = DefaultAnswerTimeout
	IdleTimeout    time.Duration // how long an unused connection is kept; 0 = DefaultIdleTimeout
	Attempts       int           // how often a request is made at most; 0 = DefaultAttempts
}

// What a zero in Config stands for.
const (
	DefaultConnectTimeout = 5 * time.Second
	DefaultAnswerTimeout  = 10 * time.Second
	DefaultIdleTimeout    = 90 * time.Second
	DefaultAttempts       = 3
)

// Between attempts: FirstPause, then twice as long each time up to LongestPause, less a random part. They are
// short, because somebody waits for a picture.
const (
	FirstPause   = 50 * time.Millisecond
	LongestPause = time.Second
)

// connections is how many unused ones are kept to a service, which is one host: the transport's own 2 would make most
// requests of a busy server wait for a handshake.
const connections = 256

// WithDefaults returns c with its zeros filled, or an error that names every field that is wrong.
func (c Config) WithDefaults() (Config, error) {
	var wrong []error
	for _, field := range []struct {
		name     string
		value    *time.Duration
		fallback time.Duration
	}{
		{"ConnectTimeout", &c.ConnectTimeout, DefaultConnectTimeout},
		{"AnswerTimeout", &c.AnswerTimeout, DefaultAnswerTimeout},
		{"IdleTimeout", &c.IdleTimeout, DefaultIdleTimeout},
	} {
		if *field.value < 0 {
			wrong = append(wrong, fmt.Errorf("%s: want 0 or more, got %v", field.name, *field.value))
		}
		if *field.value == 0 {
			*field.value = field.fallback
		}
	}
	if c.Attempts < 0 {
		wrong = append(wrong, fmt.Errorf("%s: want 0 or more, got %d", "Attempts", c.Attempts))
	}
	if c.Attempts == 0 {
		c.Attempts = DefaultAttempts
	}
	return c, errors.Join(wrong...)
}

// NewTransport returns a transport with the bounds of c, which has its defaults.
func NewTransport(c Config) *http.Transport {
	t := &http.Transport{DialContext: c.Dialer().DialContext}
	c.Tune(t)
	return t
}

// Dialer returns what connects in the time that c allows.
func (c Config) Dialer() *net.Dialer {
	return &net.Dialer{Timeout: c.ConnectTimeout, KeepAlive: 30 * time.Second}
}

// maxHead bounds the head of an answer; that of an object has 8 KiB of metadata at the most.
const maxHead = 64 << 10

// Tune gives a transport the bounds of c, but for its dialler.
func (c Config) Tune(t *http.Transport) {
	t.Proxy = http.ProxyFromEnvironment
	t.TLSHandshakeTimeout = c.ConnectTimeout
	t.ResponseHeaderTimeout = c.AnswerTimeout
	t.IdleConnTimeout = c.IdleTimeout
	t.ExpectContinueTimeout = time.Second
	t.MaxIdleConns, t.MaxIdleConnsPerHost = connections, connections
	// An object is wanted as it is stored: its size and its ranges are those of the stored bytes.
	t.DisableCompression = true
	t.ForceAttemptHTTP2 = true
	// All requests share a connection then, and one that has gone silent would take each of them along until the kernel
	// gives it up, a quarter of an hour later. It is asked for a sign of life, every half a minute as Google's own client
	// does it: more often may be taken for an attack.
	t.HTTP2 = &http.HTTP2Config{SendPingTimeout: 3 * c.AnswerTimeout, PingTimeout: c.ConnectTimeout}
	t.MaxResponseHeaderBytes = maxHead
}
