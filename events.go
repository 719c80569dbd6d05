package stillroom

import (
	"time"

	"github.com/stillroom/stillroom/internal/cache/disk"
	"github.com/stillroom/stillroom/internal/cache/object"
	"github.com/stillroom/stillroom/internal/fleet"
	"github.com/stillroom/stillroom/internal/fleet/board"
	"github.com/stillroom/stillroom/internal/telemetry"
)

// diskEvents counts what a disk tier does beside answering.
type diskEvents struct {
	m    *telemetry.Metrics
	tier string
}

var _ disk.Observer = diskEvents{}

func (e diskEvents) Removed(reason disk.Removal, bytes int64) {
	e.m.Evicted(e.tier, reason.String(), bytes)
}
func (e diskEvents) Declined(reason disk.Decline) { e.m.Dropped(e.tier, reason.String()) }
func (e diskEvents) Damaged(kind disk.Damage)     { e.m.Damaged(e.tier, kind.String()) }

// objectEvents counts what the object tier does beside answering.
type objectEvents struct{ m *telemetry.Metrics }

var _ object.Observer = objectEvents{}

func (e objectEvents) Read(outcome object.Outcome, bytes int64, took time.Duration) {
	e.m.Read(objectTier, outcome.String(), bytes, took)
}
func (e objectEvents) Wrote(bytes int64, took time.Duration) { e.m.Wrote(objectTier, bytes, took) }
func (e objectEvents) Dropped(reason object.Drop)            { e.m.Dropped(objectTier, reason.String()) }
func (e objectEvents) Damaged(kind object.Damage)            { e.m.Damaged(objectTier, kind.String()) }
func (e objectEvents) Breaker(open bool)                     { e.m.Breaker(objectTier, open) }

// What purges of other nodes come through, and ours go through.
const (
	throughBucket = "bucket"
	throughValkey = "valkey"
)

// boardEvents counts what is shared through the bucket.
type boardEvents struct{ m *telemetry.Metrics }

var _ board.Observer = boardEvents{}

func (e boardEvents) Read(rules int)    { e.m.RulesRead(throughBucket, rules) }
func (e boardEvents) Written(rules int) { e.m.RulesWritten(throughBucket, rules) }
func (e boardEvents) Failed(operation board.Operation) {
	e.m.SharingFailed(throughBucket, string(operation))
}

// fleetEvents counts what is shared through Valkey.
type fleetEvents struct{ m *telemetry.Metrics }

var _ fleet.Observer = fleetEvents{}

func (e fleetEvents) Call(operation string, took time.Duration, outcome fleet.Outcome) {
	e.m.FleetCall(operation, string(outcome), took)
}
func (e fleetEvents) Circuit(closed bool)       { e.m.FleetCircuit(closed) }
func (e fleetEvents) Collapsed(part fleet.Part) { e.m.FleetCollapsed(string(part)) }
func (e fleetEvents) Read(rules int)            { e.m.RulesRead(throughValkey, rules) }
func (e fleetEvents) Written(rules int)         { e.m.RulesWritten(throughValkey, rules) }
