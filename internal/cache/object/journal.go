package object

import (
	"log/slog"
	"sync"
	"time"
)

// journal tells the operator what goes wrong, without repeating itself.
type journal struct {
	log   *slog.Logger
	pause time.Duration // between attempts while the bucket is left alone

	once    sync.Once // what denied says
	mu      sync.Mutex
	open    int       // breakers
	since   time.Time // when the first of them opened
	lost    int64     // what had been dropped by then
	skipped int64     // Gets that had not been asked by then
	told    time.Time // when a drop was told of last
	dropped int64     // since then
}

// denied tells once that the bucket does not say what it has.
func (j *journal) denied() {
	j.once.Do(func() {
		j.log.Warn("the bucket of the object tier denies a read: without permission to read nothing is found in it, " +
			"without permission to list the absent looks the same")
	})
}

// seldom is how often drops are told of, at most.
const seldom = time.Minute

// opened notes that a part of the work is suspended and reports whether it is the first one: then it tells. lost and skipped
// are all drops, and all Gets not asked, so far.
func (j *journal) opened(part string, why error, lost, skipped int64) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.open++
	if j.open > 1 {
		return false
	}
	j.since, j.lost, j.skipped = time.Now(), lost, skipped
	j.log.Error("the object tier leaves its bucket alone until that works again",
		"suspended", part, "tried every", j.pause, "error", why)
	return true
}

// closed notes that a part is not suspended any more and reports whether it was the last one: then it tells what was missed.
func (j *journal) closed(lost, skipped int64) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.open--
	if j.open > 0 {
		return false
	}
	j.log.Info("the bucket of the object tier works again",
		"after", time.Since(j.since), "dropped", lost-j.lost, "lookups skipped", skipped-j.skipped)
	return true
}

// drop tells that something was dropped because the bucket fails or is slow, once in a while.
func (j *journal) drop(reason Drop, why error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.dropped++
	now := time.Now()
	if j.open > 0 || !j.told.IsZero() && now.Sub(j.told) < seldom {
		return
	}
	j.log.Warn("the object tier drops what the bucket does not take", "reason", reason.String(), "dropped", j.dropped, "error", why)
	j.told, j.dropped = now, 0
}
