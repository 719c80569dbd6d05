// Package processtest starts the processes that tests need, the server among them, and finds their programs.
package processtest

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A Process is a server that a test starts.
type Process struct {
	Path  string   // of its program
	Args  []string //
	Env   []string // beside Environ
	Dir   string   // empty = that of the test
	Ready string   // URL that it answers, with whatever status, once it is ready; empty = Address is enough
	// Address accepts connections once it is ready.
	Address string
}

// patience is how long a server may take to become ready: a second or three as a rule, more while everything is built.
const patience = time.Minute

// Start starts a server that ends with the test. What it says last is shown where the test fails.
func Start(t testing.TB, p Process) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	command := exec.CommandContext(ctx, p.Path, p.Args...)
	command.Env, command.Dir = append(Environ(), p.Env...), p.Dir
	said := &transcript{}
	command.Stdout, command.Stderr = said, said
	command.SysProcAttr = attributes()
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	command.WaitDelay = 5 * time.Second
	if err := command.Start(); err != nil {
		cancel()
		t.Fatalf("%s does not start: %v", filepath.Base(p.Path), err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err == nil {
			t.Logf("%s has ended by itself", filepath.Base(p.Path))
		}
		if text := said.String(); t.Failed() && text != "" {
			t.Logf("%s said at its end:\n%s", filepath.Base(p.Path), text)
		}
	})
	until := time.Now().Add(patience)
	for !p.ready() {
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("%s ended: %v", filepath.Base(p.Path), err)
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(until) {
			t.Fatalf("%s is not ready after %v", filepath.Base(p.Path), patience)
		}
	}
}

func (p Process) ready() bool {
	if p.Ready == "" {
		dialer := net.Dialer{Timeout: time.Second}
		connection, err := dialer.DialContext(context.Background(), "tcp", p.Address)
		if err != nil {
			return false
		}
		return connection.Close() == nil
	}
	client := http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Get(p.Ready) //nolint:noctx // the client has a timeout
	if err != nil {
		return false
	}
	return answer.Body.Close() == nil
}

// transcript keeps the last of what a server says.
type transcript struct {
	mu   sync.Mutex
	text []byte
}

func (t *transcript) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-4096):]
	return len(p), nil
}

func (t *transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.text))
}

// FreePort returns a port of the loopback interface that nobody listens on.
func FreePort(t testing.TB) string {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err := errors.Join(err, listener.Close()); err != nil {
		t.Fatal(err)
	}
	return port
}
