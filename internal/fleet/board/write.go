package board

import (
	"time"

	"github.com/stillroom/stillroom/internal/purge"
)

// maxBatch bounds the rules of one object, in bytes, roughly.
const maxBatch = 256 << 10

// write puts rules on the board until it is closed. Where that fails, it is tried again for as long as the node lives.
func (b *Board) write() {
	failing := outage{log: b.Log,
		lost: "purges of this node cannot be written to the bucket", back: "purges of this node are written to the bucket again"}
	backoff := b.pace.retry
	for b.someDue() && b.rest(b.pace.gather) {
		err := b.flush(b.record.due(time.Now()))
		if b.writing.Err() != nil {
			return
		}
		failing.report(err)
		pause := b.pace.spacing - b.pace.gather
		if err != nil {
			pause, backoff = backoff, min(2*backoff, b.Interval)
		} else {
			backoff = b.pace.retry
		}
		if !b.rest(pause) {
			return
		}
	}
}

// part writes what is there, due or not: the origin of a rule that came by another way may be about to end, too.
func (b *Board) part() {
	for b.flush(b.record.due(time.Now().Add(2*b.pace.patience))) != nil {
		select {
		case <-time.After(b.pace.retry):
		case <-b.writing.Done():
			return
		}
	}
}

// someDue waits until there is a rule to be written and reports false if the board is closed first.
func (b *Board) someDue() bool {
	for {
		due, some := b.record.next()
		wait := time.Until(due)
		if some && wait <= 0 {
			return true
		}
		if !some || wait > b.pace.patience {
			wait = b.pace.patience // no sooner is one due that comes without waking us
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-b.wake:
		case <-b.stop:
			timer.Stop()
			return false
		}
		timer.Stop()
	}
}

// flush writes rules, as few objects as they fit into, until one fails.
func (b *Board) flush(rules []purge.Rule) error {
	for len(rules) > 0 {
		n, size := 0, 0
		for n == 0 || n < len(rules) && size < maxBatch {
			size += len(rules[n].Value) + 128
			n++
		}
		object, err := b.desk.put(b.writing, batch, rules[:n])
		if err != nil {
			return err
		}
		b.record.found(object, identities(rules[:n]), time.Now(), time.Time{})
		b.Observer.Written(n)
		rules = rules[n:]
	}
	return nil
}

func identities(rules []purge.Rule) []string {
	ids := make([]string, len(rules))
	for i, r := range rules {
		ids[i] = r.ID
	}
	return ids
}
