package s3

import (
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/buckettest"
	"github.com/stillroom/stillroom/internal/bucket/remote"
)

func TestGofakes3(t *testing.T) {
	server := httptest.NewServer(gofakes3.New(s3mem.New(), gofakes3.WithMetadataSizeLimit(4096)).Server())
	defer server.Close()
	suite(t, opener(t, ours(server.URL)), buckettest.Harness{
		Versions: true, Faults: buckettest.Faults{MergesMetadata: true, NoCacheControl: true, StatsLatest: true},
	})
}

func TestVersitygw(t *testing.T) {
	o := opener(t, ours(buckettest.Versitygw(t)))
	t.Run("without versions", func(t *testing.T) { suite(t, o, buckettest.Harness{Folders: true}) })
	t.Run("with versions", func(t *testing.T) {
		suite(t, o, buckettest.Harness{Folders: true, Versions: true, Faults: buckettest.Faults{DeletedExists: true}})
	})
}

// ours is the configuration for a server of the tests.
func ours(endpoint string) Config {
	return Config{Endpoint: endpoint, Region: "us-east-1", AccessKeyID: buckettest.User, SecretAccessKey: buckettest.Secret}
}

func TestFaults(t *testing.T) {
	upstream := buckettest.Versitygw(t)
	create(t, opener(t, ours(upstream)), "pictures", false)
	buckettest.RunFaults(t, buckettest.Faulty{
		Upstream: upstream, KeepHost: true,
		Open: func(t *testing.T, endpoint string, bounds remote.Config) bucket.Bucket {
			c := ours(endpoint)
			c.Config = bounds
			return buckettest.Open(t, opener(t, c), "pictures")
		},
	})
}

// suite runs the suite with a bucket for each of its tests.
func suite(t *testing.T, o *Opener, h buckettest.Harness) {
	o.page = 7
	n, kind := 0, fmt.Sprintf("versions-%t", h.Versions)
	buckettest.Run(t, func(t *testing.T) buckettest.Harness {
		n++
		h.Bucket, h.Missing = buckettest.Open(t, o, create(t, o, fmt.Sprintf("%s-%d", kind, n), h.Versions)), buckettest.Open(t, o, "missing")
		h.Secret = buckettest.Secret
		return h
	})
}

// create makes a bucket.
func create(t *testing.T, o *Opener, name string, versions bool) string {
	t.Helper()
	if _, err := o.client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatal(err)
	}
	if versions {
		_, err := o.client.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{
			Bucket: &name, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return name
}

func opener(t *testing.T, c Config) *Opener {
	t.Helper()
	o, err := New(t.Context(), c)
	return buckettest.Opened(t, o, err)
}

func TestHostile(t *testing.T) {
	buckettest.RunHostile(t, buckettest.Hostile{
		Open: func(t *testing.T, endpoint string) bucket.Bucket {
			return buckettest.Open(t, opener(t, ours(endpoint)), "pictures")
		},
		Page: `<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>on</NextContinuationToken>` +
			`<Contents><Key>a</Key></Contents><Contents><Key>b</Key></Contents></ListBucketResult>`,
	})
}
