package processtest

import "syscall"

// attributes puts a process into a group of its own, so that what it starts ends along with it. It ends with the test also
// where the test is killed.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
