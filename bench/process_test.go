package bench

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/processtest"
)

// built is the server that is measured.
var built processtest.Stillroom

func TestMain(m *testing.M) { os.Exit(built.Main(m)) }

// startStillroom starts the server with settings, "NAME=value" behind STILLROOM_, and returns where it listens.
func startStillroom(tb testing.TB, settings ...string) (url string) {
	tb.Helper()
	address := "127.0.0.1:" + processtest.FreePort(tb)
	environ := []string{
		"STILLROOM_BIND=" + address, "STILLROOM_ADMIN_BIND=127.0.0.1:0",
		"STILLROOM_LOG_LEVEL=error", "STILLROOM_ALLOW_LOOPBACK_SOURCE_ADDRESSES=true", // nginx logs no requests either
	}
	for _, s := range settings {
		environ = append(environ, "STILLROOM_"+s)
	}
	url = "http://" + address
	processtest.Start(tb, processtest.Process{
		Path: built.Program(tb), Args: []string{"serve"}, Env: environ, Ready: url + "/health",
	})
	return url
}

// startNginx starts nginx in a folder of its own, in front of an origin, and returns where it listens and the folder
// that it serves files from.
func startNginx(tb testing.TB, origin string) (url, files string) {
	tb.Helper()
	folder := tb.TempDir()
	files = filepath.Join(folder, "files")
	for _, dir := range []string{files, filepath.Join(folder, "temp")} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			tb.Fatal(err)
		}
	}
	template, err := os.ReadFile(filepath.Join("testdata", "nginx.conf"))
	if err != nil {
		tb.Fatal(err)
	}
	user := "" // started by root, nginx works as somebody who may not enter the folder
	if os.Geteuid() == 0 {
		user = "user root;"
	}
	port := processtest.FreePort(tb)
	text := strings.NewReplacer("USER", user, "PORT", port, "ORIGIN", origin).Replace(string(template))
	config := filepath.Join(folder, "nginx.conf")
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	nginx := processtest.Peer(tb, "nginx")
	nginx.Args = []string{"-p", folder, "-c", config, "-e", filepath.Join(folder, "error.log"), "-g", "daemon off;"}
	url = "http://127.0.0.1:" + port
	nginx.Ready = url + "/static/"
	processtest.Start(tb, nginx)
	return url, files
}

// await waits until a condition holds.
func await(tb testing.TB, what string, holds func() bool) {
	tb.Helper()
	const limit = 15 * time.Second
	for began := time.Now(); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Since(began) > limit {
			tb.Fatalf("after %v it still does not hold that %s", limit, what)
		}
	}
}

// fetch returns a body and its head.
func fetch(tb testing.TB, url string) ([]byte, http.Header) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		tb.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		tb.Fatal(err)
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		tb.Fatalf("%s: status %d, %v", url, response.StatusCode, err)
	}
	return got, response.Header
}
