package telemetry

// The counters here are of what caches do beside answering. They take their labels as text, because whoever reports has
// names of its own for its reasons.

// Evicted counts an entry that a tier gave up although it was whole, and its bytes.
func (m *Metrics) Evicted(tier, reason string, bytes int64) {
	m.evictions.WithLabelValues(tier, reason).Inc()
	m.evictedBytes.WithLabelValues(tier, reason).Add(float64(bytes))
}

// Dropped counts an entry that a tier declined to store.
func (m *Metrics) Dropped(tier, reason string) { m.drops.WithLabelValues(tier, reason).Inc() }

// Damaged counts a file of a tier that was found damaged and removed.
func (m *Metrics) Damaged(tier, kind string) { m.damaged.WithLabelValues(tier, kind).Inc() }

// Failed counts an operation of a cache that failed and that no client noticed.
func (m *Metrics) Failed(what string) { m.failures.WithLabelValues(what).Inc() }

// Verified counts a result that was made again and compared.
func (m *Metrics) Verified(same bool) {
	if same {
		m.verified.WithLabelValues("same").Inc()
	} else {
		m.verified.WithLabelValues("different").Inc()
	}
}

// Purged counts a rule that came.
func (m *Metrics) Purged(selector string) { m.purges.WithLabelValues(selector).Inc() }
