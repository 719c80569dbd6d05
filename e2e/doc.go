// Package e2e holds tests that run the real binary against real sources; it has no code of its own.
package e2e
