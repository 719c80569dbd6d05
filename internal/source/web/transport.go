package web

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

func newDialer(c Config, g *guard) *net.Dialer {
	return &net.Dialer{
		Timeout:        c.ConnectTimeout,
		KeepAlive:      30 * time.Second,
		ControlContext: g.control,
	}
}

func newTransport(c Config, dial dialFunc) *http.Transport {
	t := &http.Transport{
		DialContext:           dial,
		ForceAttemptHTTP2:     true,                                         // a dialler or TLS settings of one's own turn it off otherwise
		TLSClientConfig:       &tls.Config{InsecureSkipVerify: c.IgnoreTLS}, // the operator's choice, off by default
		TLSHandshakeTimeout:   c.TLSTimeout,
		ResponseHeaderTimeout: c.HeaderTimeout,
		IdleConnTimeout:       c.IdleTimeout,
		// Most servers of pictures have one source or a few; the default of two idle connections per
		// host makes every further fetch of a burst pay for a new handshake.
		MaxIdleConns:        256,
		MaxIdleConnsPerHost: 64,
		// Room for long policies and cookies that we ignore, no room for an endless head.
		MaxResponseHeaderBytes: 256 << 10,
		ReadBufferSize:         32 << 10,
		WriteBufferSize:        4 << 10,
	}
	if c.Proxy {
		t.Proxy = http.ProxyFromEnvironment
	}
	return t
}
