package vips

import (
	"fmt"
	"os"
	"testing"
)

// engine is the one that all tests share; its Config is the zero value.
var engine *Engine

func TestMain(m *testing.M) {
	if os.Getenv(printEnv) != "" {
		os.Exit(printDigests())
	}
	var err error
	if engine, err = New(Config{}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if leak := engine.Memory(); code == 0 && (leak.Bytes != 0 || leak.Allocs != 0 || leak.Files != 0) {
		fmt.Fprintf(os.Stderr, "libvips still holds %+v\n", leak)
		code = 1
	}
	os.Exit(code)
}
