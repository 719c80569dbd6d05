package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/stillroom/stillroom/internal/admin"
	"github.com/stillroom/stillroom/internal/config"
	"github.com/stillroom/stillroom/internal/purge"
)

// rehearsalTimeout bounds a dry run, which looks at every entry of the disk tier.
const rehearsalTimeout = 10 * time.Minute

func purgeFlags() []*config.Flag {
	return []*config.Flag{
		{Name: "source", Desc: "purge what was made of this source"},
		{Name: "url", Desc: "purge the results of this URL of the public listener, signed or not"},
		{Name: "tag", Desc: "purge what carries this tag"},
		{Name: "prefix", Desc: "purge what was made of the sources that begin so, such as https://cdn.example/2026/"},
		{Name: "all", Bool: true, Desc: "purge everything"},
		{Name: "soft", Bool: true, Desc: "make it stale: it may be served once more, or when the source fails"},
		{Name: "dry-run", Bool: true, Desc: "only say what would be purged"},
		adminFlag(),
	}
}

// purging has the running server forget results.
func purging(args, environ []string, stdout, stderr io.Writer) int {
	l, ok := load(args, environ, purgeFlags(), 0, stderr)
	if !ok {
		return exitUsage
	}
	order, err := readOrder(l)
	if err != nil {
		fmt.Fprintf(stderr, "purge: %s\n", err)
		return exitUsage
	}
	client, err := remote(l)
	if err != nil {
		fmt.Fprintf(stderr, "purge: %s\n", err)
		return exitUsage
	}
	limit := answerTimeout
	if order.DryRun {
		limit = rehearsalTimeout
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	receipt, err := client.Purge(ctx, order)
	if err != nil {
		fmt.Fprintf(stderr, "purge: %s\n", err)
		return exitFailed
	}
	if err := writeReceipt(stdout, order, receipt); err != nil {
		fmt.Fprintln(stderr, err)
		return exitFailed
	}
	return exitDone
}

// readOrder makes an order of the flags, of which exactly one selects.
func readOrder(l loaded) (admin.Order, error) {
	on, err := switches(l, "all", "soft", "dry-run")
	if err != nil {
		return admin.Order{}, err
	}
	o := admin.Order{Soft: on["soft"], DryRun: on["dry-run"]}
	var given []string
	for _, s := range []purge.Selector{purge.Source, purge.URL, purge.Tag, purge.Prefix} {
		if value := l.flags[string(s)]; value != "" {
			o.Selector, o.Value = s, value
			given = append(given, "--"+string(s))
		}
	}
	if on["all"] {
		o.Selector = purge.All
		given = append(given, "--all")
	}
	if len(given) != 1 {
		got := "none"
		if len(given) > 0 {
			got = strings.Join(given, " and ")
		}
		return o, fmt.Errorf("want exactly one of --source, --url, --tag, --prefix and --all, got %s", got)
	}
	return o, nil
}

func writeReceipt(w io.Writer, o admin.Order, r admin.Receipt) error {
	subject := string(o.Selector)
	if o.Value != "" {
		subject += " " + o.Value
	}
	if o.Soft {
		subject += " (soft)"
	}
	if !o.DryRun {
		_, err := fmt.Fprintf(w, "purged %s: rule %s at %s\n", subject, r.Rule, r.At.UTC().Format(time.RFC3339Nano))
		return err
	}
	if _, err := fmt.Fprintf(w, "would purge %s\n", subject); err != nil {
		return err
	}
	if len(r.Covers) == 0 {
		_, err := fmt.Fprintln(w, "how much that is cannot be told: no tier can be looked through")
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, c := range r.Covers {
		fmt.Fprintf(table, "%s\t%d entries\t%s\n", c.Tier, c.Entries, bytesText(c.Bytes))
	}
	return table.Flush()
}
