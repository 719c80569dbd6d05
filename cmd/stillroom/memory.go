package main

import (
	"runtime/debug"

	"github.com/stillroom/stillroom/internal/config"
)

// Garbage is collected when the heap has grown fourfold rather than twofold: what hits allocate is small and dies at once,
// and with little kept the collector would run many times a second for it (measured: a tenth to a fifth more hits per second).
// The limit keeps that from mattering where much is kept: beyond it the collector runs as often as it must.
const (
	growth     = 400
	working    = 1 << 30 // for sources and results under way, and pixels' bookkeeping
	keptFactor = 2       // of what is kept in memory
)

// tuneMemory sets the collector for a server of this configuration. GOGC and GOMEMLIMIT win.
func tuneMemory(c *config.Config, getenv func(string) string) {
	if getenv("GOGC") == "" {
		debug.SetGCPercent(growth)
	}
	if getenv("GOMEMLIMIT") == "" {
		kept := int64(c.Cache.MemorySize) + int64(c.Sources.CacheSize)
		if c.Cache.Object.Use != "" {
			kept += int64(c.Cache.Object.QueueSize)
		}
		debug.SetMemoryLimit(working + keptFactor*kept)
	}
}
