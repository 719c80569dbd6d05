package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/stillroom/stillroom/internal/admin"
)

// writeStats writes numbers as tables. Rates are counted from last, which is nil the first time.
func writeStats(w io.Writer, s admin.Stats, last *admin.Stats) error {
	if last != nil && !last.Started.Equal(s.Started) {
		last = nil // the server was restarted, and counts from 0 again
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "stillroom %s, up %s\n\n", s.Version, admin.Span(seconds(s.Uptime)))
	writeTiers(table, s, last)
	fmt.Fprintln(table)
	writeWork(table, s, last)
	if len(s.Latency) > 0 {
		fmt.Fprint(table, "\nLATENCY\tP50\tP90\tP99\n")
		for _, name := range slices.Sorted(maps.Keys(s.Latency)) {
			l := s.Latency[name]
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", name, latency(l.P50), latency(l.P90), latency(l.P99))
		}
	}
	return table.Flush()
}

func writeTiers(w io.Writer, s admin.Stats, last *admin.Stats) {
	fmt.Fprint(w, "TIER\tENTRIES\tOF\tBYTES\tOF\tHITS\tMISSES\tRATIO\tEVICTED\tDROPPED")
	if last != nil {
		fmt.Fprint(w, "\tHITS/S\tMISSES/S\tRATIO NOW")
	}
	fmt.Fprintln(w)
	for _, t := range s.Tiers {
		name := t.Name
		if t.Degraded {
			name += " (degraded)"
		}
		entries, bytes := fmt.Sprint(t.Entries), bytesText(t.Bytes)
		if t.Pending != nil {
			entries, bytes = "-", "-" // only a listing would tell
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\t%d\t%s\t%d\t%d", name, entries, bound(t.MaxEntries, fmt.Sprint(t.MaxEntries)),
			bytes, bound(t.MaxBytes, bytesText(t.MaxBytes)), t.Hits, t.Misses, ratio(t.Hits, t.Hits+t.Misses),
			sum(t.Evictions), sum(t.Drops))
		if last != nil {
			before := tierOf(last, t.Name)
			hits, misses := t.Hits-before.Hits, t.Misses-before.Misses
			took := s.At.Sub(last.At)
			fmt.Fprintf(w, "\t%s\t%s\t%s", rate(hits, took), rate(misses, took), ratio(hits, hits+misses))
		}
		fmt.Fprintln(w)
	}
	for _, t := range s.Tiers {
		if p := t.Pending; p != nil {
			fmt.Fprintf(w, "%s waiting to be written: %d of %d entries, %s of %s\n", t.Name, p.Entries, p.MaxEntries,
				bytesText(p.Bytes), bytesText(p.MaxBytes))
		}
		for _, reasons := range []struct {
			what   string
			counts map[string]int64
		}{{"evicted", t.Evictions}, {"dropped", t.Drops}, {"damaged", t.Damaged}} {
			if sum(reasons.counts) > 0 {
				fmt.Fprintf(w, "%s %s: %s\n", t.Name, reasons.what, counts(reasons.counts))
			}
		}
	}
}

// writeWork writes what the server did beside looking up.
func writeWork(w io.Writer, s admin.Stats, last *admin.Stats) {
	row := func(name string, value int64, before func(*admin.Stats) int64, detail string) {
		fmt.Fprintf(w, "%s\t%d", name, value)
		if last != nil {
			fmt.Fprintf(w, "\t%s/s", rate(value-before(last), s.At.Sub(last.At)))
		}
		if detail != "" {
			fmt.Fprintf(w, "\t%s", detail)
		}
		fmt.Fprintln(w)
	}
	requests := func(s *admin.Stats) int64 { return sum(s.Requests) }
	fills := func(s *admin.Stats) int64 { return sum(s.Fills) }
	fetches := func(s *admin.Stats) int64 { return sum(s.SourceFetches) }
	row("requests", requests(&s), requests, counts(s.Requests))
	fmt.Fprintf(w, "hit ratio\t%s", hitRatio(s.Requests, nil))
	if last != nil {
		fmt.Fprintf(w, "\t%s now", hitRatio(s.Requests, last.Requests))
	}
	fmt.Fprintln(w)
	row("collapsed", s.Collapsed, func(s *admin.Stats) int64 { return s.Collapsed }, "")
	row("fills", fills(&s), fills, counts(s.Fills))
	row("source fetches", fetches(&s), fetches, counts(s.SourceFetches))
	fmt.Fprintf(w, "CPU saved\t%.1f s\n", s.SavedCPU)
	fmt.Fprintf(w, "queue\t%d of %d workers busy, %d of %d waiting\n", s.Queue.Running, s.Queue.Workers, s.Queue.Queued, s.Queue.Size)
	fmt.Fprintf(w, "purge rules\t%d\n", s.PurgeRules)
	fmt.Fprintf(w, "remembered failures\t%d\n", s.Negatives)
}

// hitRatio is the share of the pictures answered since before that were hits, in the sense of Cache-Status.
func hitRatio(requests, before map[string]int64) string {
	since := func(outcomes ...string) (n int64) {
		for _, o := range outcomes {
			n += requests[o] - before[o]
		}
		return n
	}
	hits := since("hit", "stale-while-revalidate", "stale-if-error")
	return ratio(hits, hits+since("miss", "stale", "revalidated", "collapsed", "bypass"))
}

func tierOf(s *admin.Stats, name string) admin.TierStats {
	for _, t := range s.Tiers {
		if t.Name == name {
			return t
		}
	}
	return admin.TierStats{}
}

// counts writes what is not 0, the most first.
func counts(m map[string]int64) string {
	names := slices.Sorted(maps.Keys(m))
	slices.SortStableFunc(names, func(a, b string) int { return int(min(max(m[b]-m[a], -1), 1)) })
	var all []string
	for _, name := range names {
		if m[name] != 0 {
			all = append(all, fmt.Sprintf("%s %d", name, m[name]))
		}
	}
	return strings.Join(all, ", ")
}

func sum(m map[string]int64) (n int64) {
	for _, v := range m {
		n += v
	}
	return n
}

func bound(n int64, text string) string {
	if n == 0 {
		return "-"
	}
	return text
}

func ratio(part, whole int64) string {
	if whole <= 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f%%", 100*float64(part)/float64(whole))
}

func rate(n int64, took time.Duration) string {
	if took <= 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f", float64(n)/took.Seconds())
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func latency(s float64) string {
	switch d := seconds(s); {
	case d < time.Millisecond:
		return d.Round(time.Microsecond).String()
	case d < time.Second:
		return d.Round(100 * time.Microsecond).String()
	default:
		return d.Round(10 * time.Millisecond).String()
	}
}

// bytesText writes a number of bytes with one digit behind the point.
func bytesText(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%dB", n)
	}
	value, unit := float64(n), 0
	for value >= 1024 && unit < 4 {
		value /= 1024
		unit++
	}
	return fmt.Sprintf("%.1f%s", value, []string{"", "KiB", "MiB", "GiB", "TiB"}[unit])
}
