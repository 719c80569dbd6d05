//go:build !linux

package bench

import "testing"

// onOneCPU does something; processes cannot be kept on one CPU here.
func onOneCPU(_ testing.TB, do func()) { do() }
