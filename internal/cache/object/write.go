package object

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"strings"
	"time"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/fault"
)

// Between attempts: firstPause, then twice as long each time up to lastPause, less a random part of up to half.
const (
	firstPause = 250 * time.Millisecond
	lastPause  = 10 * time.Second
)

// write carries out what is queued, one after the other.
func (s *Store) write() {
	for c := s.queue.take(); c != nil; c = s.queue.take() {
		s.carryOut(c)
	}
}

// carryOut does a change as often as it takes, and ends it. While the bucket is left alone it waits: that costs no attempt.
func (s *Store) carryOut(c *change) {
	for {
		p, ok := s.writing.await(s.ctx)
		if !ok {
			s.drop(c, Shutdown, nil)
			return
		}
		if s.queue.outdated(c) {
			s.writing.done(p, unclear, nil)
			s.queue.finish(c, errReplaced)
			return
		}
		began := time.Now()
		err := s.apply(c)
		v, reason, again := s.judge(err)
		s.writing.done(p, v, err)
		switch {
		case err == nil && c.entry != nil:
			s.counters.write(c.entry.Length, time.Since(began))
			s.queue.finish(c, nil)
			return
		case err == nil:
			s.queue.finish(c, nil)
			return
		case !again:
			s.drop(c, reason, err)
			return
		case p.probe:
			// Another one is the next probe: should it be this entry that the bucket cannot take, it must not keep all
			// others waiting.
			if !s.queue.again(c) {
				s.drop(c, Shutdown, nil)
			}
			return
		}
		c.attempts++
		if c.attempts >= s.config.Attempts {
			s.drop(c, GivenUp, err)
			return
		}
		s.rest(c.attempts)
	}
}

// rest waits before another attempt.
func (s *Store) rest(attempts int) {
	pause := min(firstPause<<min(attempts-1, 10), lastPause)
	timer := time.NewTimer(pause/2 + rand.N(pause/2+1))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.ctx.Done():
	}
}

// drop ends a change that is not done.
func (s *Store) drop(c *change, reason Drop, cause error) {
	why := notWritten(reason, cause)
	s.counters.drop(reason)
	if reason == Refused || reason == GivenUp {
		s.log.drop(reason, why)
	}
	s.queue.finish(c, why)
}

// unfit is why an entry cannot be written whatever the bucket says.
type unfit struct{ reason Drop }

func (u unfit) Error() string { return "not fit for an object: " + u.reason.String() }

// judge says what the end of an attempt means for the bucket, and for the change: a reason to drop it, or to try again.
func (s *Store) judge(err error) (v verdict, reason Drop, again bool) {
	var u unfit
	switch {
	case err == nil:
		return well, 0, false
	case errors.As(err, &u):
		return unclear, u.reason, false
	case s.ctx.Err() != nil:
		return unclear, Shutdown, false
	}
	switch fault.KindOf(err) {
	case fault.SourceMissing: // it was told off: no such bucket, no permission
		return ill, Refused, false
	case fault.Internal: // a bug: nothing was sent
		return unclear, Refused, false
	}
	return ill, 0, true
}

// apply makes one attempt.
func (s *Store) apply(c *change) (err error) {
	ctx, cancel := context.WithTimeout(s.ctx, s.config.WriteTimeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fault.Wrap(fault.Internal, "cache.object.write", fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
		}
	}()
	at := s.config.Prefix + objectName(c.key)
	if c.entry == nil {
		if err := s.config.Bucket.Delete(ctx, at); err != nil && !bucket.Absent(err) {
			return err
		}
		return nil
	}
	now, body := s.config.Now(), c.entry.Body.Bytes()
	if !now.Before(c.entry.Clocks.Keep) {
		return unfit{TooLate}
	}
	h, ok := makeHead(c.key, &c.entry.Meta, body, s.config.Reserved)
	if !ok {
		return unfit{MetaTooLarge}
	}
	options := bucket.PutOptions{
		ContentType: mediaType(&c.entry.Meta), CacheControl: cacheControl(&c.entry.Meta, now),
		Metadata: metadata(h), Expires: c.entry.Clocks.Keep,
	}
	_, err = s.config.Bucket.Put(ctx, at, bytes.NewReader(body), int64(len(body)), options)
	return err
}

// cacheControl is what a cache in front of the bucket may do with the object: what one in front of us may, as of now.
func cacheControl(m *cache.Meta, now time.Time) string {
	scope := "public"
	if m.Private {
		scope = "private" // its key holds a cookie
	}
	left := m.Clocks.Fresh.Sub(now) / time.Second
	if left <= 0 {
		return scope + ", no-cache"
	}
	return fmt.Sprintf("%s, max-age=%d", scope, left)
}

// mediaType is the type of the body, or empty where it is not one that a header can hold: it comes from the source.
func mediaType(m *cache.Meta) string {
	t := strings.TrimSpace(m.Type())
	for i := range len(t) {
		if t[i] < ' ' || t[i] > '~' {
			return ""
		}
	}
	return t
}
