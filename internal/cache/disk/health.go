package disk

import (
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// health suspends storing while the disk fails: the first failure begins it, then one write is tried
// after each pause, and the first that succeeds ends it. Reading goes on all the while.
type health struct {
	log  *slog.Logger
	path string

	failing atomic.Bool // false is the only thing a Put looks at while all is well
	mu      sync.Mutex
	pause   time.Duration
	next    time.Time // when the next write is tried
	trying  bool      // it is
	skipped int64     // Puts since the failure
	since   time.Time
}

const (
	firstPause = 2 * time.Second
	lastPause  = 2 * time.Minute
)

func (h *health) degraded() bool { return h.failing.Load() }

// allow reports whether a write may be tried.
func (h *health) allow(now time.Time) bool {
	if !h.failing.Load() {
		return true
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if now.Before(h.next) {
		h.skipped++
		return false
	}
	h.next, h.trying = now.Add(h.pause), true // the others wait for this one, or for the next pause
	return true
}

// failed notes that a write, or making room for one, failed.
func (h *health) failed(now time.Time, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failing.CompareAndSwap(false, true) {
		h.pause, h.skipped, h.since = firstPause, 0, now
		h.log.Error("the disk tier stores nothing until the disk works again", "path", h.path, "error", err)
	} else if h.trying { // not one that had begun before the first failure
		h.pause = min(2*h.pause, lastPause)
	}
	h.next, h.trying = now.Add(h.pause), false
}

// succeeded notes that a write went well.
func (h *health) succeeded(now time.Time) {
	if !h.failing.Load() {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if now.Before(h.since) {
		return // it had begun before the failure, in room that was there then
	}
	if h.failing.CompareAndSwap(true, false) {
		h.log.Info("the disk tier stores again", "path", h.path, "after", now.Sub(h.since), "declined", h.skipped)
	}
}

// isFull reports whether an error says that the file system has no room, or no room for this user.
func isFull(err error) bool { return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) }
