package bench

import (
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/processtest"
)

// load is how a round asks.
type load struct {
	connections int
	duration    time.Duration
}

// sample is what a round measured.
type sample struct {
	perSecond float64
	p50, p99  time.Duration
}

// ask lets wrk ask a server for a while.
func (l load) ask(tb testing.TB, t target) sample {
	tb.Helper()
	script, err := filepath.Abs(filepath.Join("testdata", "report.lua"))
	if err != nil {
		tb.Fatal(err)
	}
	wrk := processtest.Peer(tb, "wrk")
	command := exec.Command(wrk.Path, "-t1", "-c", strconv.Itoa(l.connections), "-d", fmt.Sprintf("%.0fs", l.duration.Seconds()),
		"-s", script, t.url, "--", t.paths)
	command.Env = append(processtest.Environ(), wrk.Env...)
	out, err := command.CombinedOutput()
	if err != nil {
		tb.Fatalf("%s: wrk: %v\n%s", t.name, err, out)
	}
	_, line, _ := bytes.Cut(out, []byte("report "))
	var requests, duration, p50, p99, failed int64
	if _, err := fmt.Sscanf(string(line), "%d %d %d %d %d", &requests, &duration, &p50, &p99, &failed); err != nil {
		tb.Fatalf("%s: wrk: want a report, got %v\n%s", t.name, err, out)
	}
	if failed > 0 || requests == 0 {
		tb.Fatalf("%s: %d of %d requests failed\n%s", t.name, failed, requests, out)
	}
	return sample{
		float64(requests) / (time.Duration(duration) * time.Microsecond).Seconds(),
		time.Duration(p50) * time.Microsecond, time.Duration(p99) * time.Microsecond,
	}
}

// pair is two servers measured in turns, so that whatever else the machine does falls on both.
type pair struct{ ours, theirs []sample }

// alternate measures two servers in turns.
func alternate(tb testing.TB, l load, rounds int, ours, theirs target) pair {
	tb.Helper()
	var p pair
	for range rounds {
		p.ours = append(p.ours, l.ask(tb, ours))
		p.theirs = append(p.theirs, l.ask(tb, theirs))
	}
	return p
}

// ratio is the median over the rounds of ours by theirs.
func (p pair) ratio(of func(sample) float64) float64 {
	ratios := make([]float64, len(p.ours))
	for i := range ratios {
		ratios[i] = of(p.ours[i]) / of(p.theirs[i])
	}
	return median(ratios)
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// medianOf is the median over rounds of one server.
func medianOf(samples []sample, of func(sample) float64) float64 {
	values := make([]float64, len(samples))
	for i, s := range samples {
		values[i] = of(s)
	}
	return median(values)
}

// least and most are the best rounds of one server, for what should be small and what should be large: what it takes when
// nothing else gets in its way.
func least(samples []sample, of func(sample) float64) float64 {
	best := of(samples[0])
	for _, s := range samples {
		best = min(best, of(s))
	}
	return best
}

func most(samples []sample, of func(sample) float64) float64 {
	return -least(samples, func(s sample) float64 { return -of(s) })
}

func throughput(s sample) float64 { return s.perSecond }
func typical(s sample) float64    { return float64(s.p50.Microseconds()) }
func slow(s sample) float64       { return float64(s.p99.Microseconds()) }
