package bench

import (
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// onOneCPU does something so that the processes it starts stay on one CPU.
func onOneCPU(tb testing.TB, do func()) {
	tb.Helper()
	runtime.LockOSThread() // a process inherits from the thread that starts it
	defer runtime.UnlockOSThread()
	var all, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		tb.Fatal(err)
	}
	for cpu := range 64 * len(all) {
		if all.IsSet(cpu) {
			one.Set(cpu)
			break
		}
	}
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		tb.Fatal(err)
	}
	defer func() {
		if err := unix.SchedSetaffinity(0, &all); err != nil {
			tb.Error(err)
		}
	}()
	do()
}
