package admin

import (
	"fmt"
	"time"
)

// relative says how far away a time is: "in 34m", "5s ago", "now".
func relative(d time.Duration) string {
	switch {
	case d >= time.Second:
		return "in " + Span(d)
	case d <= -time.Second:
		return Span(-d) + " ago"
	}
	return "now"
}

// Span writes a time in its two largest units, rounded down: "34m", "1h12m", "6d23h", "1y12d". Below ten minutes seconds count.
func Span(d time.Duration) string {
	const day, year = 24 * time.Hour, 365 * 24 * time.Hour
	two := func(large, small time.Duration, a, b string) string {
		if rest := d % large / small; rest > 0 {
			return fmt.Sprintf("%d%s%d%s", d/large, a, rest, b)
		}
		return fmt.Sprintf("%d%s", d/large, a)
	}
	switch {
	case d >= year:
		return two(year, day, "y", "d")
	case d >= day:
		return two(day, time.Hour, "d", "h")
	case d >= time.Hour:
		return two(time.Hour, time.Minute, "h", "m")
	case d >= 10*time.Minute:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d >= time.Minute:
		return two(time.Minute, time.Second, "m", "s")
	}
	return fmt.Sprintf("%ds", d/time.Second)
}
