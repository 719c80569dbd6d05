// Package telemetry counts, measures and logs. It is the only package that knows Prometheus; everything else is
// observed through decorators round its ports.
package telemetry

import (
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics holds every metric of one server. It is safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry

	outcomes  map[string]*outcome
	other     *outcome
	responses *prometheus.CounterVec
	byStatus  [600]atomic.Pointer[prometheus.Counter]
	sentBytes prometheus.Counter

	hits, misses            *prometheus.CounterVec
	lookups, ages           *prometheus.HistogramVec
	saved                   prometheus.Counter
	evictions, evictedBytes *prometheus.CounterVec
	drops, damaged          *prometheus.CounterVec
	failures, verified      *prometheus.CounterVec
	purges                  *prometheus.CounterVec

	fills    *prometheus.CounterVec
	process  *prometheus.HistogramVec
	fetches  *prometheus.CounterVec
	fetching prometheus.Observer
	fetched  prometheus.Counter

	remote remoteMetrics
	fleet  fleetMetrics
	bucket bucketMetrics
}

// outcome is the pair of metrics of one request outcome, bound once: looking labels up by name would cost
// each hit an allocation.
type outcome struct {
	requests prometheus.Counter
	duration prometheus.Observer
}

// The outcomes of requests that have a name; whatever else comes counts as "error".
var outcomes = []string{
	"hit", "stale-while-revalidate", "stale-if-error", "miss", "stale", "revalidated", "collapsed", "bypass",
	"bad-url", "expired", "forbidden", "option-denied", "source-denied", "unreachable", "source-missing",
	"source-failed", "source-timeout", "incomplete", "not-an-image", "unsupported", "too-large", "broken-image",
	"overloaded", "timeout", "canceled", "internal", "loop", "health", "landing", "fixed", "options", "method", "purge",
}

// NewMetrics returns metrics that count nothing yet, Go's own runtime metrics among them.
func NewMetrics(version string) *Metrics {
	r := prometheus.NewRegistry()
	r.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	m := &Metrics{
		registry:  r,
		outcomes:  make(map[string]*outcome, len(outcomes)),
		responses: counters(r, "stillroom_responses_total", "Answers by HTTP status.", "status"),
		sentBytes: counter(r, "stillroom_response_bytes_total", "Bytes of answers' bodies."),
		hits:      counters(r, "cache_hits_total", "Look-ups that a cache answered.", "cache_type"),
		misses:    counters(r, "cache_misses_total", "Look-ups that a cache could not answer.", "cache_type"),
		saved:     counter(r, "stillroom_cpu_seconds_saved_total", "Seconds of processing that hits made unnecessary."),
		lookups: histograms(r, "stillroom_cache_hit_duration_seconds", "Time to find an entry, by the tier that had it; reading its body not included.",
			prometheus.ExponentialBuckets(0.0000005, 4, 12), "cache_type"),
		ages: histograms(r, "stillroom_cache_hit_age_seconds", "Age of entries when they are hit, since their source fetch began.",
			prometheus.ExponentialBuckets(1, 4, 13), "cache_type"),
		evictions:    counters(r, "stillroom_cache_evictions_total", "Whole entries that a cache gave up, by reason.", "cache_type", "reason"),
		evictedBytes: counters(r, "stillroom_cache_evicted_bytes_total", "Bytes of those.", "cache_type", "reason"),
		drops:        counters(r, "stillroom_cache_drops_total", "Entries that a cache declined to store, by reason.", "cache_type", "reason"),
		damaged:      counters(r, "stillroom_cache_damaged_total", "Damaged files that were found and removed, by kind.", "cache_type", "kind"),
		failures:     counters(r, "stillroom_cache_failures_total", "Operations of a cache that failed and that no client noticed.", "what"),
		verified:     counters(r, "stillroom_verified_total", "Hits that were made again and compared.", "result"),
		purges:       counters(r, "stillroom_purges_total", "Purge rules that came, by selector.", "selector"),
		fills:        counters(r, "stillroom_fills_total", "Images made, by format, or by what went wrong.", "result"),
		process: histograms(r, "stillroom_process_duration_seconds", "Time to make an image, waiting for a worker not included.",
			prometheus.ExponentialBuckets(0.002, 2, 14), "format"),
		fetches: counters(r, "stillroom_source_fetches_total", "Sources opened, by what came of it.", "result"),
		fetching: histograms(r, "stillroom_source_open_duration_seconds", "Time until a source begins to answer.",
			prometheus.ExponentialBuckets(0.0005, 2, 15)).WithLabelValues(),
		fetched: counter(r, "stillroom_source_bytes_total", "Bytes read from sources."),
		remote:  newRemoteMetrics(r),
		fleet:   newFleetMetrics(r),
		bucket:  newBucketMetrics(r),
	}
	requests := counters(r, "stillroom_requests_total", "Requests by outcome.", "outcome")
	durations := histograms(r, "stillroom_request_duration_seconds", "Time from a request's first to its last byte, by outcome.",
		prometheus.ExponentialBuckets(0.0001, 2.5, 14), "outcome")
	for _, name := range outcomes {
		m.outcomes[name] = &outcome{requests.WithLabelValues(name), durations.WithLabelValues(name)}
	}
	m.other = &outcome{requests.WithLabelValues("error"), durations.WithLabelValues("error")}
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "stillroom_build_info", Help: "Always 1; the version is the label."}, []string{"version"})
	r.MustRegister(build)
	build.WithLabelValues(version).Set(1)
	return m
}

func counter(r *prometheus.Registry, name, help string) prometheus.Counter {
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	r.MustRegister(c)
	return c
}

func counters(r *prometheus.Registry, name, help string, labels ...string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	r.MustRegister(c)
	return c
}

func histograms(r *prometheus.Registry, name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
	r.MustRegister(h)
	return h
}

// Gauge registers a value that is read when the metrics are.
func (m *Metrics) Gauge(name, help string, read func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, read))
}

// LabelledGauge is Gauge for one value of one label.
func (m *Metrics) LabelledGauge(name, help, label, value string, read func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(
		prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: prometheus.Labels{label: value}}, read))
}

// Request counts an answered request; it implements serve.Observer and allocates nothing.
func (m *Metrics) Request(name string, status int, sent int64, took time.Duration) {
	o, ok := m.outcomes[name]
	if !ok {
		o = m.other
	}
	o.requests.Inc()
	o.duration.Observe(took.Seconds())
	m.sentBytes.Add(float64(sent))
	m.response(status).Inc()
}

func (m *Metrics) response(status int) prometheus.Counter {
	if status < 0 || status >= len(m.byStatus) {
		status = 0
	}
	if c := m.byStatus[status].Load(); c != nil {
		return *c
	}
	c := m.responses.WithLabelValues(strconv.Itoa(status))
	m.byStatus[status].Store(&c)
	return c
}

// Handler serves all metrics in the formats that Prometheus asks for. It is the one place in this package that
// speaks HTTP: the handler is Prometheus' own, and only this package knows Prometheus.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
