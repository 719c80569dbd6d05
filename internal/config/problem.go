package config

import (
	"fmt"
	"strings"
)

// Problem is one thing that keeps the server from starting.
type Problem struct {
	Where   string // the variable, flag or file and line at fault
	Message string // what was expected
}

// Error is one line; it never holds a secret.
func (p Problem) Error() string { return p.Where + ": " + p.Message }

// Problems are all that was found wrong, one per line.
type Problems []Problem

// Error joins the problems, one per line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, one := range p {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// add appends a problem with what stands at an origin.
func (p *Problems) add(at origin, message string, args ...any) {
	*p = append(*p, Problem{Where: at.String(), Message: fmt.Sprintf(message, args...)})
}
