package board

import (
	"math/rand/v2"
	"time"
)

// pace is how often and how much. It is a value so that tests can show in seconds what takes hours.
type pace struct {
	gather   time.Duration // how long a rule waits for others that go into the same object
	spacing  time.Duration // between two objects of one node: where rules keep coming, they come in larger parts
	retry    time.Duration // before the second attempt; then twice as long each time, up to the interval
	patience time.Duration // after once to twice as long, rules that came by other ways are written here, too
	away     time.Duration // a board that was read so long ago counts as not read
	closing  time.Duration // the most that Close takes to write what is pending
	call     time.Duration // the most that one call takes

	compare time.Duration // between two comparisons of the whole board with the ledger
	keep    time.Duration // between two rounds of the keeper
	overlap time.Duration // how much later than its name says an object may appear
	hold    time.Duration // an object with rules that the ledger does not take yet is read again after this
	giveUp  time.Duration // an object that the service refuses for so long counts as not understood
	margin  time.Duration // beyond the retention, until rules are removed

	page      int           // objects; a board that has no more is always listed as a whole, which is one request
	foldAbove int           // small objects
	foldParts int           // the most that are folded at once
	foldSize  int64         // in bytes, from which on an object is not small any more
	foldInput int64         // in bytes, the most that are folded at once
	foldPause time.Duration // longer than a round and its successor, in which the parts go
}

// usual is the pace of all boards. foldInput is half of maxContent.
func usual() pace {
	return pace{
		gather: 100 * time.Millisecond, spacing: time.Second, retry: 250 * time.Millisecond, patience: 15 * time.Second,
		away: time.Minute, closing: 5 * time.Second, call: 30 * time.Second,
		compare: 5 * time.Minute, keep: 5 * time.Minute, overlap: 10 * time.Minute, hold: time.Minute,
		giveUp: 15 * time.Minute, margin: 24 * time.Hour,
		page: 1000, foldAbove: 256, foldParts: 10_000, foldSize: 1 << 20, foldInput: 16 << 20, foldPause: 10 * time.Minute,
	}
}

// about returns a time of three to five quarters of d: nodes that were started together do not stay in step.
func about(d time.Duration) time.Duration { return d*3/4 + rand.N(d/2+1) }
