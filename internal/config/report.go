package config

import (
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/stillroom/stillroom/internal/format"
	"github.com/stillroom/stillroom/internal/transform"
)

// Report says where the configuration came from.
type Report struct {
	Rows     []Row    // one for each setting, in the order of Config's fields
	Warnings []string // one line each, for the log at start
	Operands []string // arguments that are no flags
}

// Row is one setting as it is in force.
type Row struct {
	Name   string   // STILLROOM_BIND
	Value  string   // as it could be written; secrets are masked
	Origin string   // "default", "--bind", "IMGPROXY_BIND", "stillroom.yaml:3"
	Also   []string // names of other systems that are accepted for it
}

// Print writes the rows as aligned columns: name, value, origin, names that are accepted too.
func (r *Report) Print(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tVALUE\tORIGIN\tALSO ACCEPTED AS")
	for _, row := range r.Rows {
		value := row.Value
		if value == "" {
			value = "-"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", row.Name, value, row.Origin, strings.Join(row.Also, " "))
	}
	return table.Flush()
}

// rows describes every setting of c.
func (l *loader) rows(c *Config, merged layer) []Row {
	var rows []Row
	users := userInfo()
	for i := range l.table {
		s := &l.table[i]
		if s.field == nil {
			continue
		}
		value := strings.ReplaceAll(strings.TrimSpace(render(reflect.ValueOf(c).Elem().FieldByIndex(s.field))), "\n", " ")
		switch {
		case value == "" && s.empty != "":
			value = s.empty
		case value != "" && s.secret:
			value = mask
		}
		rows = append(rows, Row{
			Name: s.name, Value: users.ReplaceAllString(value, "//***@"), Origin: merged[s.name].at.String(), Also: s.alsoWith(c.Compat),
		})
	}
	return rows
}

// userInfo matches a user and password in front of a host.
func userInfo() *regexp.Regexp { return regexp.MustCompile(`//[^/@\s]+@`) }

// render writes a value as it could have been configured.
func render(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case time.Duration:
		return formatDuration(x)
	case time.Time:
		if x.IsZero() {
			return ""
		}
		return x.Format(time.RFC3339)
	case []format.Format:
		names := make([]string, len(x))
		for i, f := range x {
			names[i] = f.String()
		}
		return strings.Join(names, ",")
	case transform.QualityTable:
		return formatQualities(x)
	case fmt.Stringer:
		return x.String()
	case bool:
		return strconv.FormatBool(x)
	case string:
		return x
	}
	return strconv.FormatInt(v.Int(), 10)
}
