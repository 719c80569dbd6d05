package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/stillroom/stillroom/internal/config"
)

// healthTimeout is long against the microseconds that the answer takes and short against the interval between
// two probes (Docker's default is 30 s): a server that needs longer to say that it runs is not well.
const healthTimeout = 3 * time.Second

func healthFlags() []*config.Flag {
	return []*config.Flag{{Name: "url", Desc: "ask this URL in place of the configured listener"}}
}

// health asks the server that runs under this configuration, on this machine, whether it is up.
func health(args, environ []string, stdout, stderr io.Writer) int {
	l, ok := load(args, environ, healthFlags(), 0, stderr)
	if !ok {
		return exitUsage
	}
	url := l.flags["url"]
	client := &http.Client{Timeout: healthTimeout}
	if url == "" {
		network, address := probed(l.config.Server)
		url = "http://stillroom" + l.config.Server.PathPrefix + "/health"
		client.Transport = &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address)
		}}
	}
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
	if err != nil {
		fmt.Fprintf(stderr, "--url: %s\n", err)
		return exitUsage
	}
	response, err := client.Do(req)
	if err != nil {
		fmt.Fprintf(stderr, "health: %s\n", err)
		return exitFailed
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		fmt.Fprintf(stderr, "health: status %s\n", response.Status)
		return exitFailed
	}
	fmt.Fprintln(stdout, "up")
	return exitDone
}

// probed returns where the listener of a server can be reached from the machine it runs on: an address
// that stands for all of the machine's is reached through loopback.
func probed(s config.Server) (network, address string) {
	if s.Network == "unix" || s.Network == "unixpacket" {
		return s.Network, s.Bind
	}
	host, port, err := net.SplitHostPort(s.Bind)
	if err != nil {
		return s.Network, s.Bind
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
		if s.Network == "tcp6" || ip != nil && ip.To4() == nil {
			host = "::1"
		}
	}
	return s.Network, net.JoinHostPort(host, port)
}
