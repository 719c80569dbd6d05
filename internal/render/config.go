package render

import (
	"context"
	"time"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/source"
	"github.com/stillroom/stillroom/internal/transform"
)

// Sources fetches whole sources, once for everybody who wants the same one at the same time.
type Sources interface {
	// Fetch returns the source, whole and in memory. limit bounds its bytes; 0 = the configured bound. A copy
	// counts only if its fetch began after newer; zero = any that is fresh.
	Fetch(ctx context.Context, ref source.Ref, limit int64, newer time.Time) (*source.Fetched, error)
	// Version returns the version of a source if it can be had without moving its body.
	Version(ctx context.Context, ref source.Ref) (string, bool)
	// Changed reports whether a source that can be asked cheaply is gone or another version than the one given.
	Changed(ctx context.Context, ref source.Ref, version string) bool
}

// Processor makes images, or says at once that it cannot.
type Processor interface {
	transform.Processor
	// Admit returns an error of kind Overloaded when a fill that began now would be turned away, so that it is
	// refused before it has cost a fetch.
	Admit() error
}

// Purges tells what was purged when.
type Purges interface {
	// Last returns the time of the newest rule that covers results of a source, a group or a tag, in Unix
	// nanoseconds; 0 = there is none.
	Last(source string, group cache.Key, tags []string) int64
}

// Config is what a Renderer stands on. Store, Sources and Processor are needed.
type Config struct {
	Store     cache.Store
	Sources   Sources
	Processor Processor
	Policy    cache.Policy
	// Again is Store once more, without the instruments: what is looked up a second time within one request should not
	// count twice. Where it has a tier that other machines share, it is a cache.Finder, which tells what those have made
	// since from what this one holds. nil = Store.
	Again cache.Store
	// Fleet has one node of all make a result while the others wait for it; nil = this one is alone.
	Fleet Fleet
	// Settled returns when what was put under a key can be found by the other nodes, or why it cannot; nil = as soon as
	// Store.Put has returned. Only a Fleet waits for it, and for SettleTimeout at most.
	Settled func(ctx context.Context, key cache.Key) error
	// SettleTimeout bounds how long a result is waited for on its way to the other nodes; 0 = 2 seconds. They wait as well,
	// and past it they make the result themselves, which is what a slow bucket should cost at most.
	SettleTimeout time.Duration
	// Negatives remembers failures; nil = none are.
	Negatives *cache.Negatives
	// Purges tells fills from before and after a purge apart; nil = nothing is ever purged.
	Purges Purges
	// Timeout bounds how long a request waits for a fill; 0 = for ever. The fill has bounds of its own.
	Timeout time.Duration
	// Salt is the operator's part of every ETag; raise it to make every client ask anew.
	Salt string
	// Background bounds how many entries are refreshed or verified at once; 0 = 4. Beyond it the next request for the
	// entry tries again.
	Background int
	// Verify is the share of hits that are made again and compared, 0 to 1.
	Verify float64
	// ReportErrors makes an error of the store one of the request. Results are then stored before they are handed out.
	ReportErrors bool
	// Failed is told of errors that no client sees: of storing and of background work; nil = nobody.
	Failed func(what string, key cache.Key, err error)
	// Verified is told whether a result that was made again had the same bytes; nil = nobody.
	Verified func(key cache.Key, same bool)
	// Now is the clock; nil = time.Now.
	Now func() time.Time
}
