// Package bucket is the port to object storage: named bodies with a few words about each, kept by somebody else.
//
// Sources read from it, the object tier reads and writes. What every service can do alike is here, what only some can
// is not: there is no append, no rename, no listing by folder, and an object is written whole or not at all.
package bucket

import (
	"context"
	"io"
	"time"
)

// Bucket holds objects by key. Implementations are safe for concurrent use.
//
// Errors are *fault.Error. Their kinds:
//
//   - SourceMissing: the service says that there is no such thing (404, 410), that it gives it to nobody like us
//     (401, 403), or another 4xx. The cause is a StatusError that tells these apart; Absent asks for the first. S3 answers
//     403 for an absent key to whoever may not list the bucket.
//   - SourceFailed: the service says that it is broken (5xx) or that we ask too much (429), with a StatusError, or
//     answers something that is not its protocol. It was tried again before, a few times, where the service is remote.
//     Or the object is encrypted, or should be, and cannot be decrypted: then the cause is ErrUnreadable.
//   - SourceTimeout: no answer in the time that the backend was configured with.
//   - Unreachable: no connection, no name, no credentials.
//   - Incomplete: a body ended early.
//   - NotModified: a condition of the call kept it from doing anything; see Get and Put.
//   - Canceled or Timeout: ctx ended. It ends bodies, too.
//
// No error holds a credential, whatever the service put into its answer.
type Bucket interface {
	// Get opens the object of a key. The caller closes Object.Body, and reads it with ctx still alive.
	//
	// When a condition in the options says that the caller has this version already, the error is of kind NotModified and
	// comes with an Object that holds what the service repeated (an ETag at least) and no Body.
	Get(ctx context.Context, key string, options GetOptions) (*Object, error)

	// Put stores size bytes, which are all that body has from its start, under a key, in place of what was there. Readers
	// see the old object or the new one, never a mixture, also when Put fails; then it may have happened all the same,
	// unless the error says that nothing was sent. What the Info holds is what a later Stat tells, as far as the service
	// tells it at once: at least Size and, except where it says none at all, ETag.
	//
	// With IfAbsent, of several writers at once exactly one succeeds (on Swift: as a rule); the others get ErrExists, of
	// kind NotModified. Where the first answer was lost on the way, the one who has succeeded gets it, too.
	Put(ctx context.Context, key string, body io.ReadSeeker, size int64, options PutOptions) (Info, error)

	// Stat describes the object of a key without moving its body. An empty version means the latest.
	Stat(ctx context.Context, key, version string) (Info, error)

	// Delete removes the object of a key. That there is none is no error; that there is no bucket may be one.
	Delete(ctx context.Context, key string) error

	// List calls visit for the objects whose keys begin with prefix and come after a key, in the order of their keys as
	// bytes. It ends with the last one, after limit objects (0 = no limit), or when visit returns false. Objects that come
	// or go meanwhile may be in it or not. The Info holds Size, LastModified and ETag; the rest may be empty.
	List(ctx context.Context, prefix, after string, limit int, visit func(key string, info Info) bool) error
}

// An Opener opens buckets by name. It is safe for concurrent use.
type Opener interface {
	// Open returns the bucket of a name. It asks nobody: that there is no such bucket shows with the first call of
	// it, as a StatusError 404. An error is a *fault.Error of kind SourceDenied: the name may not be used.
	Open(name string) (Bucket, error)
}

// GetOptions say which version of an object is wanted, how much of it, and when not. The zero value wants it all.
type GetOptions struct {
	Range Range

	// IfNoneMatch is the ETag of a version that the caller has; empty = none. IfModifiedSince is the second of its
	// change; zero = none. The first makes the second count for nothing (RFC 9110, section 13.1.3).
	IfNoneMatch     string
	IfModifiedSince time.Time

	// Version is one that Info named; empty = the latest. A bucket without versions has none of any name.
	Version string
}

// Range is a part of a body. The zero value is all of it.
type Range struct {
	Offset int64 // the first byte
	Length int64 // how many bytes; 0 = all that follow. More than there are is all that follow.
}

// PutOptions describe an object that is stored.
type PutOptions struct {
	ContentType  string            // empty = the service's own idea of it
	CacheControl string            // empty = none
	Metadata     map[string]string // see CheckPut for what may be in it
	IfAbsent     bool              // store it only where the key has no object

	// Expires is when nobody will want the object any more; zero = never. Swift removes it some time after, and rules of
	// Google's buckets can go by it. For the others it is nothing: their rules go by age.
	Expires time.Time
}

// Object is an opened object.
type Object struct {
	Body io.ReadCloser // reading it fails with the kinds above
	Info Info
}

// Info describes an object.
type Info struct {
	Size            int64             // bytes of the whole object, whatever range was asked for; -1 = not told
	ETag            string            // a strong tag, with its quotes; empty = not told
	LastModified    time.Time         // second precision; zero = not told
	Version         string            // a name of this version, good for Get and Stat; empty = none are kept
	ContentType     string            // empty = not told
	ContentEncoding string            // as stored: bodies come as they are kept; empty = none
	CacheControl    string            // empty = none
	Expires         time.Time         // until when it may be reused, as in HTTP, and nothing of PutOptions; zero = not told
	Metadata        map[string]string // names in lower case; nil = none
}
