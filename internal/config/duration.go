package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

// ParseDuration reads "90s", "1h30m", "7d" or a plain number of seconds; never a negative time.
func ParseDuration(text string) (time.Duration, error) {
	t := strings.TrimSpace(text)
	number, unit := t, time.Second
	if rest, ok := strings.CutSuffix(t, "d"); ok {
		number, unit = rest, day
	}
	if f, ok := decimal(number); ok {
		if f*float64(unit) >= math.MaxInt64 {
			return 0, wantDuration(text)
		}
		return time.Duration(math.Round(f * float64(unit))), nil
	}
	d, err := time.ParseDuration(t)
	if err != nil || d < 0 {
		return 0, wantDuration(text)
	}
	return d, nil
}

func wantDuration(got string) error {
	return fmt.Errorf("want a time such as 90s, 24h, 7d or a number of seconds, got %q", got)
}

// formatDuration writes what ParseDuration reads, without the zeros of time.Duration's own form.
func formatDuration(d time.Duration) string {
	if d >= 2*day && d%day == 0 {
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
