// Command stillroom serves images made on request, and helps those who run it: it signs and explains URLs, purges,
// shows statistics and the configuration, looks after the folder of a disk tier, and checks that a server is up.
package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"text/tabwriter"

	"github.com/stillroom/stillroom/internal/config"
)

// Exit statuses.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2 // the command line or the configuration is wrong
)

// version is set by the linker (-X main.version=...).
var version = "unknown"

func main() { os.Exit(dispatch(os.Args[1:], os.Environ(), os.Stdout, os.Stderr)) }

// command is one word of the command line.
type command struct {
	name     string
	operands string                // what follows, for help
	does     string                // one line for help
	settings bool                  // takes every setting as a flag
	flags    func() []*config.Flag // of the command itself, for help
	run      func(args, environ []string, stdout, stderr io.Writer) int
}

func commands() []command {
	return []command{
		{name: "serve", does: "serve images (the default command)", settings: true, run: serve},
		{name: "sign", operands: "URL-OR-PATH", does: "print the signed form of a path", settings: true, flags: signFlags, run: signing},
		{name: "explain", operands: "URL", does: "show how a URL is understood, its key, and what the cache holds", settings: true, flags: explainFlags, run: explain},
		{name: "purge", does: "have the server forget results: by --source, --url, --tag or --prefix, or --all", settings: true, flags: purgeFlags, run: purging},
		{name: "stats", does: "show what the server's tiers hold, how often they hit and what it saved", settings: true, flags: statsFlags, run: stats},
		{name: "cache", operands: "verify|gc|ls DIR", does: "check, tidy or list the folder of a disk tier that no server uses", settings: true, flags: cacheFlags, run: cacheFolder},
		{name: "config", does: "show the effective configuration and where each value came from", settings: true, flags: configFlags, run: showConfig},
		{name: "health", does: "ask the server of this configuration whether it is up", settings: true, flags: healthFlags, run: health},
		{name: "version", does: "show the versions of stillroom, Go, libvips and its codecs", run: showVersion},
		{name: "help", operands: "[COMMAND]", does: "show this, or the flags of a command", run: help},
	}
}

// dispatch carries out a command line and returns the exit status. Without a command it serves, so that a
// container can be given flags alone.
func dispatch(args, environ []string, stdout, stderr io.Writer) int {
	name, rest := "serve", args
	if len(args) > 0 && (args[0] == "-h" || args[0] == "--help") {
		name, rest = "help", args[1:]
	} else if len(args) > 0 && (args[0] == "" || args[0][0] != '-') {
		name, rest = args[0], args[1:]
	}
	all := commands()
	i := slices.IndexFunc(all, func(c command) bool { return c.name == name })
	if i < 0 {
		fmt.Fprintf(stderr, "stillroom: unknown command %q, see stillroom help\n", name)
		return exitUsage
	}
	if name != "help" && wantsHelp(rest) {
		return help([]string{name}, environ, stdout, stderr)
	}
	return all[i].run(rest, environ, stdout, stderr)
}

// wantsHelp reports whether a help flag stands in front of a possible "--".
func wantsHelp(args []string) bool {
	for _, arg := range args {
		switch arg {
		case "-h", "-help", "--help":
			return true
		case "--":
			return false
		}
	}
	return false
}

// writeCommands lists the commands.
func writeCommands(w io.Writer) {
	fmt.Fprint(w, "Usage: stillroom [COMMAND] [FLAGS]\n\nCommands:\n")
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, c := range commands() {
		fmt.Fprintf(table, "  %s\t%s\n", c.title(), c.does)
	}
	_ = table.Flush() // it fails only if w does, and then there is nobody to tell
	fmt.Fprint(w, "\nEvery setting is a flag, an environment variable and a key of the file given by --config:\n"+
		"--cache-type, STILLROOM_CACHE_TYPE and cache.type are one. \"stillroom help serve\" lists them.\n")
}

func (c *command) title() string {
	if c.operands == "" {
		return c.name
	}
	return c.name + " " + c.operands
}
