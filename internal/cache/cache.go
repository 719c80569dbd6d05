// Package cache keeps results: what a key, an entry and a store are, and how stores compose.
package cache

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/stillroom/stillroom/internal/blob"
	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/format"
)

// Key names a result: the SHA-256 of the lines that explain prints.
type Key [32]byte

// String returns the key in lower-case hex.
func (k Key) String() string { return hex.EncodeToString(k[:]) }

// ParseKey reads what String returns.
func ParseKey(text string) (Key, error) {
	var k Key
	if n, err := hex.Decode(k[:], []byte(text)); err != nil || n != len(k) || len(text) != 2*len(k) {
		return Key{}, fmt.Errorf("key: want %d hex digits, got %q", 2*len(k), text)
	}
	return k, nil
}

// Meta is what is known of a result without its body. Meta alone answers 304, HEAD, stats and purges.
type Meta struct {
	Format      format.Format
	ContentType string // of a body that is no known image format; empty = the format's
	Length      int64  // of the body, in bytes
	ETag        string // strong, with quotes
	Width       int    // of one frame, in pixels
	Height      int
	Frames      int

	Source        string    // the source reference, for purging
	SourceVersion string    // what Version made of its validators or bytes
	ETagAtSource  string    // validators for a conditional fetch; see source.Validators
	LastModified  time.Time // as the source says; zero = it does not
	SourceLength  int64
	SourceWidth   int // as stored, before orientation
	SourceHeight  int

	Created time.Time // when the fetch of the source began
	Clocks  Clocks
	Private bool // no shared cache on the way may keep it: Cache-Control says so
	// NoStore and OneClient say that the source allows nobody, or only the client that asked, to keep it.
	NoStore, OneClient bool
	// Immutable says that the source declares its image never to change.
	Immutable bool
	// SourceCacheControl is the source's own Cache-Control field, for passing it on where wanted.
	SourceCacheControl string
	// Fallback is the format that was asked for and could not be written; Unknown = none.
	Fallback format.Format
	// Untouched says that the body is the source itself.
	Untouched bool
	// Group names all results of one URL, whatever the client negotiated: purging a URL purges its group.
	Group Key
	Tags  []string
	Cost  time.Duration // CPU time that the fill took
}

// Clocks are absolute times, the same in every tier and towards the client. A zero time has passed.
type Clocks struct {
	Fresh      time.Time // served as it is until then
	Revalidate time.Time // served until then while one fill runs in the background
	IfError    time.Time // served until then if the source fails
	Keep       time.Time // kept until then, for a conditional fetch
}

// Type returns the media type of the body.
func (m *Meta) Type() string {
	if m.ContentType != "" {
		return m.ContentType
	}
	return m.Format.MIME()
}

// Entry is a stored result. Entries and what they point to are shared and never changed.
type Entry struct {
	Meta
	Body *blob.Blob
	// Tier names the tier that an entry came out of, in the word that Cache-Status uses; empty on the way in.
	Tier string
}

// Store keeps entries by key. A tier, a stack of tiers, a guard and an instrument are all Stores.
// Implementations are safe for concurrent use.
type Store interface {
	// Get returns the entry of a key. Absent, damaged, purged and dropped all answer an error of kind
	// NotFound that says why; any other kind means that the store itself is in trouble. The caller closes
	// the entry's body, which costs nothing where it is in memory, and changes nothing.
	Get(ctx context.Context, key Key) (*Entry, error)
	// Put keeps an entry, replacing what was there. It reads the body before it returns and does not close
	// it. A store may decline without an error: it bounds itself, and keeping is a favour.
	Put(ctx context.Context, key Key, e *Entry) error
	// Delete forgets a key. Forgetting what is not there is no error.
	Delete(ctx context.Context, key Key) error
}

// Sizer is a Store that knows how much it holds.
type Sizer interface {
	Size() Size
}

// Size is how much a store holds and may hold. A limit of 0 is none.
type Size struct {
	Entries, MaxEntries int64
	Bytes, MaxBytes     int64
}

// NotFound returns the error of a Get that finds nothing.
func NotFound(reason string) error {
	return fault.New(fault.NotFound, "cache.get", "%s", reason)
}
