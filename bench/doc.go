// Package bench measures the server beside nginx, on the same machine in turns; it has no code of its own.
package bench
