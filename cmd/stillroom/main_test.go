package main

import (
	"bytes"
	"strings"
	"testing"
)

// result is what a command line did.
type result struct {
	status      int
	out, errors string
}

// invoke carries out a command line in an environment of its own.
func invoke(environ []string, args ...string) result {
	var out, errors bytes.Buffer
	status := dispatch(args, environ, &out, &errors)
	return result{status, out.String(), errors.String()}
}

// check compares a result with a status and texts that must stand in its outputs; empty = there is no output.
func (r result) check(t *testing.T, status int, out, errors string) {
	t.Helper()
	if r.status != status || !strings.Contains(r.out, out) || !strings.Contains(r.errors, errors) ||
		out == "" && r.out != "" || errors == "" && r.errors != "" {
		t.Errorf("status %d, want %d\nstandard output, want %q in\n%s\nstandard error, want %q in\n%s", r.status, status, out, r.out, errors, r.errors)
	}
}

func TestCommandLine(t *testing.T) {
	signed := []string{"STILLROOM_KEY=736563726574", "STILLROOM_SALT=68656c6c6f"}
	for _, test := range []struct {
		name, args  string
		status      int
		out, errors string
	}{
		{"help", "help", exitDone, "Usage: stillroom [COMMAND]", ""},
		{"help as a flag", "--help", exitDone, "sign URL-OR-PATH", ""},
		{"help in short", "-h", exitDone, "Usage: stillroom [COMMAND]", ""},
		{"help of a command", "help sign", exitDone, "--expires", ""},
		{"help of a command as a flag", "sign --help", exitDone, "Usage: stillroom sign URL-OR-PATH", ""},
		{"help lists the settings", "serve -h", exitDone, "--cache-memory-size", ""},
		{"help of purge", "help purge", exitDone, "--dry-run    only say what would be purged", ""},
		{"help of stats", "stats --help", exitDone, "Usage: stillroom stats [FLAGS]", ""},
		{"help of cache", "cache -h", exitDone, "Usage: stillroom cache verify|gc|ls DIR [FLAGS]", ""},
		{"help of explain", "help explain", exitDone, "--offline", ""},
		{"help of an unknown command", "help sgin", exitUsage, "", `unknown command "sgin"`},
		{"an unknown command", "sgin", exitUsage, "", `unknown command "sgin"`},
		{"flags alone serve", "--no-such-flag", exitUsage, "", "--no-such-flag: unknown flag"},
		{"serve takes no arguments", "serve here", exitUsage, "", `argument: want flags only, got "here"`},
		{"the configuration", "config", exitDone, "STILLROOM_CACHE_TYPE ", ""},
		{"the configuration with a flag", "config --quality 10", exitDone, "--quality", ""},
		{"the configuration as Markdown", "config --markdown", exitDone, "| `STILLROOM_TTL` | `1h` |", ""},
		{"a right configuration", "config --check", exitDone, "the configuration is right", ""},
		{"a wrong configuration", "config --check --quality best", exitUsage, "", `--quality: want a whole number, got "best"`},
		{"all that is wrong", "config --quality best --ttl soon", exitUsage, "", "--ttl: want a time"},
		{"versions", "version", exitDone, "libvips 8.", ""},
		{"versions take no arguments", "version --long", exitUsage, "", `argument: want none, got "--long"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			invoke(signed, strings.Fields(test.args)...).check(t, test.status, test.out, test.errors)
		})
	}
}

// TestConfigWarns checks that warnings do not get between the values, which programs may read.
func TestConfigWarns(t *testing.T) {
	r := invoke([]string{"IMGPROXY_SENTRY_DSN=x"}, "config")
	r.check(t, exitDone, "NAME", "warning: no effect here: IMGPROXY_SENTRY_DSN\n")
	if strings.Contains(r.out, "warning") {
		t.Errorf("a warning stands among the values:\n%s", r.out)
	}
}
