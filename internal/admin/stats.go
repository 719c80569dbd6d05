package admin

import (
	"net/http"
	"time"
)

// Stats is the answer to GET /v1/stats. Counts are since the start.
type Stats struct {
	Version string    `json:"version"`
	Started time.Time `json:"started"`
	// At is when the numbers were read, Uptime the seconds since Started. The handler sets both.
	At     time.Time `json:"at"`
	Uptime float64   `json:"uptime_seconds"`

	Tiers []TierStats `json:"tiers"` // fastest first; one that keeps sources last

	Requests      map[string]int64 `json:"requests"` // answered, by outcome
	Collapsed     int64            `json:"collapsed"`
	Fills         map[string]int64 `json:"fills"`          // by format, or by what went wrong
	SourceFetches map[string]int64 `json:"source_fetches"` // by what came of it
	SavedCPU      float64          `json:"cpu_seconds_saved"`
	Queue         Queue            `json:"queue"`
	// Latency is by what was answered: "hit", "fill". Absent = not measured.
	Latency map[string]Latency `json:"latency,omitempty"`

	PurgeRules int `json:"purge_rules"` // in force
	Negatives  int `json:"negatives"`   // failures that are remembered
}

// TierStats is what one tier holds and did.
type TierStats struct {
	Name       string `json:"name"`
	Entries    int64  `json:"entries"`
	MaxEntries int64  `json:"max_entries"` // 0 = no bound
	Bytes      int64  `json:"bytes"`
	MaxBytes   int64  `json:"max_bytes"` // 0 = no bound
	Hits       int64  `json:"hits"`
	Misses     int64  `json:"misses"`

	Evictions map[string]int64 `json:"evictions,omitempty"` // entries that went, by reason
	Drops     map[string]int64 `json:"drops,omitempty"`     // entries that were not stored, by reason
	Damaged   map[string]int64 `json:"damaged,omitempty"`   // what was found damaged and removed, by kind
	// Degraded says that the tier is left alone for the moment, because what it stores in failed.
	Degraded bool `json:"degraded,omitempty"`
	// Pending is what waits to be written, for a tier that is written behind; nil = it is not. What such a tier holds is not
	// known, so Entries and Bytes are 0.
	Pending *Pending `json:"pending,omitempty"`
}

// Pending is what waits to be written to a tier.
type Pending struct {
	Entries    int64 `json:"entries"`
	MaxEntries int64 `json:"max_entries"`
	Bytes      int64 `json:"bytes"`
	MaxBytes   int64 `json:"max_bytes"`
}

// Queue is how busy processing is.
type Queue struct {
	Running int `json:"running"` // images that are being made
	Queued  int `json:"queued"`  // fills that wait for a slot
	Workers int `json:"workers"` // slots
	Size    int `json:"size"`    // fills that may wait
}

// Latency is how long answers took, in seconds: half, nine tenths and 99 of 100 took no longer.
type Latency struct {
	P50 float64 `json:"p50"`
	P90 float64 `json:"p90"`
	P99 float64 `json:"p99"`
}

// stats answers GET /v1/stats.
func (a *api) stats(w http.ResponseWriter, _ *http.Request) {
	s := a.Stats()
	s.At = a.Now().Round(0).UTC()
	if !s.Started.IsZero() {
		s.Uptime = s.At.Sub(s.Started).Seconds()
	}
	reply(w, http.StatusOK, s)
}
