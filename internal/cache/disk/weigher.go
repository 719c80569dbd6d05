package disk

import (
	"math"
	"time"
)

// weigher says what a use of an entry is worth: 0 to 3 rounds more than the one that any use buys, for an
// entry that took twice, four times, eight times as much CPU time per block of disk as entries do on
// average. The average is a geometric one, because costs spread over orders of magnitude, and moves: what
// is expensive depends on what is asked for here.
type weigher struct {
	mean  float64 // of log2(cost per block)
	known bool
}

const (
	maxWeight = 3
	// memory makes the average one of the last few hundred entries.
	memory = 1.0 / 256
)

// weigh returns the weight of a new entry, and learns from it.
func (w *weigher) weigh(cost time.Duration, blocks uint32) uint8 {
	if cost <= 0 || blocks == 0 {
		return 0 // sources cost no CPU time; they say nothing about results either
	}
	d := math.Log2(float64(cost) / float64(blocks))
	if !w.known {
		w.mean, w.known = d, true
	}
	above := d - w.mean
	w.mean += above * memory
	return uint8(min(max(math.Floor(above), 0), maxWeight))
}
