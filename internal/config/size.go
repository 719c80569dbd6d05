package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Size is a number of bytes.
type Size int64

// units of sizes, no name before one that it is the end of. "M" alone is not among them: half of the world's
// programs read it as 2^20 and the other half as 10^6.
func units() []unit {
	return []unit{
		{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
		{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}, {"B", 1},
	}
}

type unit struct {
	name  string
	bytes int64
}

// UnmarshalText reads "256MiB", "1.5 GB" or a plain number of bytes.
func (s *Size) UnmarshalText(text []byte) error {
	number, factor := strings.TrimSpace(string(text)), int64(1)
	for _, u := range units() {
		if cut := len(number) - len(u.name); cut > 0 && strings.EqualFold(number[cut:], u.name) {
			number, factor = strings.TrimSpace(number[:cut]), u.bytes
			break
		}
	}
	if whole, err := strconv.ParseInt(number, 10, 64); err == nil {
		if whole < 0 || whole > math.MaxInt64/factor {
			return wantSize(text)
		}
		*s = Size(whole * factor)
		return nil
	}
	f, ok := decimal(number)
	if !ok || f*float64(factor) >= math.MaxInt64 {
		return wantSize(text)
	}
	*s = Size(math.Round(f * float64(factor)))
	return nil
}

func wantSize(got []byte) error {
	return fmt.Errorf("want a size such as 256MiB, 10GB or a number of bytes, got %q", got)
}

// String writes the size in the unit that takes the fewest of them.
func (s Size) String() string {
	if s == 0 {
		return "0"
	}
	best := unit{"", 1}
	for _, u := range units() {
		if int64(s)%u.bytes == 0 && u.bytes > best.bytes {
			best = u
		}
	}
	return strconv.FormatInt(int64(s)/best.bytes, 10) + best.name
}

// Pixels is a number of pixels; it is written in megapixels (millions).
type Pixels int64

// UnmarshalText reads a number of megapixels, such as "50" or "16.8".
func (p *Pixels) UnmarshalText(text []byte) error {
	f, ok := decimal(strings.TrimSpace(string(text)))
	if !ok || f > 1e12 {
		return fmt.Errorf("want a number of megapixels such as 50 or 16.8, got %q", text)
	}
	*p = Pixels(math.Round(f * 1e6))
	return nil
}

// String writes the number of megapixels.
func (p Pixels) String() string { return strconv.FormatFloat(float64(p)/1e6, 'f', -1, 64) }

// decimal reads digits with at most one point. strconv alone would let Inf, NaN, exponents and hex in.
func decimal(text string) (float64, bool) {
	if text == "" || strings.Trim(text, "0123456789.") != "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(text, 64)
	return f, err == nil
}
