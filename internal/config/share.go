package config

import (
	"fmt"
	"strconv"
	"strings"
)

// Share is a part of a whole, 0 to 1.
type Share float64

// UnmarshalText reads a number from 0 to 1, such as "0.01".
func (s *Share) UnmarshalText(text []byte) error {
	f, ok := decimal(strings.TrimSpace(string(text)))
	if !ok || f > 1 {
		return fmt.Errorf("want a number from 0 to 1 such as 0.01, got %q", text)
	}
	*s = Share(f)
	return nil
}

// String writes the number.
func (s Share) String() string { return strconv.FormatFloat(float64(s), 'f', -1, 64) }
