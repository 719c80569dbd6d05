package object

import "time"

// Observer counts what the tier does. It is called by many goroutines at once, sometimes with a lock held: it returns at
// once and does not call the tier.
type Observer interface {
	// Read is told of every read of the bucket, however many Gets shared it: what came of it, the bytes of the body that was
	// found and how long it took. Gets that did not ask the bucket count with no bytes and no time.
	Read(outcome Outcome, bytes int64, took time.Duration)
	// Wrote is told of every entry that was written: the bytes of its body, and how long the attempt took.
	Wrote(bytes int64, took time.Duration)
	// Dropped is told of every entry that was not written and every deletion that was not done.
	Dropped(reason Drop)
	// Damaged is told of every object that was found to be no entry, or not whole, and that is deleted.
	Damaged(kind Damage)
	// Breaker is told when the bucket begins to be left alone, by reads or by writes (open), and when it is by neither any more.
	Breaker(open bool)
}

// Outcome is what came of a Get.
type Outcome uint8

// The outcomes.
const (
	Found     Outcome = iota // in the bucket
	Pending                  // in the queue
	Absent                   // the bucket has no such object
	Denied                   // the bucket does not say whether it has: S3, to whoever may not list
	Expired                  // kept too long
	Spoiled                  // damaged; see Damage
	TooLarge                 // its body is larger than Config.MaxEntry
	Slow                     // it did not come in time
	Failed                   // the bucket failed
	Left                     // whoever asked went away
	Suspended                // not asked: the bucket is left alone
	Busy                     // not asked: as many reads are under way as may be
	Unready                  // not asked: purges are not known yet

	outcomes
)

// String returns the outcome in one word, for a label.
func (o Outcome) String() string {
	return [outcomes]string{
		"found", "pending", "absent", "denied", "expired", "damaged", "too-large", "slow", "failed", "left",
		"suspended", "busy", "unready",
	}[o]
}

// Drop is why an entry was not written, or a deletion not done.
type Drop uint8

// The reasons of drops.
const (
	BodyTooLarge Drop = iota // above Config.MaxEntry
	MetaTooLarge             // the meta has no room in the metadata of an object: its URL or tags are too long
	TooLate                  // it must not be kept any more
	Unshared                 // its source allows nobody, or one client alone, to keep it
	QueueFull                // as many entries or bytes wait as may
	DeletesFull              // as many deletions wait as may
	Unreadable               // the body could not be read
	Refused                  // the bucket refuses it: another attempt would not help
	GivenUp                  // the bucket failed at every attempt
	Shutdown                 // the tier was closed before

	drops
)

// String returns the reason in one word, for a label.
func (d Drop) String() string {
	return [drops]string{
		"too-large", "meta-too-large", "too-late", "no-store", "queue-full", "deletes-full", "unreadable",
		"refused", "write-error", "shutdown",
	}[d]
}

// Damage is what can be wrong with an object.
type Damage uint8

// The kinds of damage.
const (
	Truncated Damage = iota // shorter than it says, or empty
	Foreign                 // not of ours, or another entry's
	Version                 // written by another version of Stillroom
	Flipped                 // a checksum, or what stands under one, is wrong

	damages
)

// String returns the damage in one word, for a label.
func (d Damage) String() string {
	return [damages]string{"truncated", "foreign", "version", "flipped"}[d]
}

type nobody struct{}

func (nobody) Read(Outcome, int64, time.Duration) {}
func (nobody) Wrote(int64, time.Duration)         {}
func (nobody) Dropped(Drop)                       {}
func (nobody) Damaged(Damage)                     {}
func (nobody) Breaker(bool)                       {}
