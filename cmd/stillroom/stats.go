package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/stillroom/stillroom/internal/admin"
	"github.com/stillroom/stillroom/internal/config"
)

// watchInterval is how often --watch asks: often enough to see a change happen, and rarely enough that rates are calm.
const watchInterval = 2 * time.Second

func statsFlags() []*config.Flag {
	return []*config.Flag{
		{Name: "watch", Bool: true, Desc: "ask every 2 seconds, and show rates, until Ctrl-C"},
		{Name: "json", Bool: true, Desc: "write what the server answers, with --watch a line each time"},
		adminFlag(),
	}
}

// stats shows the numbers of the running server.
func stats(args, environ []string, stdout, stderr io.Writer) int {
	l, ok := load(args, environ, statsFlags(), 0, stderr)
	if !ok {
		return exitUsage
	}
	on, err := switches(l, "watch", "json")
	if err != nil {
		fmt.Fprintf(stderr, "stats: %s\n", err)
		return exitUsage
	}
	client, err := remote(l)
	if err != nil {
		fmt.Fprintf(stderr, "stats: %s\n", err)
		return exitUsage
	}
	v := viewer{client: client, out: stdout, errors: stderr, json: on["json"], clear: isTerminal(stdout) && on["watch"]}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := v.show(ctx); err != nil {
		fmt.Fprintf(stderr, "stats: %s\n", err)
		return exitFailed
	}
	if on["watch"] {
		v.watch(ctx, watchInterval)
	}
	return exitDone
}

// viewer shows numbers, and how fast they grow.
type viewer struct {
	client      *admin.Client
	out, errors io.Writer
	json        bool
	clear       bool // the screen, before each table

	last *admin.Stats // what was shown before; nil = nothing
}

// watch shows numbers until ctx ends. A server that does not answer, because it is being restarted say, is waited for.
func (v *viewer) watch(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := v.show(ctx); err != nil && ctx.Err() == nil {
			fmt.Fprintf(v.errors, "stats: %s\n", err)
		}
	}
}

// show asks once, and writes the answer.
func (v *viewer) show(ctx context.Context) error {
	asking, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	s, err := v.client.Stats(asking)
	if err != nil {
		return err
	}
	if v.json {
		e := json.NewEncoder(v.out)
		e.SetEscapeHTML(false)
		return e.Encode(s)
	}
	if v.clear {
		fmt.Fprint(v.out, "\x1b[H\x1b[2J")
	} else if v.last != nil {
		fmt.Fprintln(v.out)
	}
	err = writeStats(v.out, s, v.last)
	v.last = &s
	return err
}

// isTerminal reports whether somebody watches the output rather than reads a file.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
