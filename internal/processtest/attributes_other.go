//go:build !linux

package processtest

import "syscall"

// attributes puts a process into a group of its own, so that what it starts ends along with it.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
