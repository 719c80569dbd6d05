package disk

import (
	"sync/atomic"

	"github.com/stillroom/stillroom/internal/cache"
)

// Damage is what can be wrong with a file in the folder.
type Damage uint8

// The kinds of damage.
const (
	Truncated  Damage = iota // shorter than it says, or empty
	Foreign                  // not a file of ours, or under a name that is not its own
	Version                  // written by another version of Stillroom
	Flipped                  // a checksum, or what stands under one, is wrong
	Unreadable               // the disk refuses to read it
	Temporary                // left by a write that did not end

	damages
)

// String returns the damage in one word, for a label.
func (d Damage) String() string {
	return [damages]string{"truncated", "foreign", "version", "flipped", "unreadable", "temporary"}[d]
}

// Removal is why an entry that was whole is no longer kept.
type Removal uint8

// The reasons of removals.
const (
	Evicted Removal = iota // others needed the room
	Expired                // kept as long as it may be
	Deleted                // the caller said so, or put what the tier declined
	Gone                   // the file was removed by somebody else

	removals
)

// String returns the reason in one word, for a label.
func (r Removal) String() string {
	return [removals]string{"evicted", "expired", "deleted", "gone"}[r]
}

// Decline is why an entry was not stored.
type Decline uint8

// The reasons of declines.
const (
	TooLarge Decline = iota // body above the limit per entry, or meta above 64 KiB
	TooLate                 // it must not be kept any more
	Busy                    // as many writes are in progress as may be
	NoRoom                  // nothing that could go makes enough room
	Degraded                // the disk failed a moment ago, and is left alone for a while
	Full                    // the file system is full although entries were evicted
	Failed                  // the disk failed to write

	declines
)

// String returns the reason in one word, for a label.
func (d Decline) String() string {
	return [declines]string{"too-large", "too-late", "busy", "no-room", "degraded", "disk-full", "write-error"}[d]
}

// Observer is told what the tier does beside answering, for counting. It is called by many goroutines at
// once, sometimes with a directory locked: it returns at once and does not call the tier.
type Observer interface {
	// Removed says that an entry of so many bytes on disk is no longer kept.
	Removed(reason Removal, bytes int64)
	// Declined says that a Put did not store.
	Declined(reason Decline)
	// Damaged says that a file was found damaged and removed.
	Damaged(kind Damage)
}

// Stats is what the tier holds and did since it was opened.
type Stats struct {
	cache.Size
	Removed  map[string]int64 // entries, by Removal
	Declined map[string]int64 // puts, by Decline
	Damaged  map[string]int64 // files, by Damage
	Writing  int              // writes in progress
	Degraded bool             // storing is suspended because the disk failed
	Settling bool             // the folder is still being compared with the index
}

// counters count, and tell the observer.
type counters struct {
	removed  [removals]atomic.Int64
	declined [declines]atomic.Int64
	damaged  [damages]atomic.Int64
	observer Observer // or nil
}

func (c *counters) remove(reason Removal, bytes int64) {
	c.removed[reason].Add(1)
	if c.observer != nil {
		c.observer.Removed(reason, bytes)
	}
}

func (c *counters) decline(reason Decline) {
	c.declined[reason].Add(1)
	if c.observer != nil {
		c.observer.Declined(reason)
	}
}

func (c *counters) damage(kind Damage) {
	c.damaged[kind].Add(1)
	if c.observer != nil {
		c.observer.Damaged(kind)
	}
}

// Size implements cache.Sizer. Bytes is all that stands on disk: entries, writes in progress, directories,
// index.
func (s *Store) Size() cache.Size {
	s.index.mu.RLock()
	defer s.index.mu.RUnlock()
	return cache.Size{
		Entries: int64(len(s.index.slots)), MaxEntries: s.config.MaxEntries,
		Bytes: (s.index.used + s.spare()) * block, MaxBytes: s.config.MaxBytes,
	}
}

// Stats returns what the tier holds and did.
func (s *Store) Stats() Stats {
	stats := Stats{
		Size:     s.Size(),
		Removed:  make(map[string]int64, removals),
		Declined: make(map[string]int64, declines),
		Damaged:  make(map[string]int64, damages),
		Writing:  len(s.writers),
		Degraded: s.health.degraded(),
		Settling: s.settling.Load(),
	}
	for r := range removals {
		stats.Removed[r.String()] = s.counters.removed[r].Load()
	}
	for d := range declines {
		stats.Declined[d.String()] = s.counters.declined[d].Load()
	}
	for d := range damages {
		stats.Damaged[d.String()] = s.counters.damaged[d].Load()
	}
	return stats
}
