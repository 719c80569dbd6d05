package e2e

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// crash ends the server as a power cut would: with SIGKILL, and no word before.
func (s *server) crash() {
	s.t.Helper()
	if err := s.command.Process.Kill(); err != nil {
		s.t.Fatal(err)
	}
	select {
	case <-s.done:
	case <-time.After(10 * time.Second):
		s.t.Fatal("still running 10 s after SIGKILL")
	}
}

// refused runs the server with settings that it must not start with, and returns how it ended and what it wrote.
func refused(t *testing.T, environ ...string) (status int, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	command := exec.CommandContext(ctx, built.Program(t), "serve")
	command.Env = append(environment(), environ...)
	out, err := command.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		t.Fatalf("the server ended with %v, want a refusal to start:\n%s", err, out)
	}
	return exit.ExitCode(), string(out)
}

// linesWith returns the lines of a text that hold all the given parts.
func linesWith(text string, parts ...string) []string {
	var found []string
next:
	for line := range strings.Lines(text) {
		for _, part := range parts {
			if !strings.Contains(line, part) {
				continue next
			}
		}
		found = append(found, line)
	}
	return found
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	const limit = 15 * time.Second
	for began := time.Now(); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Since(began) > limit {
			t.Fatalf("after %v it still does not hold that %s", limit, what)
		}
	}
}

// until waits for a moment that only the passing of time brings, such as the end of an entry's freshness.
func until(moment time.Time) { time.Sleep(time.Until(moment)) }
