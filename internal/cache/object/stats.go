package object

import (
	"sync/atomic"
	"time"
)

// Stats is the state of the tier and what it did since it was opened. How much the bucket holds is not known: that would
// take a listing.
type Stats struct {
	QueueEntries, MaxQueueEntries int64 // entries that wait or are being written
	QueueBytes, MaxQueueBytes     int64 // of memory that they hold
	Deletes, MaxDeletes           int64 // deletions that wait or are being done
	Reading                       int   // reads of the bucket under way
	Suspended                     bool  // the bucket is left alone, because reads or writes failed
	ReadsSuspended                bool  // lookups do not ask it
	WritesSuspended               bool  // what is queued waits

	Reads      map[string]int64 // by Outcome
	Dropped    map[string]int64 // by Drop
	Damaged    map[string]int64 // by Damage
	Wrote      int64            // entries
	WroteBytes int64            // of their bodies
	ReadBytes  int64            // of bodies
}

// counters count, and tell the observer.
type counters struct {
	reads                        [outcomes]atomic.Int64
	dropped                      [drops]atomic.Int64
	damaged                      [damages]atomic.Int64
	wrote, wroteBytes, readBytes atomic.Int64
	observer                     Observer
}

func (c *counters) read(outcome Outcome, bytes int64, took time.Duration) {
	c.reads[outcome].Add(1)
	c.readBytes.Add(bytes)
	c.observer.Read(outcome, bytes, took)
}

func (c *counters) write(bytes int64, took time.Duration) {
	c.wrote.Add(1)
	c.wroteBytes.Add(bytes)
	c.observer.Wrote(bytes, took)
}

func (c *counters) drop(reason Drop) {
	c.dropped[reason].Add(1)
	c.observer.Dropped(reason)
}

func (c *counters) damage(kind Damage) {
	c.damaged[kind].Add(1)
	c.observer.Damaged(kind)
}

// lost is how many entries and deletions were dropped.
func (c *counters) lost() (n int64) {
	for i := range c.dropped {
		n += c.dropped[i].Load()
	}
	return n
}

// Stats returns the state of the tier and what it did.
func (s *Store) Stats() Stats {
	stats := s.queue.stats()
	stats.Reading, stats.ReadsSuspended, stats.WritesSuspended = len(s.readers), s.reading.isOpen(), s.writing.isOpen()
	stats.Suspended = stats.ReadsSuspended || stats.WritesSuspended
	stats.Reads = make(map[string]int64, outcomes)
	stats.Dropped = make(map[string]int64, drops)
	stats.Damaged = make(map[string]int64, damages)
	for o := range outcomes {
		stats.Reads[o.String()] = s.counters.reads[o].Load()
	}
	for d := range drops {
		stats.Dropped[d.String()] = s.counters.dropped[d].Load()
	}
	for d := range damages {
		stats.Damaged[d.String()] = s.counters.damaged[d].Load()
	}
	stats.Wrote, stats.WroteBytes = s.counters.wrote.Load(), s.counters.wroteBytes.Load()
	stats.ReadBytes = s.counters.readBytes.Load()
	return stats
}
