package config

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// WriteFlags writes the settings as flags, with default and meaning, for help.
func WriteFlags(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, s := range settings() {
		fallback := ""
		if s.fallback != "" {
			fallback = " (default " + s.fallback + ")"
		}
		fmt.Fprintf(table, "  --%s\t%s%s\n", s.flag(), s.desc, fallback)
	}
	return table.Flush()
}

// WriteMarkdown writes the settings as a Markdown table, for the documentation.
func WriteMarkdown(w io.Writer) error {
	if _, err := fmt.Fprint(w, "| name | default | meaning | also accepted as |\n|---|---|---|---|\n"); err != nil {
		return err
	}
	for _, s := range settings() {
		fallback := ""
		if s.fallback != "" {
			fallback = "`" + s.fallback + "`"
		}
		also := ""
		for i, name := range s.also {
			if i > 0 {
				also += ", "
			}
			also += "`" + name + "`"
		}
		if _, err := fmt.Fprintf(w, "| `%s` | %s | %s | %s |\n", s.name, fallback, s.desc, also); err != nil {
			return err
		}
	}
	return nil
}
