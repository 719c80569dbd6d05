package processtest

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// listen names addresses at which this program is to listen in place of testing: at the first itself, and at the others by a
// process that it starts.
const listen = "PROCESSTEST_LISTEN"

func TestMain(m *testing.M) {
	if addresses := os.Getenv(listen); addresses != "" {
		serve(addresses)
	}
	os.Exit(m.Run())
}

func serve(addresses string) {
	own, others, more := strings.Cut(addresses, " ")
	if more {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), listen+"="+others)
		if err := child.Start(); err != nil {
			panic(err)
		}
		for at := (Process{Address: others}); !at.ready(); time.Sleep(time.Millisecond) {
		}
	}
	l, err := net.Listen("tcp", own)
	if err != nil {
		panic(err)
	}
	for {
		if _, err := l.Accept(); err != nil {
			panic(err)
		}
	}
}

// A process is ready when Start returns, and ends with the test, along with what it has started.
func TestStart(t *testing.T) {
	var all []Process
	t.Run("while it runs", func(t *testing.T) {
		for range 2 {
			all = append(all, Process{Address: "127.0.0.1:" + FreePort(t)})
		}
		Start(t, Process{
			Path: os.Args[0], Env: []string{listen + "=" + all[0].Address + " " + all[1].Address}, Address: all[0].Address,
		})
		for n, p := range all {
			if !p.ready() {
				t.Errorf("process %d does not listen", n)
			}
		}
	})
	for n, p := range all {
		for end := time.Now().Add(10 * time.Second); p.ready(); time.Sleep(time.Millisecond) { // the second is not waited for
			if time.Now().After(end) {
				t.Fatalf("process %d still listens", n)
			}
		}
	}
}

// The first is found that can be run.
func TestFind(t *testing.T) {
	const name = "program"
	folder, data, first, second := t.TempDir(), t.TempDir(), t.TempDir(), t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, name), 0o700); err != nil {
		t.Fatal(err)
	}
	for place, mode := range map[string]os.FileMode{data: 0o600, first: 0o700, second: 0o700} {
		if err := os.WriteFile(filepath.Join(place, name), nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	if got, ok := find(name, []string{folder, data, first, second}); !ok || got != filepath.Join(first, name) {
		t.Errorf("found %q, %t, want that in %s", got, ok, first)
	}
	if got, ok := find(name, []string{folder, data}); ok {
		t.Errorf("found %q, which cannot be run", got)
	}
}

func TestEnviron(t *testing.T) {
	settings := []string{"STILLROOM_BIND", "IMGPROXY_KEY", "IMGFORGE_BIND", "IMGFLUX_CACHE_TYPE", "PP_PORT"}
	for _, name := range append(settings, "SOMETHING_ELSE") {
		t.Setenv(name, "x")
	}
	got := Environ()
	for _, name := range settings {
		if slices.Contains(got, name+"=x") {
			t.Errorf("%s is handed on", name)
		}
	}
	if !slices.Contains(got, "SOMETHING_ELSE=x") {
		t.Error("what is no setting is not handed on")
	}
}
