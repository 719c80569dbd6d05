package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// fleetMetrics are of what nodes do together.
type fleetMetrics struct {
	calls, transitions, collapsed  *prometheus.CounterVec
	calling                        *prometheus.HistogramVec
	rulesRead, rulesWritten, fails *prometheus.CounterVec
}

func newFleetMetrics(r *prometheus.Registry) fleetMetrics {
	return fleetMetrics{
		calls: counters(r, "stillroom_fleet_calls_total", "What the Valkey server was asked, by what came of it.", "operation", "outcome"),
		calling: histograms(r, "stillroom_fleet_call_duration_seconds", "Time that the Valkey server took, or that it was waited for.",
			prometheus.ExponentialBuckets(0.0001, 2, 14), "operation"),
		transitions: counters(r, "stillroom_fleet_circuit_transitions_total",
			"How often the Valkey server was left alone because it failed too often (open), and asked again (closed).", "to"),
		collapsed: counters(r, "stillroom_fleet_collapsed_total", "Fills that the fleet does once, by how this node came by the result.", "part"),
		rulesRead: counters(r, "stillroom_fleet_rules_read_total", "Purge rules of other nodes that were read, by what they came through.", "through"),
		rulesWritten: counters(r, "stillroom_fleet_rules_written_total",
			"Purge rules that were written for other nodes, by what they go through.", "through"),
		fails: counters(r, "stillroom_fleet_sharing_failures_total",
			"Attempts to read or write purge rules that failed and are made again, by what they go through.", "through", "operation"),
	}
}

// FleetCall counts a call of the Valkey server, and how long it took unless that is 0: it was not made then.
func (m *Metrics) FleetCall(operation, outcome string, took time.Duration) {
	m.fleet.calls.WithLabelValues(operation, outcome).Inc()
	if took > 0 {
		m.fleet.calling.WithLabelValues(operation).Observe(took.Seconds())
	}
}

// FleetCircuit counts that the Valkey server is asked again (closed), or left alone.
func (m *Metrics) FleetCircuit(closed bool) {
	to := "open"
	if closed {
		to = "closed"
	}
	m.fleet.transitions.WithLabelValues(to).Inc()
}

// FleetCollapsed counts how this node came by a result that the fleet makes once.
func (m *Metrics) FleetCollapsed(part string) { m.fleet.collapsed.WithLabelValues(part).Inc() }

// RulesRead counts purge rules of other nodes; through is "bucket" or "valkey".
func (m *Metrics) RulesRead(through string, n int) {
	m.fleet.rulesRead.WithLabelValues(through).Add(float64(n))
}

// RulesWritten counts purge rules that were written for other nodes.
func (m *Metrics) RulesWritten(through string, n int) {
	m.fleet.rulesWritten.WithLabelValues(through).Add(float64(n))
}

// SharingFailed counts an attempt to read or write purge rules that failed; operation is in a word or two.
func (m *Metrics) SharingFailed(through, operation string) {
	m.fleet.fails.WithLabelValues(through, operation).Inc()
}

// RulesPending registers the gauge of rules of this node that others cannot know of yet.
func (m *Metrics) RulesPending(through string, read func() int) {
	m.LabelledGauge("stillroom_fleet_rules_pending", "Purge rules of this node that others cannot know of yet, by what they wait for.",
		"through", through, func() float64 { return float64(read()) })
}

// Fleet registers gauges of a connection to a Valkey server: whether it is asked, how many leases this node holds there,
// and for how many keys it waits.
func (m *Metrics) Fleet(up func() bool, held, waiting func() int) {
	m.Gauge("stillroom_fleet_up", "1 while the Valkey server is asked; without it every node decides alone.", flag(up))
	m.Gauge("stillroom_fleet_leases", "Results that this node makes for the fleet.", func() float64 { return float64(held()) })
	m.Gauge("stillroom_fleet_waiting", "Results that this node waits for.", func() float64 { return float64(waiting()) })
}
