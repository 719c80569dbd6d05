package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/stillroom/stillroom/internal/admin"
	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/cache/disk"
)

// alignedRows is how many rows are aligned with each other: all of a large tier's would have to be in memory at once.
const alignedRows = 1000

// list lists the entries of a folder.
func list(dir string, asJSON bool, now time.Time, w io.Writer) error {
	if asJSON {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		return disk.List(dir, func(i disk.Item) error { return e.Encode(newItem(i, now)) })
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	rows := 0
	err := disk.List(dir, func(i disk.Item) error {
		if rows == 0 {
			fmt.Fprintln(table, "KEY\tSIZE\tTYPE\tAGE\tSTATE\tSOURCE\tTAGS")
		}
		rows++
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", i.Key.String()[:16], bytesText(i.Size), printable(i.Meta.Type()),
			admin.Span(now.Sub(i.Meta.Created)), state(i.Meta.Clocks, now), printable(i.Meta.Source), printable(strings.Join(i.Meta.Tags, " ")))
		if rows%alignedRows == 0 {
			return table.Flush()
		}
		return nil
	})
	if err != nil {
		return err
	}
	return table.Flush()
}

// item is an entry as --json writes it.
type item struct {
	Key     string    `json:"key"`
	Group   string    `json:"group"`
	Size    int64     `json:"size"` // of the file, in bytes
	Type    string    `json:"type"`
	Width   int       `json:"width,omitempty"`
	Height  int       `json:"height,omitempty"`
	Source  string    `json:"source"`
	Created time.Time `json:"created"`
	Stored  time.Time `json:"stored"`
	State   string    `json:"state"`
	Fresh   time.Time `json:"fresh_until"`
	Keep    time.Time `json:"keep_until"`
	Tags    []string  `json:"tags,omitempty"`
}

func newItem(i disk.Item, now time.Time) item {
	return item{
		Key: i.Key.String(), Group: i.Meta.Group.String(), Size: i.Size, Type: i.Meta.Type(),
		Width: i.Meta.Width, Height: i.Meta.Height, Source: i.Meta.Source, Created: i.Meta.Created.UTC(), Stored: i.Stored.UTC(),
		State: state(i.Meta.Clocks, now), Fresh: i.Meta.Clocks.Fresh.UTC(), Keep: i.Meta.Clocks.Keep.UTC(), Tags: i.Meta.Tags,
	}
}

// state says in one word how far an entry's time has gone.
func state(c cache.Clocks, now time.Time) string {
	switch {
	case now.Before(c.Fresh):
		return "fresh"
	case now.Before(c.Keep):
		return "stale"
	}
	return "expired"
}

// printable keeps text that came from a URL from steering the terminal or the table.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || 0x7f <= r && r < 0xa0 {
			return '.'
		}
		return r
	}, s)
}
