package buckettest

import (
	"io"
	"testing"

	"github.com/stillroom/stillroom/internal/bucket"
)

// Opened returns what a New has returned, which has to be no error, and closes it with the test.
func Opened[O interface {
	bucket.Opener
	io.Closer
}](t testing.TB, o O, err error) O {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.Close() }) // nothing depends on it
	return o
}

// Open opens a bucket of a name that may be used.
func Open(t testing.TB, o bucket.Opener, name string) bucket.Bucket {
	t.Helper()
	b, err := o.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
