package object

import (
	"context"
	"fmt"
	"io"
	"testing"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/azure"
	"github.com/stillroom/stillroom/internal/bucket/buckettest"
	"github.com/stillroom/stillroom/internal/bucket/filesystem"
	"github.com/stillroom/stillroom/internal/bucket/gcs"
	"github.com/stillroom/stillroom/internal/bucket/s3"
	"github.com/stillroom/stillroom/internal/bucket/swift"
	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/cache/cachetest"
)

// direct is a tier whose Puts and Deletes return when they are done, so that every Get is one of the bucket.
type direct struct{ *Store }

func (d direct) Put(ctx context.Context, key cache.Key, e *cache.Entry) error {
	err := d.Store.Put(ctx, key, e)
	d.idle(key)
	return err
}

func (d direct) Delete(ctx context.Context, key cache.Key) error {
	err := d.Store.Delete(ctx, key)
	d.idle(key)
	return err
}

// suite runs the suites of stores over buckets: as the tier is, and as it is once everything is written.
func suite(t *testing.T, bucketOf func(t *testing.T) bucket.Bucket) {
	n := 0
	c := func(t *testing.T) Config {
		n++
		return Config{Bucket: bucketOf(t), Prefix: fmt.Sprintf("/some/prefix %d/", n), Timeout: patience}
	}
	t.Run("behind", func(t *testing.T) {
		cachetest.Run(t, func(t *testing.T) cache.Store { return open(t, c(t)) })
	})
	t.Run("direct", func(t *testing.T) {
		cachetest.Run(t, func(t *testing.T) cache.Store { return direct{open(t, c(t))} })
	})
	t.Run("two nodes", func(t *testing.T) { twoNodes(t, c(t)) })
	t.Run("as it stands", func(t *testing.T) { asItStands(t, c(t)) })
}

func TestMemory(t *testing.T) { suite(t, func(t *testing.T) bucket.Bucket { return memory(t) }) }

func TestFilesystem(t *testing.T) {
	suite(t, func(t *testing.T) bucket.Bucket { return folderBucket(t, t.TempDir()) })
}

func folderBucket(t testing.TB, root string) bucket.Bucket {
	t.Helper()
	o, err := filesystem.New(filesystem.Config{Root: root})
	return opened(t, o, err, "")
}

func TestS3(t *testing.T) {
	b := s3Bucket(t, buckettest.Versitygw(t, "pictures"))
	suite(t, func(*testing.T) bucket.Bucket { return b })
}

func s3Bucket(t testing.TB, endpoint string) bucket.Bucket { return s3WithKey(t, endpoint, "") }

// s3WithKey opens a bucket whose objects are encrypted with a key of KMS; empty = they are not.
func s3WithKey(t testing.TB, endpoint, key string) bucket.Bucket {
	t.Helper()
	o, err := s3.New(t.Context(), s3.Config{
		Endpoint: endpoint, Region: "us-east-1", AccessKeyID: buckettest.User, SecretAccessKey: buckettest.Secret, KMSKeyID: key,
	})
	return opened(t, o, err, "pictures")
}

func TestEncryptedS3(t *testing.T) {
	t.Setenv("AWS_ENDPOINT_URL_KMS", buckettest.NewKMS(t).URL)
	b := s3WithKey(t, buckettest.Versitygw(t, "pictures"), buckettest.KMSKey)
	suite(t, func(*testing.T) bucket.Bucket { return b })
}

func TestGCS(t *testing.T) {
	endpoint := buckettest.FakeGCS(t)
	buckettest.CreateGCS(t, endpoint, "pictures")
	o, err := gcs.New(t.Context(), gcs.Config{Endpoint: endpoint})
	b := opened(t, o, err, "pictures")
	suite(t, func(*testing.T) bucket.Bucket { return b })
}

func TestAzure(t *testing.T) {
	endpoint := buckettest.Azurite(t)
	buckettest.CreateAzure(t, endpoint, "pictures")
	o, err := azure.New(azure.Config{Endpoint: endpoint, Name: buckettest.User, Key: buckettest.Key})
	b := opened(t, o, err, "pictures")
	suite(t, func(*testing.T) bucket.Bucket { return b })
}

func TestSwift(t *testing.T) {
	login := buckettest.Swift(t)
	buckettest.CreateSwift(t, login, "pictures")
	o, err := swift.New(swift.Config{UserName: buckettest.SwiftUser, APIKey: buckettest.Secret, AuthURL: login})
	b := opened(t, o, err, "pictures")
	suite(t, func(*testing.T) bucket.Bucket { return b })
}

// opened opens a bucket of an opener that is closed with the test.
func opened(t testing.TB, o interface {
	bucket.Opener
	io.Closer
}, err error, name string,
) bucket.Bucket {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.Close() })
	b, err := o.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// twoNodes has one node read what another one writes.
func twoNodes(t *testing.T, c Config) {
	a, b := open(t, c), open(t, c)
	missing(t, b, cachetest.Key(1), "not in the bucket")
	for n, size := range []int{0, 1, 255, 30_000, 3 << 20} {
		e := cachetest.Entry(n, size)
		stored(t, a, cachetest.Key(1), e)
		found(t, b, cachetest.Key(1), e)
		found(t, a, cachetest.Key(1), e)
	}
	remove(t, b, cachetest.Key(1))
	b.idle(cachetest.Key(1))
	missing(t, a, cachetest.Key(1), "not in the bucket")
	for _, s := range []*Store{a, b} {
		if n := s.counters.reads[Found].Load(); n != 5 {
			t.Errorf("%d reads found something, want 5", n)
		}
	}
}
