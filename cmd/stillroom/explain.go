package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/stillroom/stillroom"
	"github.com/stillroom/stillroom/internal/config"
	"github.com/stillroom/stillroom/internal/plan"
	"github.com/stillroom/stillroom/internal/provider"
)

func explainFlags() []*config.Flag {
	return []*config.Flag{
		{Name: "accept", Desc: "Accept header of the client, such as image/avif,image/webp"},
		{Name: "width", Desc: "Width client hint, in pixels"},
		{Name: "dpr", Desc: "DPR client hint"},
	}
}

// explain shows how a URL is understood and what its key is made of. It changes nothing and asks nobody.
func explain(args, environ []string, stdout, stderr io.Writer) int {
	l, ok := load(args, environ, explainFlags(), 1, stderr)
	if !ok {
		return exitUsage
	}
	offline, err := stillroom.NewOffline(l.config)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitUsage
	}
	_, target := splitURL(l.report.Operands[0])
	client := plan.Client{
		Header: header{"Accept": l.flags["accept"], "Width": l.flags["width"], "DPR": l.flags["dpr"]},
		Cookie: func(string) string { return "" },
	}
	e, err := offline.Explain(target, client, time.Now())
	if err != nil {
		fmt.Fprintf(stderr, "not understood: %s\n", err)
		return exitFailed
	}
	if err := writeExplanation(stdout, e); err != nil {
		fmt.Fprintln(stderr, err)
		return exitFailed
	}
	return exitDone
}

// header is a client's header with one value for each name.
type header map[string]string

// Get returns the value of a field; the caller's spelling is ours.
func (h header) Get(name string) string { return h[name] }

func writeExplanation(w io.Writer, e stillroom.Explanation) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(table, "%s\t%s\n", name, value)
		}
	}
	row("grammar", e.Provider)
	row("source", e.Request.Source.String())
	row("wants", wants(e.Request.Want))
	row("answered", answered(e.Refusal))
	if expires := e.Request.Delivery.Expires; !expires.IsZero() {
		row("expires", expires.UTC().Format(time.RFC3339))
	}
	row("file name", e.Request.Delivery.Filename)
	row("vary", e.Plan.Vary)
	row("key", e.Plan.Key.String())
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\nThe key is the SHA-256 of:\n\n%s", e.KeyText)
	return err
}

func wants(w provider.Want) string {
	if w == provider.Original {
		return "the source as it is"
	}
	return "a rendition"
}

func answered(refusal error) string {
	if refusal != nil {
		return "no: " + refusal.Error()
	}
	return "yes"
}

// splitURL takes scheme and host off a URL; a path has none.
func splitURL(text string) (origin, path string) {
	for _, scheme := range []string{"http://", "https://"} {
		if rest, ok := strings.CutPrefix(text, scheme); ok {
			host, path, _ := strings.Cut(rest, "/")
			return scheme + host, "/" + path
		}
	}
	return "", "/" + strings.TrimPrefix(text, "/")
}
