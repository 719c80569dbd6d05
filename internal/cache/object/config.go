package object

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/cache"
)

// Config says which bucket the tier is in and what bounds it. Bucket is needed; a zero elsewhere stands for a default.
type Config struct {
	// Bucket is where the objects are. It stays its owner's.
	Bucket bucket.Bucket
	// Prefix begins the names of all objects, as a path does; slashes at its ends do not matter. Empty = none.
	Prefix string
	// Reserved is how many bytes of bucket.MaxMetadata the bucket needs for itself; at most half of them. Entries whose meta does not fit
	// into the rest are not written.
	Reserved int
	// Timeout bounds a Get from beginning to end, the body included. What takes longer is a miss.
	Timeout time.Duration
	// MaxEntry is the largest body that is written or read, in bytes; at most QueueBytes.
	MaxEntry int64

	// QueueEntries and QueueBytes bound the entries that wait for being written, those being written included: how many, and
	// how much memory they hold. What comes beyond them is dropped.
	QueueEntries int
	QueueBytes   int64
	// Writers is how many writes and deletions are under way at once, at most.
	Writers int
	// Readers is how many reads are under way at once, at most. A Get beyond them is a miss.
	Readers int

	// WriteTimeout bounds an attempt to write or delete.
	WriteTimeout time.Duration
	// Attempts is how often a write or deletion is tried while the bucket is otherwise well.
	Attempts int
	// Drain bounds how long Close goes on writing what is queued.
	Drain time.Duration

	// Failures is how many reads, or writes, in a row may fail or take too long before there are no more of them for a while.
	Failures int
	// Pause is how long it is until one tries again.
	Pause time.Duration

	// Ready reports whether all purges from before this node began are known; nil = they are. Until then every Get of what
	// is in the bucket is a miss, because it might be purged. It is called by each Get and must be quick.
	Ready func() bool
	// Now is the clock that the clocks of entries are compared with; nil = time.Now.
	Now func() time.Time
	// Log is told what an operator should know; nil = nobody is told.
	Log *slog.Logger
	// Observer counts what happens; nil = nobody does. Stats counts as well.
	Observer Observer
}

// What a zero in Config stands for.
const (
	DefaultTimeout      = 250 * time.Millisecond
	DefaultMaxEntry     = 16 << 20
	DefaultQueueEntries = 1024
	DefaultQueueBytes   = 64 << 20
	DefaultWriters      = 8
	DefaultReaders      = 256
	DefaultWriteTimeout = 15 * time.Second
	DefaultAttempts     = 4
	DefaultDrain        = 10 * time.Second
	DefaultFailures     = 5
	DefaultPause        = 5 * time.Second
)

func (c Config) withDefaults() (Config, error) {
	var wrong []error
	if c.Bucket == nil {
		wrong = append(wrong, fmt.Errorf("%s: one is needed", "Bucket"))
	}
	for _, f := range []struct {
		name     string
		value    *time.Duration
		fallback time.Duration
	}{
		{"Timeout", &c.Timeout, DefaultTimeout}, {"WriteTimeout", &c.WriteTimeout, DefaultWriteTimeout},
		{"Drain", &c.Drain, DefaultDrain}, {"Pause", &c.Pause, DefaultPause},
	} {
		wrong = append(wrong, positive(f.name, f.value, f.fallback))
	}
	wrong = append(wrong, positive("QueueBytes", &c.QueueBytes, DefaultQueueBytes))
	wrong = append(wrong, positive("MaxEntry", &c.MaxEntry, min(DefaultMaxEntry, c.QueueBytes)))
	for _, f := range []struct {
		name     string
		value    *int
		fallback int
	}{
		{"QueueEntries", &c.QueueEntries, DefaultQueueEntries}, {"Writers", &c.Writers, DefaultWriters},
		{"Readers", &c.Readers, DefaultReaders}, {"Attempts", &c.Attempts, DefaultAttempts}, {"Failures", &c.Failures, DefaultFailures},
	} {
		wrong = append(wrong, positive(f.name, f.value, f.fallback))
	}
	if c.MaxEntry > c.QueueBytes {
		wrong = append(wrong, fmt.Errorf("%s: want at most QueueBytes, which is %d, got %d", "MaxEntry", c.QueueBytes, c.MaxEntry))
	}
	if c.Reserved < 0 || c.Reserved > bucket.MaxMetadata/2 {
		wrong = append(wrong, fmt.Errorf("%s: want 0 to %d, got %d", "Reserved", bucket.MaxMetadata/2, c.Reserved))
	}
	c.Prefix = folder(c.Prefix)
	if err := bucket.CheckKey("object.new", c.Prefix+objectName(cache.Key{})); err != nil {
		wrong = append(wrong, fmt.Errorf("%s: %w", "Prefix", err))
	} else if strings.Contains(c.Prefix, "//") {
		wrong = append(wrong, fmt.Errorf("%s: want no empty element, got %q", "Prefix", c.Prefix))
	}
	if err := errors.Join(wrong...); err != nil {
		return c, err
	}
	if c.Ready == nil {
		c.Ready = func() bool { return true }
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Observer == nil {
		c.Observer = nobody{}
	}
	return c, nil
}

// positive fills a zero and reports a negative number.
func positive[N ~int | ~int64](name string, value *N, fallback N) error {
	if *value < 0 {
		return fmt.Errorf("%s: want more than 0, or 0 for its default, got %v", name, *value)
	}
	if *value == 0 {
		*value = fallback
	}
	return nil
}
