package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/stillroom/stillroom/internal/config"
)

// help lists the commands, or describes one.
func help(args, _ []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		writeCommands(stdout)
		return exitDone
	}
	all := commands()
	i := slices.IndexFunc(all, func(c command) bool { return c.name == args[0] })
	if i < 0 {
		fmt.Fprintf(stderr, "stillroom: unknown command %q, see stillroom help\n", args[0])
		return exitUsage
	}
	c := all[i]
	fmt.Fprintf(stdout, "Usage: stillroom %s [FLAGS]\n\n%s\n", c.title(), c.does)
	if c.flags != nil {
		fmt.Fprint(stdout, "\nFlags of this command:\n")
		for _, f := range c.flags() {
			fmt.Fprintf(stdout, "  --%-10s %s\n", f.Name, f.Desc)
		}
	}
	if !c.settings {
		return exitDone
	}
	fmt.Fprint(stdout, "\nSettings:\n")
	if err := config.WriteFlags(stdout); err != nil {
		fmt.Fprintln(stderr, err)
		return exitFailed
	}
	return exitDone
}
