package fleet

import (
	"context"
	"crypto/tls"
	"net"
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

// parse reads a server's URL. Errors repeat nothing of it but a scheme, the name of a parameter and a number: what was meant
// as a password may stand anywhere in a URL that is not one.
func parse(text string) (valkey.ClientOption, error) {
	const op = "fleet.connect"
	bad := func(message string, args ...any) (valkey.ClientOption, error) {
		return valkey.ClientOption{}, fault.New(fault.Internal, op, "server: "+message, args...)
	}
	const example = "redis://host:6379/0 or the like; characters such as / and # in a password are written as %%2F and %%23"
	u, err := url.Parse(text)
	if err != nil || strings.Contains(u.Path+u.RawQuery+u.Fragment, "@") {
		return bad("want " + example)
	}
	switch u.Scheme {
	case "redis", "rediss", "valkey", "valkeys":
		if u.Hostname() == "" {
			return bad("want a host, as in " + example)
		}
	case "unix":
		if strings.TrimSpace(u.Path) == "" {
			return bad("want a path, as in unix:///run/valkey.sock")
		}
	default:
		return bad("want a URL with scheme redis, rediss, valkey, valkeys or unix, got %q", u.Scheme)
	}
	for name := range u.Query() {
		if name != "db" {
			return bad("want no parameter but db, got %q", name)
		}
	}
	if u.Path == "/" {
		u.Path = ""
	}
	option, err := valkey.ParseURL(u.String())
	if err != nil || option.SelectDB < 0 {
		return bad("want the number of a database, 0 or more, as in " + example)
	}
	network := "tcp"
	if u.Scheme == "unix" {
		network = "unix"
	}
	option.DialCtxFn = func(ctx context.Context, address string, dialer *net.Dialer, secure *tls.Config) (net.Conn, error) {
		return dial(ctx, network, address, dialer, secure)
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
