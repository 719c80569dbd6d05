package fleet

import (
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/valkey-io/valkey-go"

	"github.com/stillroom/stillroom/internal/fault"
)

const (
	// pingEvery is how long a connection may be silent before it is asked whether it is still one, and silence how long
	// the answer may take: a server that vanished without a word is noticed after both.
	pingEvery = time.Second
	silence   = 2 * time.Second
	// buffers are per connection and direction. The library's own, half a megabyte each, are for bulk traffic.
	buffers = 32 << 10
)

// parse reads a server's URL. Errors show no password.
func parse(text string) (valkey.ClientOption, error) {
	const op = "fleet.connect"
	bad := func(message string, args ...any) (valkey.ClientOption, error) {
		return valkey.ClientOption{}, fault.New(fault.Internal, op, message, args...)
	}
	u, err := url.Parse(text)
	if err != nil {
		var syntax *url.Error // holds the whole text, password included
		if errors.As(err, &syntax) {
			err = syntax.Err
		}
		return bad("server: want redis://host:6379/0 or the like: %w", err)
	}
	switch u.Scheme {
	case "redis", "rediss", "valkey", "valkeys":
		if u.Hostname() == "" {
			return bad("server: want a host in %q", u.Redacted())
		}
	case "unix":
		if strings.TrimSpace(u.Path) == "" {
			return bad("server: want a path in %q", u.Redacted())
		}
	default:
		return bad("server: want a URL with scheme redis, rediss, valkey, valkeys or unix, got %q", u.Scheme)
	}
	for name := range u.Query() {
		if name != "db" {
			return bad("server: want no parameter but db in %q, got %q", u.Redacted(), name)
		}
	}
	if u.Path == "/" {
		u.Path = ""
	}
	option, err := valkey.ParseURL(u.String())
	if err != nil {
		return bad("server: %w", err)
	}
	if option.SelectDB < 0 {
		return bad("server: want a database of 0 or more in %q, got %d", u.Redacted(), option.SelectDB)
	}
	option.ForceSingleClient = true
	option.PipelineMultiplex = -1  // one connection: the order of its commands is relied upon by leases
	option.AlwaysPipelining = true // else a call that takes too long would take the connection with it
	option.AlwaysRESP2 = true      // subscriptions have a connection of their own, which every server and proxy understands
	option.DisableCache = true
	option.DisableRetry = true
	option.ConnWriteTimeout = silence
	option.Dialer.KeepAlive = pingEvery
	option.ReadBufferEachConn, option.WriteBufferEachConn = buffers, buffers
	option.ClientName = "stillroom"
	return option, nil
}
