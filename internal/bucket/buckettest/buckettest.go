// Package buckettest is the suite that every bucket.Bucket passes, a bucket in memory, and the real servers that
// the backends are tested against.
package buckettest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/fault"
)

// Harness is a Bucket under test and what is known about it.
type Harness struct {
	Bucket  bucket.Bucket // empty
	Missing bucket.Bucket // one of a name that there is not; nil = the implementation has no such thing
	Secret  string        // the credential that the bucket was opened with; empty = none

	Reserved int  // bytes of an object's metadata that the bucket needs for itself
	Versions bool // versions of objects are kept
	Folders  bool // keys are paths of files: none may end in a slash or have an empty element
	Faults   Faults
}

// Faults are those of a server, not of the backend in front of it, that the suite looks past.
type Faults struct {
	MergesMetadata bool // what replaces an object inherits its metadata
	NoCacheControl bool // it forgets Cache-Control and Expires
	StatsLatest    bool // asked to describe a version, it describes the latest
	DeletedExists  bool // with versions, an object that was deleted is in the way of IfAbsent
	NoBackslash    bool // it takes a backslash for a slash
	LooseIfAbsent  bool // it looks first and writes then, so that two writers at the same instant may both succeed
}

// Run runs the suite. open is called for each of its tests and cleans up with t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) Harness) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, *suite)
	}{
		{"put, get, stat", putGetStat},
		{"absent", absent},
		{"replace", replace},
		{"delete", deletes},
		{"sizes", sizes},
		{"keys", keys},
		{"keys that cannot be", badKeys},
		{"words", words},
		{"words that cannot be", badWords},
		{"body from its start", bodyFromStart},
		{"body of another size", bodyOfAnotherSize},
		{"ranges", ranges},
		{"conditions", conditions},
		{"if absent", ifAbsent},
		{"if absent, all at once", ifAbsentAtOnce},
		{"versions", versions},
		{"list", list},
		{"list goes on", listGoesOn},
		{"missing bucket", missingBucket},
		{"cancelled before", cancelledBefore},
		{"cancelled while reading", cancelledWhileReading},
		{"closed unread", closedUnread},
		{"all at once", allAtOnce},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, &suite{open(t)}) })
	}
}

type suite struct{ Harness }

// wantKind checks an error: that it is one of ours, its kind, that it holds no secret.
func (s *suite) wantKind(t *testing.T, err error, want fault.Kind) {
	t.Helper()
	var typed *fault.Error
	switch {
	case err == nil:
		t.Errorf("no error, want one of kind %v", want)
	case !errors.As(err, &typed):
		t.Errorf("error %v (%T), want a *fault.Error", err, err)
	case typed.Kind != want:
		t.Errorf("error %v of kind %v, want %v", err, typed.Kind, want)
	case s.Secret != "" && strings.Contains(err.Error(), s.Secret):
		t.Errorf("the error holds the secret: %v", err)
	}
}

// wantAbsent checks that an error says that there is no such thing.
func (s *suite) wantAbsent(t *testing.T, err error) {
	t.Helper()
	s.wantKind(t, err, fault.SourceMissing)
	if err != nil && !bucket.Absent(err) {
		t.Errorf("%v, want a status of 404", err)
	}
}

func (s *suite) put(t *testing.T, key string, body []byte, options bucket.PutOptions) bucket.Info {
	t.Helper()
	info, err := s.Bucket.Put(t.Context(), key, bytes.NewReader(body), int64(len(body)), options)
	if err != nil {
		t.Fatalf("put %q: %v", key, err)
	}
	return info
}

func (s *suite) get(t *testing.T, key string, options bucket.GetOptions) ([]byte, bucket.Info) {
	t.Helper()
	object, err := s.Bucket.Get(t.Context(), key, options)
	if err != nil {
		t.Fatalf("get %q: %v", key, err)
	}
	return read(t, object), object.Info
}

func (s *suite) stat(t *testing.T, key string) bucket.Info {
	t.Helper()
	info, err := s.Bucket.Stat(t.Context(), key, "")
	if err != nil {
		t.Fatalf("stat %q: %v", key, err)
	}
	return info
}

func read(t *testing.T, object *bucket.Object) []byte {
	t.Helper()
	body, err := io.ReadAll(object.Body)
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	if err := object.Body.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	return body
}

// listed returns the keys that List visits.
func (s *suite) listed(t *testing.T, prefix, after string, limit int) []string {
	t.Helper()
	found := []string{}
	err := s.Bucket.List(t.Context(), prefix, after, limit, func(key string, _ bucket.Info) bool {
		found = append(found, key)
		return true
	})
	if err != nil {
		t.Fatalf("list %q after %q: %v", prefix, after, err)
	}
	return found
}

// Pattern returns n bytes that differ along their length and by seed.
func Pattern(n int, seed byte) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i) ^ byte(i>>8) ^ byte(i>>16) ^ seed
	}
	return b
}

// discard reads a body to its end and returns the error that this is.
func discard(ctx context.Context, b bucket.Bucket, key string) error {
	object, err := b.Get(ctx, key, bucket.GetOptions{})
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, object.Body)
	return errors.Join(err, object.Body.Close())
}
