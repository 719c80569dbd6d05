package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// remoteMetrics are of tiers that are reached over a network: what they hold is not known, what it costs to reach them is.
type remoteMetrics struct {
	reads, transitions *prometheus.CounterVec
	read, written      *prometheus.CounterVec
	reading, writing   *prometheus.HistogramVec
}

func newRemoteMetrics(r *prometheus.Registry) remoteMetrics {
	times := prometheus.ExponentialBuckets(0.001, 2, 14)
	return remoteMetrics{
		reads: counters(r, "stillroom_cache_reads_total", "Look-ups in a cache over the network, by what came of them.", "cache_type", "outcome"),
		transitions: counters(r, "stillroom_cache_breaker_transitions_total",
			"How often a cache was suspended (open) because it failed too often, and used again (closed).", "cache_type", "to"),
		read:    counters(r, "stillroom_cache_read_bytes_total", "Bytes of bodies read from a cache over the network.", "cache_type"),
		written: counters(r, "stillroom_cache_written_bytes_total", "Bytes of bodies written to a cache over the network.", "cache_type"),
		reading: histograms(r, "stillroom_cache_read_duration_seconds", "Time that reads of a cache over the network took, whatever came of them.",
			times, "cache_type"),
		writing: histograms(r, "stillroom_cache_write_duration_seconds", "Time to write an entry to a cache over the network, once it is its turn.",
			times, "cache_type"),
	}
}

// Breaker counts that a tier is suspended (open), or used again.
func (m *Metrics) Breaker(tier string, open bool) {
	to := "closed"
	if open {
		to = "open"
	}
	m.remote.transitions.WithLabelValues(tier, to).Inc()
}

// Read counts a look-up in a tier over the network: what came of it, the bytes of body that were read, and how long that
// took unless it is 0: the tier did not ask then.
func (m *Metrics) Read(tier, outcome string, bytes int64, took time.Duration) {
	m.remote.reads.WithLabelValues(tier, outcome).Inc()
	m.remote.read.WithLabelValues(tier).Add(float64(bytes))
	if took > 0 {
		m.remote.reading.WithLabelValues(tier).Observe(took.Seconds())
	}
}

// Wrote counts an entry that was written to a tier over the network: the bytes of its body, and how long that took.
func (m *Metrics) Wrote(tier string, bytes int64, took time.Duration) {
	m.remote.written.WithLabelValues(tier).Add(float64(bytes))
	m.remote.writing.WithLabelValues(tier).Observe(took.Seconds())
}

// Queue is what waits to be written to a tier. A limit of 0 is none.
type Queue struct {
	Entries, MaxEntries int64
	Bytes, MaxBytes     int64
}

// Queue registers gauges for what waits to be written to a tier. Each is read on its own.
func (m *Metrics) Queue(tier string, read func() Queue) {
	gauge := func(metric, help string, of func(Queue) int64) {
		m.LabelledGauge(metric, help, "cache_type", tier, func() float64 { return float64(of(read())) })
	}
	gauge("stillroom_cache_queue_entries", "Entries that wait to be written to a cache.", func(q Queue) int64 { return q.Entries })
	gauge("stillroom_cache_queue_bytes", "Bytes of those.", func(q Queue) int64 { return q.Bytes })
	gauge("stillroom_cache_queue_max_entries", "Entries that may wait; 0 = no bound.", func(q Queue) int64 { return q.MaxEntries })
	gauge("stillroom_cache_queue_max_bytes", "Bytes that may wait; 0 = no bound.", func(q Queue) int64 { return q.MaxBytes })
}

// Degraded registers the gauge that says whether a tier is left alone for the moment because what it stores in failed.
func (m *Metrics) Degraded(tier string, read func() bool) {
	m.LabelledGauge("stillroom_cache_degraded", "1 while a cache is left alone because what it stores in failed.", "cache_type", tier, flag(read))
}

func flag(read func() bool) func() float64 {
	return func() float64 {
		if read() {
			return 1
		}
		return 0
	}
}
