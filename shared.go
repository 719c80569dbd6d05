package stillroom

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/filesystem"
	"github.com/stillroom/stillroom/internal/bucket/remote"
	"github.com/stillroom/stillroom/internal/bucket/s3"
	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/cache/object"
	"github.com/stillroom/stillroom/internal/config"
	"github.com/stillroom/stillroom/internal/fleet"
	"github.com/stillroom/stillroom/internal/fleet/board"
	"github.com/stillroom/stillroom/internal/purge"
	"github.com/stillroom/stillroom/internal/telemetry"
)

// objectTier is what the tier in a bucket is called.
const objectTier = "object"

// firstReading is how long a start waits for the purges of other nodes, where that matters.
const firstReading = 5 * time.Second

// sharing is what nodes have in common. Each part may be missing.
type sharing struct {
	objects *object.Store // results
	board   *board.Board  // purges, in the bucket of the results
	purges  *fleet.Purges // purges, at the Valkey server
	leases  *fleet.Leases // who makes what
}

// share joins other nodes in the bucket of the object tier and at the Valkey server. What it opens is closed in this order:
// the tier, which still writes what is queued; the purges at the Valkey server, and the leases; the purges in the bucket; the
// bucket.
func (b *builder) share(ledger *purge.Ledger, longest time.Duration) (*sharing, error) {
	s := &sharing{}
	shared, err := b.bucket()
	if err != nil {
		return nil, err
	}
	if shared != nil {
		if err := b.post(s, shared, ledger, longest); err != nil {
			return nil, err
		}
	}
	if b.c.Fleet.URL != "" {
		if err := b.join(s, ledger, longest); err != nil {
			return nil, err
		}
	}
	if shared != nil {
		if err := b.openObjects(s, shared); err != nil {
			return nil, err
		}
	}
	ledger.Observer = func(rule purge.Rule, merged bool) {
		b.metrics.Purged(string(rule.Selector))
		if s.board != nil {
			s.board.Offer(rule, merged)
		}
		if s.purges != nil {
			s.purges.Offer(rule, merged)
		}
	}
	// Only now: what comes through Valkey is offered to the bucket as well.
	if s.board != nil {
		s.board.Start()
	}
	if s.purges != nil {
		s.purges.Start()
	}
	b.await(s)
	return s, nil
}

// await waits for what was purged before this node came, where the first requests would be answered with what is on its disk
// from before that, or with an error. What is in the bucket lasts, so it counts where there is one.
func (b *builder) await(s *sharing) {
	switch {
	case s.board != nil && (b.onDisk() || b.c.Cache.ReportErrors):
		await(s.board.Ready, firstReading)
	case s.board == nil && s.purges != nil && b.onDisk():
		await(s.purges.Ready, firstReading)
	}
}

// post shares purges through the bucket.
func (b *builder) post(s *sharing, shared bucket.Bucket, ledger *purge.Ledger, longest time.Duration) error {
	var err error
	s.board, err = board.New(board.Config{
		Bucket: b.metrics.Bucket(shared, "purges"), Prefix: b.c.Cache.Object.PathPrefix, Ledger: ledger, Retention: longest,
		Interval: b.c.Cache.Object.PurgeInterval, Log: b.log, Observer: boardEvents{b.metrics},
	})
	if err != nil {
		return failedToInitialize(err)
	}
	b.closers = append(b.closers, s.board)
	b.metrics.RulesPending(throughBucket, s.board.Pending)
	return nil
}

// join meets the other nodes at the Valkey server, if it is there.
func (b *builder) join(s *sharing, ledger *purge.Ledger, longest time.Duration) error {
	client, err := fleet.Connect(fleet.Config{
		URL: b.c.Fleet.URL, Prefix: b.c.Fleet.Prefix, CallTimeout: b.c.Fleet.Timeout, Log: b.log, Observer: fleetEvents{b.metrics},
	})
	if err != nil {
		return fmt.Errorf("STILLROOM_VALKEY_URL: %w", err)
	}
	b.closers = append(b.closers, client)
	s.purges = fleet.NewPurges(client, fleet.PurgesConfig{Ledger: ledger, Retention: longest})
	b.closers = append(b.closers, s.purges)
	s.leases = fleet.NewLeases(client, fleet.LeasesConfig{Wait: leaseWait(b.c.Server.Timeout)})
	b.metrics.RulesPending(throughValkey, s.purges.Pending)
	b.metrics.Fleet(client.Up, s.leases.Held, s.leases.Waiting)
	return nil
}

// leaseWait is how long a node waits for what another one makes: half of what a request has, so that it can still make it
// itself.
func leaseWait(timeout time.Duration) time.Duration {
	if timeout <= 0 {
		return fleet.DefaultLeaseWait
	}
	return min(fleet.DefaultLeaseWait, timeout/2)
}

// openObjects opens the object tier.
func (b *builder) openObjects(s *sharing, shared bucket.Bucket) error {
	t := b.c.Cache.Object
	store, err := object.New(object.Config{
		Bucket: b.metrics.Bucket(shared, "cache"), Prefix: t.PathPrefix, Reserved: reserved(t),
		Timeout: t.Timeout, MaxEntry: int64(t.EntrySize), WriteTimeout: t.WriteTimeout, Drain: t.DrainTimeout,
		QueueEntries: t.QueueCapacity, QueueBytes: int64(t.QueueSize), Writers: t.Writers,
		Ready: s.board.Ready, Log: b.log, Observer: objectEvents{b.metrics},
	})
	if err != nil {
		return failedToInitialize(err)
	}
	b.closers = append(b.closers, store)
	s.objects = store
	b.metrics.Queue(objectTier, func() telemetry.Queue {
		now := store.Stats()
		return telemetry.Queue{
			Entries: now.QueueEntries, MaxEntries: now.MaxQueueEntries, Bytes: now.QueueBytes, MaxBytes: now.MaxQueueBytes,
		}
	})
	b.metrics.LabelledGauge("stillroom_cache_ready", "1 once the purges of other nodes are known: before, a cache is not asked.",
		"cache_type", objectTier, func() float64 {
			if s.board.Ready() {
				return 1
			}
			return 0
		})
	b.metrics.Degraded(objectTier, func() bool { return store.Stats().Suspended })
	return nil
}

// reserved is how much of an object's metadata the bucket needs for itself.
func reserved(t config.ObjectTier) int {
	if t.Use == "s3" && t.S3KMSKeyID != "" {
		return s3.EnvelopeSize
	}
	return 0
}

// bucket opens the bucket of the object tier; nil = there is no such tier. That it cannot be reached shows later, and is a
// miss.
func (b *builder) bucket() (bucket.Bucket, error) {
	t := b.c.Cache.Object
	if t.Use == "" {
		return nil, nil
	}
	// Reads end after t.Timeout and writes are tried again by the tier, so trying again below it is only for connections
	// that the service has closed meanwhile.
	bounds := remote.Config{Attempts: 2}
	var opened opener
	var err error
	switch t.Use {
	case "fs":
		opened, err = b.openFolder()
	case "s3":
		opened, err = openS3(t.S3, s3.Config{KMSKeyID: t.S3KMSKeyID, Config: bounds})
	case "gcs":
		opened, err = openGCS(t.GCS, false, bounds)
	case "abs":
		opened, err = openABS(t.ABS, bounds)
	case "swift":
		opened, err = openSwift(t.Swift, bounds)
	default:
		err = errors.New("there is no such object storage")
	}
	if err != nil {
		return nil, failedToInitialize(fmt.Errorf("STILLROOM_CACHE_USE=%s: %w", t.Use, err))
	}
	b.closers = append(b.closers, opened)
	shared, err := opened.Open(t.Bucket)
	if err != nil {
		return nil, failedToInitialize(fmt.Errorf("STILLROOM_CACHE_BUCKET: %w", err))
	}
	return shared, nil
}

// openFolder opens buckets that are folders, and makes the one that is used: a bucket that there is not is one in trouble.
func (b *builder) openFolder() (*filesystem.Opener, error) {
	t := b.c.Cache.Object
	if err := os.MkdirAll(filepath.Join(t.FSRoot, t.Bucket), 0o755); err != nil {
		return nil, fmt.Errorf("STILLROOM_CACHE_FS_ROOT: %w", err)
	}
	return filesystem.New(filesystem.Config{Root: t.FSRoot, Create: true})
}

// failedToInitialize is how a cache says that it does not start.
func failedToInitialize(err error) error {
	return fmt.Errorf("Failed to initialize cache: %w", err)
}

// below adds the object tier under those of this machine. Purges are guarded against tier by tier then, so that what the
// upper tiers hold from before a purge does not hide what another node has put into the bucket since.
func (b *builder) below(k *keeping, s *sharing) cache.Store {
	guarded := make([]cache.Tier, 0, len(k.tiers)+1)
	for _, tier := range k.tiers {
		guarded = append(guarded, cache.Tier{Name: tier.Name, Store: purge.Guard(tier.Store, k.ledger)})
	}
	k.tiers = append(k.tiers, cache.Tier{Name: objectTier, Store: s.objects, Shared: true})
	var objects cache.Store = s.objects
	if b.c.Cache.ReportErrors {
		objects = strictObjects{s.objects, s.board.Ready}
	}
	guarded = append(guarded, cache.Tier{Name: objectTier, Store: purge.GuardShared(objects, k.ledger), Shared: true})
	return b.stack(guarded)
}
