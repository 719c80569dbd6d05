// Package cached keeps what sources send. Everybody who wants one source at the same time waits for one
// fetch, and a copy that is fresh is not fetched again.
package cached

import (
	"context"
	"errors"
	"time"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/collapse"
	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/source"
)

// Config says how long copies are fresh and how large they may be.
type Config struct {
	// Policy dates copies as it dates results, so that a result made of a copy lives as long as one made
	// of the fetch itself. A stale copy is kept for as long as a result of it may be served, and then for Policy.Keep.
	Policy cache.Policy
	// MaxSize bounds a fetch that many share, in bytes; 0 = no bound. Callers with a smaller limit share
	// it and are refused what is too large for them; one with a larger limit makes a fetch of its own.
	MaxSize int64
	// Negatives remembers sources that are not there; nil = none are.
	Negatives *cache.Negatives
	// Purged returns the time of the newest purge of a source, in Unix nanoseconds, 0 = none: a caller that comes
	// after a purge does not share a fetch that began before it. nil = nothing is ever purged.
	Purged func(ref source.Ref) int64
}

// Source fetches sources, once for many, and keeps copies. It is safe for concurrent use.
//
// It fails open: a store in trouble makes it slower, never wrong. What is wrong with the store is
// for an instrumented store to report.
type Source struct {
	origin  source.Source
	store   cache.Store
	config  Config
	flights collapse.Group[flight, *source.Fetched]

	versions versions
}

// flight is what callers must have in common to share a fetch.
type flight struct {
	ref           source.Ref
	limit         int64
	newer, purged int64 // Unix nanoseconds
}

// New returns a Source that fetches from origin and keeps copies in store, under keys of their own: the
// store may be one that also keeps results.
func New(origin source.Source, store cache.Store, config Config) *Source {
	if config.Negatives == nil {
		config.Negatives = cache.NewNegatives(cache.NegativesConfig{})
	}
	if config.Purged == nil {
		config.Purged = func(source.Ref) int64 { return 0 }
	}
	return &Source{origin: origin, store: store, config: config}
}

// Fetch returns what ref names: a fresh copy, else what the origin sends, which is kept if it may be. Of
// callers at the same time one fetches for all; its errors are shared, and a caller whose ctx ends leaves
// the others alone. More than limit bytes are an error of kind TooLarge; 0 means Config.MaxSize. A copy counts only
// if its fetch began after newer; zero = any that is fresh. What is returned is shared and must not be changed. Its
// Began is when the fetch began that brought the copy or found it unchanged.
func (s *Source) Fetch(ctx context.Context, ref source.Ref, limit int64, newer time.Time) (*source.Fetched, error) {
	if limit == 0 {
		limit = s.config.MaxSize
	}
	shared := s.config.MaxSize
	if shared > 0 {
		shared = max(shared, limit)
	}
	work := func(ctx context.Context, publish func(*source.Fetched)) error {
		return s.fetch(ctx, ref, shared, newer, publish)
	}
	common := flight{ref: ref, limit: shared, purged: s.config.Purged(ref)}
	if !newer.IsZero() {
		common.newer = newer.UnixNano()
	}
	f, _, err := s.flights.Do(ctx, common, work)
	if known := (*fault.Error)(nil); err != nil && !errors.As(err, &known) {
		err = fault.Wrap(fault.KindOf(err), "cached.fetch", err) // the caller's own context has ended
	}
	if err != nil {
		return nil, err
	}
	if limit > 0 && f.Body.Len() > limit {
		return nil, fault.New(fault.TooLarge, "cached.fetch", "%s: the source has %d bytes, more than %d",
			ref.Redacted(), f.Body.Len(), limit)
	}
	return f, nil
}

// Version returns the version of ref if that can be known without fetching: because looking is cheap, because a copy is
// fresh, or because the source can be asked. It equals the Version that Fetch would return.
func (s *Source) Version(ctx context.Context, ref source.Ref) (string, bool) {
	if known, cheap, err := s.stat(ctx, ref); cheap {
		version := source.Version(known, nil)
		return version, err == nil && version != ""
	}
	key := keyOf(ref)
	if held := s.lookup(ctx, key); held != nil {
		_ = held.Body.Close() // only read from
		if fresh(held) {
			return held.SourceVersion, true
		}
	}
	asker, ok := s.origin.(source.Asker)
	if !ok || s.config.Negatives.Get(key, time.Time{}) != nil {
		return "", false
	}
	known, err := asker.Ask(ctx, ref)
	version := source.Version(known, nil)
	return version, err == nil && version != ""
}

// stat asks for the version of ref where that is cheap.
func (s *Source) stat(ctx context.Context, ref source.Ref) (known source.Validators, cheap bool, err error) {
	stater, ok := s.origin.(source.Stater)
	if !ok {
		return known, false, nil
	}
	known, err = stater.Stat(ctx, ref)
	return known, !errors.Is(err, errors.ErrUnsupported), err
}

// fetch is one flight.
func (s *Source) fetch(ctx context.Context, ref source.Ref, limit int64, newer time.Time, publish func(*source.Fetched)) error {
	// A copy of what can be read again at any time would take the room of one that cannot.
	if _, cheap, err := s.stat(ctx, ref); cheap {
		if err != nil {
			return err
		}
		f, err := source.Fetch(ctx, s.origin, ref, source.Validators{}, limit)
		if err == nil {
			publish(f)
		}
		return err
	}
	key := keyOf(ref)
	if err := s.config.Negatives.Get(key, newer); err != nil {
		return err
	}
	held := s.held(ctx, key)
	if held != nil && fresh(held) && held.Created.After(newer) {
		publish(fetchedOf(held))
		return nil
	}
	began := time.Now()
	f, err := s.ask(ctx, ref, limit, held)
	// What was found holds for the store even if nobody waits for it any more.
	ctx = context.WithoutCancel(ctx)
	if err != nil {
		if fault.Is(err, fault.SourceMissing) {
			_ = s.store.Delete(ctx, key) // fails open
		}
		return s.config.Negatives.Remember(key, err, cache.Meta{Source: ref.String(), Created: began})
	}
	publish(f)
	s.keep(ctx, key, ref, f)
	return nil
}

// ask fetches ref, or has the origin confirm the copy that is held.
func (s *Source) ask(ctx context.Context, ref source.Ref, limit int64, held *cache.Entry) (*source.Fetched, error) {
	known := validatorsOf(held)
	f, err := source.Fetch(ctx, s.origin, ref, known, limit)
	if held == nil || !fault.Is(err, fault.NotModified) {
		return f, err
	}
	// A 304 for another version than the one that is held confirms nothing (RFC 9111, section 4.3.4).
	if tag := f.Validators.Strong(); tag != "" && known.Strong() != "" && tag != known.Strong() {
		return source.Fetch(ctx, s.origin, ref, source.Validators{}, limit)
	}
	return renew(held, f), nil
}
