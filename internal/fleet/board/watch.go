package board

import "time"

// watch looks at the board until it is closed. A look that fails is repeated soon, so that a node which starts while the
// bucket is away is ready soon after, and seldom less often than one that does not: what the others have written
// meanwhile counts from the first look that succeeds.
func (b *Board) watch() {
	failing := outage{log: b.Log,
		lost: "purges of other nodes cannot be read from the bucket", back: "purges of other nodes are read from the bucket again"}
	var compare time.Time // when everything is compared again
	backoff := b.pace.retry
	for {
		began := time.Now()
		due := !began.Before(compare) || b.record.overflowed()
		whole := due || !b.Ready() || b.record.count() <= b.pace.page
		complete, err := b.reader.look(b.reading, whole)
		if b.reading.Err() != nil {
			return
		}
		failing.report(err)
		pause := backoff
		if complete {
			b.read.Store(began.UnixNano())
			pause, backoff = about(b.Interval), b.pace.retry
		} else {
			backoff = min(2*backoff, b.Interval)
		}
		if complete && due {
			b.compare()
			compare = began.Add(about(b.pace.compare))
		}
		if !b.rest(pause) {
			return
		}
	}
}

// compare has all rules written that are in force here and not on the board: rules of a node that ended before it could
// write them, rules that were too many to remember, and all rules when somebody has emptied the bucket.
func (b *Board) compare() {
	b.record.resume()
	now := time.Now()
	for _, r := range b.record.lacking(b.Ledger.Rules()) {
		if b.desk.retention > 0 && r.At.Add(b.desk.retention).Before(b.Now()) || b.Ledger.Superseded(r) {
			continue // a fold has left it out, or would
		}
		if !b.record.await(r, now) {
			break
		}
	}
	b.stir()
}
