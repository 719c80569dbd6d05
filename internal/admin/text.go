package admin

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// WriteText writes an explanation for a person: a table, what the tiers hold, and last what the key is made of.
func (e *Explanation) WriteText(w io.Writer) error {
	table := newTable(w)
	e.Question.rows(table)
	if e.Cache != nil {
		table.row("cache", e.Cache.Outcome+": "+e.Cache.Why)
		table.row("ignored", listed(e.Cache.Ignored, "no answer depends on it"))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if e.Cache != nil {
		for _, t := range e.Cache.Tiers {
			if err := t.writeText(w); err != nil {
				return err
			}
		}
	}
	_, err := fmt.Fprintf(w, "\nThe key is the SHA-256 of:\n\n%s", e.KeyText)
	return err
}

func (q *Question) rows(t table) {
	t.row("grammar", q.Provider)
	t.row("source", q.Source)
	if q.Want == "original" {
		t.row("wants", "the source as it is")
	} else {
		t.row("wants", "a rendition")
	}
	if q.Refusal != "" {
		t.row("answered", "no: "+q.Refusal)
	} else {
		t.row("answered", "yes")
	}
	if !q.Delivery.Expires.IsZero() {
		t.row("expires", q.Delivery.Expires.UTC().Format(time.RFC3339))
	}
	t.row("file name", q.Delivery.Filename)
	if q.Delivery.Attachment {
		t.row("attachment", "yes")
	}
	t.row("tags", strings.Join(q.Tags, " "))
	t.row("vary", q.Vary)
	if q.Private {
		t.row("private", "yes: cookies are part of the key")
	}
	t.row("engine", q.Engine)
	t.row("key", q.Key)
	t.row("group", q.Group)
}

func (v *TierView) writeText(w io.Writer) error {
	e := v.Entry
	if e == nil {
		_, err := fmt.Fprintf(w, "\n%s: %s\n", v.Tier, v.Absent)
		return err
	}
	if _, err := fmt.Fprintf(w, "\n%s:\n", v.Tier); err != nil {
		return err
	}
	t := newTable(w)
	size := ""
	if e.Width > 0 {
		size = fmt.Sprintf(", %d x %d", e.Width, e.Height)
	}
	if e.Frames > 1 {
		size += fmt.Sprintf(", %d frames", e.Frames)
	}
	t.row("  body", fmt.Sprintf("%s, %d bytes%s", e.Type, e.Length, size))
	t.row("  etag", e.ETag)
	t.row("  version", e.SourceVersion)
	t.row("  tags", strings.Join(e.Tags, " "))
	t.row("  cost", fmt.Sprintf("%.3f s of CPU", e.Cost))
	t.row("  created", e.Created.String())
	t.row("  fresh until", e.Clocks.Fresh.String())
	t.row("  while revalidating until", e.Clocks.Revalidate.String())
	t.row("  if the source fails until", e.Clocks.IfError.String())
	t.row("  kept until", e.Clocks.Keep.String())
	if p := e.Purged; p != nil {
		what := p.Selector
		if p.Soft {
			what += ", soft"
		}
		t.row("  purged", fmt.Sprintf("by rule %s (%s), %s", p.Rule, what, p.At))
	}
	return t.Flush()
}

// String writes the time, and how far away it is.
func (m Moment) String() string {
	if m.At.IsZero() {
		return m.Relative
	}
	return m.At.UTC().Format(time.RFC3339) + ", " + m.Relative
}

func listed(names []string, why string) string {
	if len(names) == 0 {
		return ""
	}
	return strings.Join(names, ", ") + ": " + why
}

// table aligns names and values.
type table struct{ *tabwriter.Writer }

func newTable(w io.Writer) table { return table{tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)} }

// row adds a line, unless it has no value. An error comes again with Flush.
func (t table) row(name, value string) {
	if value != "" {
		fmt.Fprintf(t, "%s\t%s\n", name, value)
	}
}
