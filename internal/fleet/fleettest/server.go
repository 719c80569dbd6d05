// Package fleettest runs the server that the nodes of a fleet meet at, for tests.
package fleettest

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/processtest"
)

// patience is how long a server may take to start; it costs time only where something is broken.
const patience = 20 * time.Second

// Server is a process of Valkey or Redis on loopback, which keeps nothing when it is stopped. It is stopped when its test
// ends.
type Server struct {
	t       testing.TB
	program string
	folder  string
	port    string
	running *exec.Cmd
	ended   chan struct{} // closed when running has
}

// Start starts a server on a free port. Where there is no program for it, the test fails and names the script that gets one.
func Start(t testing.TB) *Server {
	t.Helper()
	s := &Server{t: t, program: program(t), folder: t.TempDir()}
	t.Cleanup(s.Stop)
	// Somebody else may take a port between its being found free and the server's listening.
	for range 5 {
		s.port = processtest.FreePort(t)
		err := s.run()
		if err == nil {
			return s
		}
		t.Logf("valkey on port %s: %v", s.port, err)
	}
	t.Fatal("valkey does not start")
	return nil
}

// Address returns host and port.
func (s *Server) Address() string { return net.JoinHostPort("127.0.0.1", s.port) }

// URL returns the server's address as a setting has it.
func (s *Server) URL() string { return "redis://" + s.Address() }

// Signal sends a signal to the process: SIGSTOP makes a server that is silent.
func (s *Server) Signal(signal os.Signal) {
	s.t.Helper()
	if err := s.running.Process.Signal(signal); err != nil {
		s.t.Fatal(err)
	}
}

// Stop kills the process; that it does not run is no error.
func (s *Server) Stop() {
	if s.running == nil {
		return
	}
	_ = s.running.Process.Kill() // it may have ended
	<-s.ended
}

// Start starts the server anew, empty, under its old address.
func (s *Server) Start() {
	s.t.Helper()
	var err error
	// The port may be the near end of somebody's connection for a moment.
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if err = s.run(); err == nil {
			return
		}
	}
	s.t.Fatalf("valkey does not start again: %v", err)
}

// run starts the process and waits until it answers.
func (s *Server) run() error {
	// Not the test's context: it ends before the test's own cleanups, which may still want the server.
	server := exec.CommandContext(context.Background(), s.program, "--port", s.port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
		"--dir", s.folder)
	libraries, _ := filepath.Glob(filepath.Join(filepath.Dir(s.program), "../lib/*-linux-gnu*")) // the pattern is good
	if len(libraries) > 0 {
		server.Env = append(os.Environ(), "LD_LIBRARY_PATH="+strings.Join(libraries, ":"))
	}
	if err := server.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() {
		_ = server.Wait() // it is killed
		close(ended)
	}()
	s.running, s.ended = server, ended
	for end := time.Now().Add(patience); ; {
		err := s.answers()
		if err == nil {
			return nil
		}
		select {
		case <-ended:
			return fmt.Errorf("%s ended: %v", filepath.Base(s.program), server.ProcessState)
		case <-time.After(2 * time.Millisecond):
		}
		if time.Now().After(end) {
			s.Stop()
			return err
		}
	}
}

// answers asks whoever listens for its process: it may be another server than the one that was started.
func (s *Server) answers() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.Address())
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }() // nothing is left to be sent
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if _, err := c.Write([]byte("INFO server\r\n")); err != nil {
		return err
	}
	want := "process_id:" + strconv.Itoa(s.running.Process.Pid)
	for lines := bufio.NewScanner(c); lines.Scan(); {
		switch line := lines.Text(); {
		case line == want:
			return nil
		case strings.HasPrefix(line, "process_id:"), strings.HasPrefix(line, "-"):
			return fmt.Errorf("want %s, got %s", want, line)
		}
	}
	return fmt.Errorf("want %s, got nothing", want)
}

// program finds what scripts/valkey.sh has put there.
func program(t testing.TB) string {
	t.Helper()
	names := []string{"valkey-server", "redis-server"}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	for _, name := range names {
		if path, err := exec.LookPath(filepath.Join(processtest.Root(t), ".deps/valkey/usr/bin", name)); err == nil {
			return path
		}
	}
	t.Fatal("there is neither valkey-server nor redis-server: run scripts/valkey.sh")
	return ""
}
