package disk

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	"go.uber.org/goleak"
)

// Some tests need another process, to kill it, to shut it out, or to give it a file system of its own. It is this
// binary, told what to be by the environment.
const role = "STILLROOM_DISK_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(role) {
	case "":
		goleak.VerifyTestMain(m)
	case "writer":
		beWriter(os.Args[1])
	case "full":
		beFull(os.Args[1])
	default:
		fmt.Fprintln(os.Stderr, "no such role:", os.Getenv(role))
		os.Exit(2)
	}
}

// child returns a command that runs this binary in a role.
func child(as string, before []string, args ...string) *exec.Cmd {
	words := append(append(before, os.Args[0]), args...)
	c := exec.Command(words[0], words[1:]...)
	c.Env = append(os.Environ(), role+"="+as)
	c.Stderr = os.Stderr
	return c
}

// must ends a child with a message.
func must(err error) {
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}
