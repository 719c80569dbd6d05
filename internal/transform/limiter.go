package transform

import (
	"container/list"
	"context"
	"sync"
	"time"

	"github.com/stillroom/stillroom/internal/fault"
)

// Config bounds a Limiter.
type Config struct {
	// Workers is how many images are made at once, at least 1.
	Workers int
	// Queue is how many more may wait for a slot; 0 = none.
	Queue int
	// Timeout bounds both the wait for a slot and, from then on, the work itself; 0 = no bound.
	Timeout time.Duration
}

// Limiter is a Processor that lets another one make only so many images at once. Who comes while all
// slots are taken waits in order of arrival. Who would wait in vain is refused at once, with an error of
// kind Overloaded that says when to come back.
type Limiter struct {
	inner  Processor
	config Config

	mu      sync.Mutex
	running int
	queue   list.List     // of *waiter, first come first
	mean    time.Duration // moving mean of how long an image takes; 0 = none was made yet
}

// waiter stands in the queue until it is given a slot.
type waiter struct{ granted chan struct{} }

// Load is how busy a Limiter is, and the bounds that it keeps.
type Load struct{ Running, Queued, Workers, Queue int }

var _ Processor = (*Limiter)(nil)

// NewLimiter returns inner within bounds. Fewer than one worker are one.
func NewLimiter(inner Processor, config Config) *Limiter {
	config.Workers, config.Queue = max(config.Workers, 1), max(config.Queue, 0)
	return &Limiter{inner: inner, config: config}
}

// Process waits for a slot and has the image made. While it waits, the end of ctx takes it out of the
// queue, with an error of kind Canceled or Timeout. Once it has a slot ctx no longer counts: pixels that
// are being made are finished, because whoever asks next wants them, and only Timeout bounds them.
func (l *Limiter) Process(ctx context.Context, in Inputs, c Canonical) (Image, error) {
	if err := l.acquire(ctx); err != nil {
		return Image{}, err
	}
	begun := time.Now()
	// Deferred, so that a panic in the engine does not cost a slot for good.
	defer func() { l.release(time.Since(begun)) }()

	ctx = context.WithoutCancel(ctx)
	if l.config.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, l.config.Timeout)
		defer cancel()
	}
	return l.inner.Process(ctx, in, c)
}

// Admit returns the error with which Process would refuse now, nil if it would not. It takes no place:
// it is for refusing before a source is fetched.
func (l *Limiter) Admit() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.free() {
		return nil
	}
	return l.refusal()
}

// Load returns how busy l is.
func (l *Limiter) Load() Load {
	l.mu.Lock()
	defer l.mu.Unlock()
	return Load{Running: l.running, Queued: l.queue.Len(), Workers: l.config.Workers, Queue: l.config.Queue}
}

// free reports whether a slot can be had without waiting. A slot that is given back goes to the queue
// first, so there is a free one only while nobody waits. The caller holds l.mu.
func (l *Limiter) free() bool { return l.running < l.config.Workers }

// acquire takes a slot, waiting for it if it must.
func (l *Limiter) acquire(ctx context.Context) error {
	if ctx.Err() != nil {
		return gone(ctx)
	}
	l.mu.Lock()
	if l.free() {
		l.running++
		l.mu.Unlock()
		return nil
	}
	if err := l.refusal(); err != nil {
		l.mu.Unlock()
		return err
	}
	w := &waiter{granted: make(chan struct{})}
	place := l.queue.PushBack(w)
	l.mu.Unlock()

	var late <-chan time.Time
	if l.config.Timeout > 0 {
		t := time.NewTimer(l.config.Timeout)
		defer t.Stop()
		late = t.C
	}
	select {
	case <-w.granted:
		if ctx.Err() == nil {
			return nil
		}
	case <-ctx.Done():
	case <-late:
	}
	return l.leave(ctx, w, place)
}

// leave ends a wait without an image. The slot may have been granted at the same moment; it then goes to
// the next, and a wait that was merely late goes on with it after all.
func (l *Limiter) leave(ctx context.Context, w *waiter, place *list.Element) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-w.granted:
		if ctx.Err() == nil {
			return nil
		}
		l.pass()
	default:
		l.queue.Remove(place)
	}
	if ctx.Err() != nil {
		return gone(ctx)
	}
	return l.overloaded("no slot came free within %s", l.config.Timeout)
}

// gone returns why ctx ended.
func gone(ctx context.Context) error {
	kind := fault.Canceled
	if ctx.Err() == context.DeadlineExceeded {
		kind = fault.Timeout
	}
	return fault.Wrap(kind, "transform.wait", context.Cause(ctx))
}

// release gives a slot back after work that took so long.
func (l *Limiter) release(took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mean == 0 {
		l.mean = took
	} else {
		// An eighth of each new value: some twenty images make the mean forget what was before, and one
		// slow image does not close the door.
		l.mean += (took - l.mean) / 8
	}
	l.pass()
}

// pass hands a slot to the first in the queue, or frees it. The caller holds l.mu.
func (l *Limiter) pass() {
	first := l.queue.Front()
	if first == nil {
		l.running--
		return
	}
	close(l.queue.Remove(first).(*waiter).granted)
}

// refusal returns why nobody may queue now, nil if one may. The caller holds l.mu and has found no free
// slot.
func (l *Limiter) refusal() error {
	if n := l.queue.Len(); n >= l.config.Queue {
		return l.overloaded("%d images are being made and %d wait, which is the most allowed", l.running, n)
	}
	if wait := l.wait(l.queue.Len() + 1); l.config.Timeout > 0 && wait > l.config.Timeout {
		return l.overloaded("the expected wait of %s is longer than the %s allowed",
			wait.Round(time.Millisecond), l.config.Timeout)
	}
	return nil
}

// wait returns how long the one at a place of the queue, counted from 1, can expect to wait.
func (l *Limiter) wait(place int) time.Duration {
	return time.Duration(float64(l.mean) * float64(place) / float64(l.config.Workers))
}

// overloaded returns a refusal. What waits now will be done in about the time that it names: whole
// seconds, at least one, because the header that carries it knows nothing finer.
func (l *Limiter) overloaded(message string, args ...any) error {
	err := fault.New(fault.Overloaded, "transform.wait", message, args...)
	wait := l.wait(l.queue.Len() + 1)
	err.RetryAfter = max((wait + time.Second - 1).Truncate(time.Second), time.Second)
	return err
}
