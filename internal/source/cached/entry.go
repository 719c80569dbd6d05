package cached

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/source"
)

// keyOf returns the key of a copy. The first line keeps it apart from every result, whose text begins
// with a schema.
func keyOf(ref source.Ref) cache.Key {
	return sha256.Sum256([]byte("source\n" + ref.String()))
}

// lookup returns the copy of a key, whose body the caller closes; nil if there is none, or none that can be had.
func (s *Source) lookup(ctx context.Context, key cache.Key) *cache.Entry {
	held, err := s.store.Get(ctx, key)
	if err != nil {
		return nil
	}
	if !time.Now().Before(held.Clocks.Keep) {
		_ = held.Body.Close() // only read from
		return nil
	}
	return held
}

// held returns the copy of a key with its body in memory, to be shared.
func (s *Source) held(ctx context.Context, key cache.Key) *cache.Entry {
	held := s.lookup(ctx, key)
	if held == nil {
		return nil
	}
	body, err := held.Body.Load()
	switch {
	case err != nil:
		return nil // fails open: the origin has it
	case body == held.Body:
		return held
	}
	return &cache.Entry{Meta: held.Meta, Body: body}
}

func fresh(held *cache.Entry) bool { return time.Now().Before(held.Clocks.Fresh) }

// keep stores what was fetched, or forgets the older copy where this one must not be kept.
func (s *Source) keep(ctx context.Context, key cache.Key, ref source.Ref, f *source.Fetched) {
	clocks := s.config.Policy.Clocks(f.Began, cache.Said{
		Lifetime: f.Freshness.Lifetime, Explicit: f.Freshness.Explicit,
		NoCache: f.Freshness.NoCache, MustRevalidate: f.Freshness.MustRevalidate,
	})
	if f.Validators.IsZero() {
		clocks.Keep = clocks.Fresh // the origin cannot be asked whether it is still the same
	}
	if f.Freshness.NoStore || f.Freshness.Private || !clocks.Keep.After(f.Began) {
		_ = s.store.Delete(ctx, key) // fails open
		return
	}
	// Put fails open too.
	_ = s.store.Put(ctx, key, &cache.Entry{Body: f.Body, Meta: cache.Meta{
		ContentType:        f.ContentType,
		Length:             f.Body.Len(),
		Source:             ref.String(),
		SourceVersion:      f.Version,
		ETagAtSource:       f.Validators.ETag,
		LastModified:       f.Validators.LastModified,
		SourceCacheControl: f.Freshness.CacheControl,
		SourceLength:       f.Body.Len(),
		Created:            f.Began,
		Clocks:             clocks,
		Untouched:          true,
	}})
}

func validatorsOf(held *cache.Entry) source.Validators {
	if held == nil {
		return source.Validators{}
	}
	return source.Validators{ETag: held.ETagAtSource, LastModified: held.LastModified}
}

// fetchedOf returns a copy as its fetch returned it. Its lifetime is the one that was decided then,
// bounds and default included, so that applying them again changes nothing.
func fetchedOf(held *cache.Entry) *source.Fetched {
	cacheControl := func(name string) []string {
		if name != "Cache-Control" || held.SourceCacheControl == "" {
			return nil
		}
		return []string{held.SourceCacheControl}
	}
	freshness := source.ParseFreshness(cacheControl, held.Created, held.Created)
	freshness.Explicit = true
	freshness.Lifetime = held.Clocks.Fresh.Sub(held.Created)
	return &source.Fetched{
		Body:        held.Body,
		ContentType: held.ContentType,
		Validators:  validatorsOf(held),
		Version:     held.SourceVersion,
		Freshness:   freshness,
		Began:       held.Created,
	}
}

// renew returns the copy with what the confirmation says in place of what it said before. A
// confirmation that is silent about reuse leaves that as it was (RFC 9111, section 3.2). The version
// stays: it names the bytes, and they are the same.
func renew(held *cache.Entry, confirmed *source.Fetched) *source.Fetched {
	f := fetchedOf(held)
	f.Began = confirmed.Began
	if confirmed.Freshness != (source.Freshness{}) {
		f.Freshness = confirmed.Freshness
	}
	if confirmed.Validators.ETag != "" {
		f.Validators.ETag = confirmed.Validators.ETag
	}
	if !confirmed.Validators.LastModified.IsZero() {
		f.Validators.LastModified = confirmed.Validators.LastModified
	}
	return f
}
