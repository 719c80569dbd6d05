package main

import (
	"fmt"
	"io"

	"github.com/stillroom/stillroom/internal/config"
)

func configFlags() []*config.Flag {
	return []*config.Flag{
		{Name: "check", Bool: true, Desc: "only say whether the configuration is right"},
		{Name: "markdown", Bool: true, Desc: "write the table of all settings as Markdown"},
	}
}

// showConfig prints the effective configuration, or checks it.
func showConfig(args, environ []string, stdout, stderr io.Writer) int {
	l, ok := load(args, environ, configFlags(), 0, stderr)
	for _, w := range l.report.Warnings {
		fmt.Fprintln(stderr, "warning: "+w)
	}
	if !ok {
		return exitUsage
	}
	var err error
	switch {
	case l.flags["check"] == "true":
		_, err = fmt.Fprintln(stdout, "the configuration is right")
	case l.flags["markdown"] == "true":
		err = config.WriteMarkdown(stdout)
	default:
		err = l.report.Print(stdout)
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitFailed
	}
	return exitDone
}
