package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// built is the server under test, built once.
var built string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "stillroom-e2e")
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

// server is a running process.
type server struct {
	t       *testing.T
	command *exec.Cmd
	public  string // http://host:port
	admin   string
	done    chan error

	mu  sync.Mutex
	log bytes.Buffer
}

// start runs the server with the given settings, "NAME=value" behind STILLROOM_, on ports that the kernel chooses, and
// waits until it serves. The test ends it.
func start(t *testing.T, settings ...string) *server {
	t.Helper()
	s := &server{t: t, done: make(chan error, 1)}
	s.command = exec.Command(built, "serve")
	s.command.Env = append(plainEnvironment(),
		"STILLROOM_BIND=127.0.0.1:0", "STILLROOM_ADMIN_BIND=127.0.0.1:0", "STILLROOM_LOG_FORMAT=json",
		"STILLROOM_ALLOW_LOOPBACK_SOURCE_ADDRESSES=true")
	for _, setting := range settings {
		s.command.Env = append(s.command.Env, "STILLROOM_"+setting)
	}
	stderr, err := s.command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	ready := make(chan struct{})
	go s.read(stderr, ready)
	select {
	case <-ready:
	case <-time.After(20 * time.Second):
		t.Fatalf("the server does not serve:\n%s", s.logged())
	}
	return s
}

// plainEnvironment is this process's environment without settings of a server.
func plainEnvironment() []string {
	var kept []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "STILLROOM_") && !strings.HasPrefix(v, "IMGPROXY_") {
			kept = append(kept, v)
		}
	}
	return kept
}

// read collects the log and picks the addresses out of it.
func (s *server) read(stderr io.Reader, ready chan<- struct{}) {
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		s.mu.Lock()
		s.log.Write(lines.Bytes())
		s.log.WriteByte('\n')
		s.mu.Unlock()
		var line struct{ Msg, Address string }
		if json.Unmarshal(lines.Bytes(), &line) != nil {
			continue
		}
		switch line.Msg {
		case "stillroom serves":
			s.public = "http://" + line.Address
		case "stillroom admin":
			s.admin = "http://" + line.Address
			close(ready)
		}
	}
	s.done <- s.command.Wait()
}

func (s *server) logged() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

func (s *server) kill() {
	if s.command.ProcessState == nil {
		_ = s.command.Process.Kill() // it may have ended by itself
		select {
		case <-s.done:
		case <-time.After(10 * time.Second):
		}
	}
	if s.t.Failed() {
		s.t.Logf("log of the server:\n%s", tail(s.logged(), 40))
	}
}

func tail(text string, n int) string {
	lines := strings.Split(text, "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// stop asks the server to end and returns how it did.
func (s *server) stop() error {
	if err := s.command.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case err := <-s.done:
		return err
	case <-time.After(30 * time.Second):
		return fmt.Errorf("still running after 30 s")
	}
}

// answer is what came back for a request.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) String() string {
	return fmt.Sprintf("%d %q", a.status, a.body[:min(len(a.body), 200)])
}

// get asks for a path as it stands: nothing is cleaned or escaped on the way.
func (s *server) get(path string, header ...string) answer {
	s.t.Helper()
	a, err := s.try(context.Background(), http.MethodGet, path, header...)
	if err != nil {
		s.t.Fatal(err)
	}
	return a
}

var client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 600}, Timeout: time.Minute}

func (s *server) try(ctx context.Context, method, path string, header ...string) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, s.public+"/", nil)
	if err != nil {
		return answer{}, err
	}
	request.URL.Opaque = path
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, body}, err
}

// metric returns the sum of a metric's series whose labels hold all the given texts.
func (s *server) metric(name string, labels ...string) float64 {
	s.t.Helper()
	response, err := client.Get(s.admin + "/metrics")
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	series := regexp.MustCompile(`^` + name + `(\{[^}]*\})? (\S+)$`)
	sum := 0.0
	lines := bufio.NewScanner(response.Body)
next:
	for lines.Scan() {
		m := series.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		for _, label := range labels {
			if !strings.Contains(m[1], label) {
				continue next
			}
		}
		value, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			s.t.Fatal(err)
		}
		sum += value
	}
	return sum
}

// resident returns how many bytes of memory the server holds.
func (s *server) resident() int64 {
	s.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", s.command.Process.Pid))
	if err != nil {
		s.t.Fatal(err)
	}
	pages, err := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
	if err != nil {
		s.t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}
