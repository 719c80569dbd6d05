package main

import (
	"fmt"
	"io"
	"runtime"

	"github.com/stillroom/stillroom/internal/vips"
)

// showVersion prints what a bug report needs: our version, Go's, libvips's and what it reads and writes.
func showVersion(args, _ []string, stdout, stderr io.Writer) int {
	if len(args) > 0 {
		fmt.Fprintf(stderr, "argument: want none, got %q\n", args[0])
		return exitUsage
	}
	fmt.Fprintf(stdout, "stillroom %s\n%s %s/%s\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	engine, err := vips.New(vips.Config{})
	if err != nil {
		fmt.Fprintf(stderr, "libvips: %s\n", err)
		return exitFailed
	}
	for _, line := range engine.Codecs() {
		fmt.Fprintln(stdout, line)
	}
	return exitDone
}
