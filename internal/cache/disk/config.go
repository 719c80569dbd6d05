package disk

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"
)

// Config says where the tier is and what bounds it.
type Config struct {
	// Path is the folder. It is made if it is not there, and belongs to one process at a time.
	Path string
	// MaxBytes bounds what stands in the folder, in bytes of disk: files rounded up to blocks of 4096,
	// directories, the index, writes in progress. At least MinBytes. Not in it is a removed file that a client
	// is still reading.
	MaxBytes int64
	// MaxEntries bounds the entries; 0 = no bound.
	MaxEntries int64
	// TTL is how long an entry stays at most; 0 = as long as its own clocks say.
	TTL time.Duration
	// CleanupInterval is how often expired entries are removed; 0 = 10 minutes.
	CleanupInterval time.Duration
	// MaxWriters is how many writes may be in progress; 0 = 16. Beyond it a Put is declined: whoever waits
	// for a disk that is behind only makes it worse.
	MaxWriters int
	// EntrySize is the largest body that is kept; 0 = an eighth of MaxBytes.
	EntrySize int64
	// AgeFloor is the age below which an entry is evicted only if nothing else can go, in whole seconds;
	// 0 = 10 seconds, negative = none.
	AgeFloor time.Duration
	// Now is the clock; nil = time.Now.
	Now func() time.Time
	// Log is told what an operator should know; nil = nobody is told.
	Log *slog.Logger
	// Observer counts what happens; nil = nobody does. Stats counts as well.
	Observer Observer
	// FS is the operating system; nil = System.
	FS FS
}

// MinBytes is the least MaxBytes: below it the folder's own files would leave no room.
const MinBytes = 1 << 20

// maxBytes keeps counts of blocks within 32 bits per entry.
const maxBytes = math.MaxUint32 * block

// defaultWriters is enough to keep a disk busy and few enough to bound what a start after a kill has to
// clear away.
const defaultWriters = 16

func (c Config) withDefaults() (Config, error) {
	switch {
	case c.Path == "":
		return c, errors.New("a path is needed")
	case c.MaxBytes < MinBytes:
		return c, fmt.Errorf("a size of %d bytes, expected at least %d", c.MaxBytes, int64(MinBytes))
	case c.MaxEntries < 0, c.TTL < 0, c.CleanupInterval < 0, c.MaxWriters < 0, c.EntrySize < 0:
		return c, errors.New("a bound below 0")
	}
	c.MaxBytes = min(c.MaxBytes, maxBytes)
	if c.CleanupInterval == 0 {
		c.CleanupInterval = 10 * time.Minute
	}
	if c.MaxWriters == 0 {
		c.MaxWriters = defaultWriters
	}
	if c.EntrySize == 0 {
		c.EntrySize = c.MaxBytes / 8
	}
	if c.AgeFloor == 0 {
		c.AgeFloor = 10 * time.Second
	}
	c.AgeFloor = max(c.AgeFloor, 0)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.FS == nil {
		c.FS = System{}
	}
	return c, nil
}
