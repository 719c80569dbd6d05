package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// built is the server that is measured, built once.
var built string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "stillroom-bench")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	built = filepath.Join(dir, "stillroom")
	build := exec.Command("go", "build", "-o", built, "../cmd/stillroom")
	build.Stdout, build.Stderr = os.Stdout, os.Stderr
	status := 1
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "building the server:", err)
	} else {
		status = m.Run()
	}
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(status)
}

// run starts a process with what it starts in turn, and ends all of them with the test.
func run(tb testing.TB, command *exec.Cmd) {
	tb.Helper()
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := command.Start(); err != nil {
		tb.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = command.Wait() // it is told to end
		close(ended)
	}()
	tb.Cleanup(func() {
		for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
			_ = syscall.Kill(-command.Process.Pid, signal) // it may have ended by itself
			select {
			case <-ended:
				return
			case <-time.After(5 * time.Second):
			}
		}
	})
}

// startStillroom starts the server with settings, "NAME=value" behind STILLROOM_, and returns where it listens.
func startStillroom(tb testing.TB, settings ...string) (url string) {
	tb.Helper()
	if err := lookAtModule(); err != nil {
		tb.Fatal(err)
	}
	command := exec.Command(built, "serve")
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "STILLROOM_") {
			command.Env = append(command.Env, v)
		}
	}
	address := fmt.Sprintf("127.0.0.1:%d", freePort(tb))
	command.Env = append(command.Env, "STILLROOM_BIND="+address, "STILLROOM_ADMIN_BIND=127.0.0.1:0",
		"STILLROOM_LOG_LEVEL=error", "STILLROOM_ALLOW_LOOPBACK_SOURCE_ADDRESSES=true") // nginx logs no requests either
	for _, s := range settings {
		command.Env = append(command.Env, "STILLROOM_"+s)
	}
	command.Stderr = os.Stderr
	run(tb, command)
	url = "http://" + address
	await(tb, "the server answers", func() bool { return answers(url + "/health") })
	return url
}

// answers reports whether anybody listens.
func answers(url string) bool {
	response, err := http.Get(url)
	if err != nil {
		return false
	}
	_ = response.Body.Close() // nothing was read from it
	return true
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
	port := freePort(tb)
	text := strings.NewReplacer("USER", user, "PORT", strconv.Itoa(port), "ORIGIN", origin).Replace(string(template))
	config := filepath.Join(folder, "nginx.conf")
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	command := peer(tb, "nginx")
	command.Args = append(command.Args, "-p", folder, "-c", config, "-e", filepath.Join(folder, "error.log"), "-g", "daemon off;")
	run(tb, command)
	url = fmt.Sprintf("http://127.0.0.1:%d", port)
	await(tb, "nginx answers", func() bool { return answers(url + "/static/") })
	return url, files
}

// freePort returns a port on which nobody listens. Somebody might before we do, which is what the test then says.
func freePort(tb testing.TB) int {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
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

// lookAtModule lists every folder of the module. go test hands out the result of a package again until a file changes that
// its tests looked at; what the build of the server looks at, it does not see.
var lookAtModule = sync.OnceValue(func() error {
	return filepath.WalkDir("..", func(path string, e fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist): // removed meanwhile
			return nil
		case err == nil && e.IsDir() && path != ".." && (e.Name()[0] == '.' || path == filepath.Join("..", "bin")):
			return fs.SkipDir
		}
		return err
	})
})
