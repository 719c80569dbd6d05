// Package source names images as their owners have them and says how they are opened.
package source

import (
	"context"
	"io"
	"time"
)

// Source opens what a Ref names. Implementations are safe for concurrent use.
type Source interface {
	// Open returns the object that ref names. With validators of a known version, a source that can tell
	// that it is unchanged returns an error of kind NotModified; the Object is then not nil and holds the
	// validators and the freshness that the source renewed, and no Body.
	//
	// Otherwise the caller closes Object.Body. Reading it fails with kind Incomplete when fewer bytes come
	// than were announced, SourceTimeout when they come too slowly, TooLarge past the configured size.
	// Errors are *fault.Error: SourceDenied, Unreachable, SourceMissing, SourceFailed, SourceTimeout,
	// TooLarge or Canceled. Errors never hold credentials or the query of a URL.
	Open(ctx context.Context, ref Ref, known Validators) (*Object, error)
}

// Stater is a Source for which asking for the version is cheap: no body moves.
type Stater interface {
	// Stat returns the validators that Open would return. Errors are those of Open; one that wraps
	// errors.ErrUnsupported says that asking is not cheap for this ref, as behind a Mux.
	Stat(ctx context.Context, ref Ref) (Validators, error)
}

// Asker is a Source that tells the version without the body when it is asked, which takes a round trip: worth it where the body
// would be fetched otherwise, and not with each hit.
type Asker interface {
	// Ask returns the validators that Open would return. Errors are those of Stat.
	Ask(ctx context.Context, ref Ref) (Validators, error)
}

// Object is an opened source.
type Object struct {
	Body        io.ReadCloser
	Size        int64  // bytes; -1 = not announced
	ContentType string // as the source says; empty = it does not
	Validators  Validators
	Freshness   Freshness
	Began       time.Time // when the fetch began; purges compare with it
}

// Validators identify a version of a source. The zero value identifies none.
type Validators struct {
	ETag         string    // as sent, quotes and W/ included; empty = none
	LastModified time.Time // second precision; zero = none
}

// IsZero reports whether v identifies no version.
func (v Validators) IsZero() bool { return v.ETag == "" && v.LastModified.IsZero() }

// Strong returns the ETag if it is a strong one, else the empty string (RFC 9110, section 8.8.3).
func (v Validators) Strong() string {
	if len(v.ETag) >= 2 && v.ETag[0] == '"' {
		return v.ETag
	}
	return ""
}

// Freshness is what a source says about reuse of what it sent (RFC 9111, section 5.2.2). The zero
// value means it said nothing.
type Freshness struct {
	// Lifetime, counted from Object.Began and less the Age that the response already had; only
	// meaningful when Explicit. Never negative.
	Lifetime time.Duration
	// Explicit says that the source gave a lifetime (s-maxage, max-age or Expires, in this order).
	Explicit bool
	// CacheControl is the header as sent, for passing it on where the operator wants that.
	CacheControl string

	NoStore        bool // no-store: the result must not be kept
	Private        bool // private: not in a shared cache, which this is
	NoCache        bool // no-cache: revalidate before each reuse
	MustRevalidate bool // must-revalidate, proxy-revalidate: never stale
	Immutable      bool // immutable (RFC 8246)
}
