// Package fault gives every error of Stillroom an operation, a kind and a cause.
//
// A kind says what went wrong in the words of the product; it never says how a client is told.
// One table in package serve turns kinds into statuses, public texts and log levels.
package fault

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Kind classifies an error by who can do something about it.
type Kind uint8

// The kinds, from the client's own mistakes to ours.
const (
	Internal      Kind = iota // a bug or a failure of ours that has no better name
	BadURL                    // the URL is not understood: grammar, option, argument, preset
	Expired                   // the URL carries an expiry and it has passed
	Forbidden                 // the signature or the bearer token is missing or wrong
	OptionDenied              // the URL asks for an option that the configuration does not allow
	SourceDenied              // the source is outside the allowed ones, or its address is guarded
	Unreachable               // the source cannot be reached at all: scheme, name, connection, redirects
	SourceMissing             // the source answers that it has no such image (see source.StatusError)
	SourceFailed              // the source answers that it is broken (5xx) or breaks the protocol
	SourceTimeout             // the source did not answer in its time
	Incomplete                // the source sent fewer bytes than it announced
	NotImage                  // the bytes are not an image of a known format
	Unsupported               // the format is known but cannot be read or written here
	TooLarge                  // too many bytes or too many pixels
	Broken                    // the image is damaged
	Overloaded                // the queue is full or the expected wait is too long (see Error.RetryAfter)
	Timeout                   // the request as a whole took too long
	Canceled                  // nobody waits for the answer any more
	NotModified               // a conditional fetch found the known version unchanged
	NotFound                  // a store does not hold the key; the cause says why
)

var names = [...]string{
	"internal", "bad url", "expired", "forbidden", "option denied", "source denied", "unreachable",
	"source missing", "source failed", "source timeout", "incomplete", "not an image", "unsupported",
	"too large", "broken image", "overloaded", "timeout", "canceled", "not modified", "not found",
}

// String returns the kind in words, as logs and metrics show it.
func (k Kind) String() string {
	if int(k) < len(names) {
		return names[k]
	}
	return "unknown"
}

// Error is an operation that failed, the kind of its failure and the cause.
type Error struct {
	Op         string        // what was being done, as "package.verb"
	Kind       Kind          // what went wrong
	Err        error         // why; never nil
	RetryAfter time.Duration // with Overloaded: when it is worth trying again; 0 = unknown
	Until      time.Time     // the same question meets this error until then, because it is remembered; zero = not
}

// Error returns "op: cause"; the kind is left to whoever classifies.
func (e *Error) Error() string { return e.Op + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// New makes an error of a kind; the message follows fmt.Errorf, %w included.
// Messages name the subject ("width: want a whole number, got \"x\"") and never hold a secret.
func New(kind Kind, op, message string, args ...any) *Error {
	return &Error{Op: op, Kind: kind, Err: fmt.Errorf(message, args...)}
}

// Wrap gives cause an operation and a kind. A nil cause stays nil.
func Wrap(kind Kind, op string, cause error) error {
	if cause == nil {
		return nil
	}
	return &Error{Op: op, Kind: kind, Err: cause}
}

// KindOf returns the kind of the outermost Error in err's chain. Without one, a deadline is Timeout,
// a cancellation Canceled and everything else Internal.
func KindOf(err error) Kind {
	var e *Error
	switch {
	case errors.As(err, &e):
		return e.Kind
	case errors.Is(err, context.DeadlineExceeded):
		return Timeout
	case errors.Is(err, context.Canceled):
		return Canceled
	}
	return Internal
}

// Is reports whether err is of the kind.
func Is(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }
