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
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/processtest"
)

// built is the server under test.
var built processtest.Stillroom

func TestMain(m *testing.M) { os.Exit(built.Main(m)) }

// server is a running process.
type server struct {
	t       *testing.T
	command *exec.Cmd
	public  string // http://host:port
	admin   string
	token   string // of the admin listener; empty = it asks for none
	done    chan error

	mu  sync.Mutex
	log bytes.Buffer
}

// start runs the server with the given settings, "NAME=value" behind STILLROOM_, on ports that the kernel chooses, and
// waits until it serves. The test ends it.
func start(t *testing.T, settings ...string) *server {
	t.Helper()
	return launch(t, exec.Command(built.Program(t), "serve"), native(settings)...)
}

// native puts STILLROOM_ in front of settings.
func native(settings []string) []string {
	environ := make([]string, len(settings))
	for i, setting := range settings {
		environ[i] = "STILLROOM_" + setting
	}
	return environ
}

// launch is start for any command that ends up as the server, and for variables of any name.
func launch(t *testing.T, command *exec.Cmd, environ ...string) *server {
	t.Helper()
	s := &server{t: t, command: command, done: make(chan error, 1)}
	s.command.Env = append(environment(), environ...)
	for _, v := range environ {
		if token, ok := strings.CutPrefix(v, "STILLROOM_ADMIN_TOKEN="); ok {
			s.token = token
		}
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
	case err := <-s.done:
		t.Fatalf("the server ended (%v) instead of serving:\n%s", err, s.logged())
	case <-time.After(20 * time.Second):
		t.Fatalf("the server does not serve:\n%s", s.logged())
	}
	return s
}

// environment is what every server under test is given, before what the test gives it.
func environment() []string {
	return append(processtest.Environ(),
		"STILLROOM_BIND=127.0.0.1:0", "STILLROOM_ADMIN_BIND=127.0.0.1:0", "STILLROOM_LOG_FORMAT=json",
		"STILLROOM_ALLOW_LOOPBACK_SOURCE_ADDRESSES=true")
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
		s.t.Logf("log of the server, requests left out:\n%s\nand its end:\n%s",
			tail(without(s.logged(), `"msg":"request"`), 40), tail(s.logged(), 40))
	}
}

// without drops the lines of a text that hold a part.
func without(text, part string) string {
	var kept strings.Builder
	for line := range strings.Lines(text) {
		if !strings.Contains(line, part) {
			kept.WriteString(line)
		}
	}
	return kept.String()
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
	response, err := s.ask(http.MethodGet, "/metrics", nil)
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
