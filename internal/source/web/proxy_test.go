package web

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stillroom/stillroom/internal/fault"
)

// inner is set in the process that TestProxy starts: net/http reads the environment once per process.
const inner = "STILLROOM_TEST_BEHIND_PROXY"

func TestProxy(t *testing.T) {
	if os.Getenv(inner) != "" {
		behindProxy(t)
		return
	}
	proxy := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "by proxy: "+r.RequestURI)
	})
	process := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestProxy$", "-test.v")
	process.Env = append(os.Environ(), inner+"=1", "HTTP_PROXY="+proxy, "http_proxy=", "NO_PROXY=", "no_proxy=")
	output, err := process.CombinedOutput()
	if err != nil || !strings.Contains(string(output), "--- PASS: TestProxy") {
		t.Errorf("behind a proxy: %v\n%s", err, output)
	}
}

func behindProxy(t *testing.T) {
	f, err := get(t, local(t, Config{Proxy: true}), "http://name.invalid/a.jpg")
	if err != nil || string(f.Body.Bytes()) != "by proxy: http://name.invalid/a.jpg" {
		t.Errorf("with Proxy: %v, %v; want the proxy's answer", f, err)
	}
	if newTransport(Config{}, nil).Proxy != nil {
		t.Error("the environment counts although nobody said so")
	}
	if _, err := get(t, local(t, Config{Proxy: true}), "http://10.0.0.1/a.jpg"); !fault.Is(err, fault.SourceDenied) {
		t.Errorf("an address that stands in the URL: %v, want SourceDenied", err)
	}
	guarded, err := New(Config{Proxy: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := get(t, guarded, "http://name.invalid/a.jpg"); !fault.Is(err, fault.SourceDenied) {
		t.Errorf("a proxy at a guarded address: %v, want SourceDenied", err)
	}
}
