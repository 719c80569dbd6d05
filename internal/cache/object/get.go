package object

import (
	"context"
	"errors"
	"time"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/fault"
)

// Prepared, because most of them are the normal answer to something.
var (
	errAbsent    = cache.NotFound("not in the bucket")
	errDenied    = cache.NotFound("the bucket denies it or has no such object")
	errExpired   = cache.NotFound("kept too long")
	errGone      = cache.NotFound("deleted, and the bucket is being told")
	errTooLarge  = cache.NotFound("larger than an entry may be")
	errSuspended = cache.NotFound("object tier suspended: the bucket failed and is left alone")
	errBusy      = cache.NotFound("as many reads of the bucket are under way as may be")
	errUnready   = cache.NotFound("the purges of before this node began are not known yet")
	errSlow      = cache.NotFound("the bucket was too slow")
)

// flight names a read of the bucket: Gets share one if nothing was put or deleted between them.
//
//	A looks: nothing queued, begins to read the old object
//	                                                         Delete, done in the bucket
//	                                                         B looks: nothing queued. It must not be given what A reads
type flight struct {
	key     cache.Key
	changes uint64
}

// Get implements cache.Store. What is queued is found in memory; else the bucket is read, once for all who ask at the same
// time. The body is in memory. Errors of other kinds than NotFound are those of the bucket.
func (s *Store) Get(ctx context.Context, key cache.Key) (*cache.Entry, error) {
	c, changes, closed := s.queue.look(key)
	switch {
	case closed:
		return nil, errClosed
	case c != nil:
		return s.pending(c)
	case !s.config.Ready():
		s.counters.read(Unready, 0, 0)
		return nil, errUnready
	case s.reading.waits():
		s.counters.read(Suspended, 0, 0)
		return nil, errSuspended
	}
	e, _, err := s.reads.Do(ctx, flight{key, changes}, func(ctx context.Context, publish func(*cache.Entry)) error {
		e, err := s.find(ctx, key, changes)
		if err == nil {
			publish(e)
		}
		return err
	})
	if err != nil && ctx.Err() != nil {
		return nil, fault.Wrap(fault.KindOf(ctx.Err()), "cache.object.get", context.Cause(ctx))
	}
	return e, err
}

// pending answers by what is queued.
func (s *Store) pending(c *change) (*cache.Entry, error) {
	switch {
	case c.entry == nil:
		return nil, errGone
	case !s.config.Now().Before(c.entry.Clocks.Keep):
		return nil, errExpired
	}
	s.counters.read(Pending, 0, 0)
	return c.entry, nil
}

// answer is what a read of the bucket gave.
type answer struct {
	entry   *cache.Entry // with Found
	outcome Outcome
	err     error // without Found
}

// find reads the bucket if it may be asked, and tells everybody what came of it.
func (s *Store) find(ctx context.Context, key cache.Key, changes uint64) (*cache.Entry, error) {
	p, ok, _, _ := s.reading.admit()
	if !ok {
		s.counters.read(Suspended, 0, 0)
		return nil, errSuspended
	}
	select {
	case s.readers <- struct{}{}:
	default:
		s.reading.done(p, unclear, nil)
		s.counters.read(Busy, 0, 0)
		return nil, errBusy
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.config.Timeout, errSlow)
	defer cancel()
	began := time.Now()
	a := s.timely(ctx, key)
	took := time.Since(began)
	size := int64(0)
	if a.entry != nil {
		size = a.entry.Length
	}
	s.counters.read(a.outcome, size, took)
	if a.outcome == Denied {
		s.log.denied()
	}
	s.reading.done(p, a.outcome.verdict(), a.err)
	s.tidy(key, changes, a)
	return a.entry, a.err
}

// timely reads the bucket and returns when ctx ends, also if the bucket does not: one in a folder that another machine
// serves cannot. Then the read keeps its token, so that there are never more of them than may be.
func (s *Store) timely(ctx context.Context, key cache.Key) answer {
	answers := make(chan answer, 1)
	go func() {
		defer func() { <-s.readers }()
		answers <- s.read(ctx, key)
	}()
	var a answer
	select {
	case a = <-answers:
	case <-ctx.Done():
		a = answer{nil, Failed, ctx.Err()}
	}
	switch {
	case a.outcome != Failed || ctx.Err() == nil:
	case errors.Is(context.Cause(ctx), errSlow):
		a = answer{nil, Slow, errSlow}
	default:
		a = answer{nil, Left, fault.Wrap(fault.Canceled, "cache.object.get", context.Cause(ctx))}
	}
	return a
}

// verdict is what an outcome says about the bucket.
func (o Outcome) verdict() verdict {
	switch o {
	case Slow, Failed:
		return ill
	case Found, Absent, Expired, Spoiled, TooLarge:
		return well
	}
	return unclear
}

// tidy has what is of no use deleted.
func (s *Store) tidy(key cache.Key, changes uint64, a answer) {
	var d *damageError
	switch {
	case errors.As(a.err, &d):
		s.counters.damage(d.kind)
	case a.outcome != Expired:
		return
	}
	if !s.queue.erase(deletion(key), changes) {
		s.lose(DeletesFull)
	}
}

// Peek returns the meta of an entry, or the error of a Get, without an effect: what is damaged or has expired stays until
// it is met. The body is not looked at.
func (s *Store) Peek(ctx context.Context, key cache.Key) (cache.Meta, error) {
	c, _, closed := s.queue.look(key)
	switch {
	case closed:
		return cache.Meta{}, errClosed
	case c != nil && c.entry == nil:
		return cache.Meta{}, errGone
	case c != nil:
		return c.entry.Meta, nil
	case !s.config.Ready():
		return cache.Meta{}, errUnready
	case s.reading.waits():
		return cache.Meta{}, errSuspended
	}
	ctx, cancel := context.WithTimeout(ctx, s.config.Timeout)
	defer cancel()
	info, err := s.config.Bucket.Stat(ctx, s.config.Prefix+objectName(key), "")
	switch {
	case bucket.Absent(err):
		return cache.Meta{}, errAbsent
	case err != nil:
		return cache.Meta{}, fault.Wrap(fault.KindOf(err), "cache.object.peek", err)
	}
	h, err := parseHead(key, info.Metadata)
	switch {
	case err != nil:
		return cache.Meta{}, cache.NotFound(err.Error())
	case !s.config.Now().Before(h.Meta.Clocks.Keep):
		return cache.Meta{}, errExpired
	}
	return h.Meta, nil
}
