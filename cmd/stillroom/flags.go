package main

import (
	"fmt"
	"io"

	"github.com/stillroom/stillroom/internal/config"
)

// loaded is what a command starts from: its configuration and its own flags by name.
type loaded struct {
	config *config.Config
	report *config.Report
	flags  map[string]string
}

// load reads the configuration of a command and complains to stderr. operands is how many arguments
// other than flags the command takes.
func load(args, environ []string, flags []*config.Flag, operands int, stderr io.Writer) (loaded, bool) {
	c, report, err := config.Load(config.Options{Args: args, Environ: environ, Flags: flags, Operands: operands > 0})
	l := loaded{config: c, report: report, flags: map[string]string{}}
	for _, f := range flags {
		l.flags[f.Name] = f.Value
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
	}
	if got := len(report.Operands); operands > 0 && got != operands {
		fmt.Fprintf(stderr, "arguments: want %d, got %d\n", operands, got)
		return l, false
	}
	return l, err == nil
}
