package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/stillroom/stillroom"
	"github.com/stillroom/stillroom/internal/admin"
	"github.com/stillroom/stillroom/internal/config"
	"github.com/stillroom/stillroom/internal/plan"
)

// lookTimeout bounds how long explain waits for a server's word on its cache. The rest is known without it.
const lookTimeout = 3 * time.Second

func explainFlags() []*config.Flag {
	return []*config.Flag{
		{Name: "accept", Desc: "Accept header of the client, such as image/avif,image/webp"},
		{Name: "width", Desc: "Width client hint, in pixels"},
		{Name: "dpr", Desc: "DPR client hint"},
		{Name: "offline", Bool: true, Desc: "do not ask the running server what its cache holds"},
		{Name: "json", Bool: true, Desc: "write the explanation as JSON"},
		adminFlag(),
	}
}

// explain shows how a URL is understood, what its key is made of and, where a server runs, what its cache holds and what
// a request would meet there. It changes nothing.
func explain(args, environ []string, stdout, stderr io.Writer) int {
	l, ok := load(args, environ, explainFlags(), 1, stderr)
	if !ok {
		return exitUsage
	}
	on, err := switches(l, "offline", "json")
	if err != nil {
		fmt.Fprintf(stderr, "explain: %s\n", err)
		return exitUsage
	}
	offline, err := stillroom.NewOffline(l.config)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitUsage
	}
	_, target := splitURL(l.report.Operands[0])
	shown := header{"Accept": l.flags["accept"], "Width": l.flags["width"], "DPR": l.flags["dpr"]}
	client := plan.Client{Header: shown, Cookie: func(string) string { return "" }}
	question, err := offline.Question(target, client, time.Now())
	if err != nil {
		fmt.Fprintf(stderr, "not understood: %s\n", err)
		return exitFailed
	}
	e := admin.Explanation{Question: question}
	if !on["offline"] {
		server, err := remote(l)
		if err != nil && l.flags["admin"] != "" {
			fmt.Fprintln(stderr, err)
			return exitUsage
		}
		if err == nil {
			e.Cache, err = look(server, target, shown, question, stderr)
		}
		if err != nil {
			fmt.Fprintf(stderr, "the cache was not asked: %s\n", err)
		}
	}
	if err := writeExplanation(stdout, e, on["json"]); err != nil {
		fmt.Fprintln(stderr, err)
		return exitFailed
	}
	return exitDone
}

// look asks a running server what its cache holds.
func look(server *admin.Client, target string, shown header, q admin.Question, stderr io.Writer) (*admin.CacheView, error) {
	ctx, cancel := context.WithTimeout(context.Background(), lookTimeout)
	defer cancel()
	e, err := server.Explain(ctx, target, shown)
	if err != nil {
		return nil, err
	}
	if e.Key != q.Key {
		fmt.Fprintf(stderr, "the server has another configuration: its key is %s, and that is what its cache was asked for\n", e.Key)
	}
	return e.Cache, nil
}

func writeExplanation(w io.Writer, e admin.Explanation, asJSON bool) error {
	if !asJSON {
		return e.WriteText(w)
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(e)
}

// header is a client's header with one value for each name.
type header map[string]string

// Get returns the value of a field; the caller's spelling is ours.
func (h header) Get(name string) string { return h[name] }

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
