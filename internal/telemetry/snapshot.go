package telemetry

import (
	"fmt"
	"math"

	dto "github.com/prometheus/client_model/go"
)

// Snapshot is all metrics at one moment, for who wants to read them within the process.
type Snapshot map[string]*dto.MetricFamily

// Snapshot reads all metrics.
func (m *Metrics) Snapshot() (Snapshot, error) {
	families, err := m.registry.Gather()
	if err != nil {
		return nil, fmt.Errorf("gather metrics: %w", err)
	}
	s := make(Snapshot, len(families))
	for _, f := range families {
		s[f.GetName()] = f
	}
	return s, nil
}

// By adds up a counter's or gauge's series by the value of a label. where, a label and its value by turns, says which
// series count. Series that are 0 are left out.
func (s Snapshot) By(name, label string, where ...string) map[string]int64 {
	sums := map[string]int64{}
	for _, series := range s[name].GetMetric() {
		if !matches(series, where) {
			continue
		}
		if v := int64(math.Round(value(series))); v != 0 {
			sums[labelOf(series, label)] += v
		}
	}
	return sums
}

// Sum adds up a counter's or gauge's series that match.
func (s Snapshot) Sum(name string, where ...string) float64 {
	sum := 0.0
	for _, series := range s[name].GetMetric() {
		if matches(series, where) {
			sum += value(series)
		}
	}
	return sum
}

// Quantiles returns, for each q from 0 to 1, what that share of a histogram's observations did not exceed, between two
// bucket bounds by straight line; nil = nothing was observed. Observations above the last bound count as that bound.
func (s Snapshot) Quantiles(name string, qs []float64, where ...string) []float64 {
	var bounds []float64
	var counts []uint64
	for _, series := range s[name].GetMetric() {
		if !matches(series, where) {
			continue
		}
		for i, b := range series.GetHistogram().GetBucket() {
			if i == len(bounds) {
				bounds, counts = append(bounds, b.GetUpperBound()), append(counts, 0)
			}
			counts[i] += b.GetCumulativeCount()
		}
	}
	if len(counts) == 0 || counts[len(counts)-1] == 0 {
		return nil
	}
	found := make([]float64, len(qs))
	for i, q := range qs {
		found[i] = quantile(bounds, counts, q*float64(counts[len(counts)-1]))
	}
	return found
}

// quantile finds where a cumulative count reaches rank.
func quantile(bounds []float64, counts []uint64, rank float64) float64 {
	low, below := 0.0, 0.0
	for i, c := range counts {
		if here := float64(c); here >= rank && here > below {
			return low + (bounds[i]-low)*(rank-below)/(here-below)
		}
		low, below = bounds[i], float64(c)
	}
	return bounds[len(bounds)-1]
}

func value(m *dto.Metric) float64 {
	switch {
	case m.Counter != nil:
		return m.Counter.GetValue()
	case m.Gauge != nil:
		return m.Gauge.GetValue()
	}
	return 0
}

func labelOf(m *dto.Metric, name string) string {
	for _, l := range m.GetLabel() {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}

func matches(m *dto.Metric, where []string) bool {
	for i := 0; i+1 < len(where); i += 2 {
		if labelOf(m, where[i]) != where[i+1] {
			return false
		}
	}
	return true
}
