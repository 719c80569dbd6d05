package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stillroom/stillroom/internal/config"
)

// upstream plays the server on a listener of a network.
func upstream(t *testing.T, network, address string, status int) net.Listener {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), network, address)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/health" || r.URL.Path == "/p/health" {
			w.WriteHeader(status)
			return
		}
		w.WriteHeader(http.StatusTeapot)
	}))
	s.Listener.Close()
	s.Listener = l
	s.Start()
	t.Cleanup(s.Close)
	return l
}

func TestHealth(t *testing.T) {
	up := upstream(t, "tcp", "127.0.0.1:0", http.StatusOK).Addr().String()
	draining := upstream(t, "tcp", "127.0.0.1:0", http.StatusServiceUnavailable).Addr().String()
	_, port, err := net.SplitHostPort(up)
	if err != nil {
		t.Fatal(err)
	}
	socket := t.TempDir() + "/s"
	upstream(t, "unix", socket, http.StatusOK)

	invoke(nil, "health", "--bind", up).check(t, exitDone, "up\n", "")
	invoke(nil, "health", "--bind", ":"+port).check(t, exitDone, "up\n", "")
	invoke([]string{"IMGPROXY_BIND=" + up}, "health", "--path-prefix", "/p").check(t, exitDone, "up\n", "")
	invoke(nil, "health", "--bind", draining).check(t, exitFailed, "", "503")
	invoke(nil, "health", "--network", "unix", "--bind", socket).check(t, exitDone, "up\n", "")
	invoke(nil, "health", "--network", "unix", "--bind", socket+".gone").check(t, exitFailed, "", "health: ")
	invoke(nil, "health", "--url", "http://"+up+"/health").check(t, exitDone, "up\n", "")
	invoke(nil, "health", "--url", "http://"+up+"/elsewhere").check(t, exitFailed, "", "418")
	invoke(nil, "health", "--url", ":").check(t, exitUsage, "", "--url: ")
	invoke(nil, "health", "now").check(t, exitUsage, "", "argument: want flags only")
}

func TestProbed(t *testing.T) {
	for _, test := range []struct{ network, bind, want string }{
		{"tcp", ":8080", "127.0.0.1:8080"},
		{"tcp", "0.0.0.0:8080", "127.0.0.1:8080"},
		{"tcp", "[::]:8080", "[::1]:8080"},
		{"tcp6", ":8080", "[::1]:8080"},
		{"tcp", "10.0.0.7:8080", "10.0.0.7:8080"},
		{"unix", "/run/s", "/run/s"},
	} {
		if _, got := probed(config.Server{Network: test.network, Bind: test.bind}); got != test.want {
			t.Errorf("%s %s is reached at %s, want %s", test.network, test.bind, got, test.want)
		}
	}
}
