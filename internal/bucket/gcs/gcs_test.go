package gcs

import (
	"fmt"
	"testing"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/buckettest"
	"github.com/stillroom/stillroom/internal/bucket/remote"
)

func TestFakeGCS(t *testing.T) {
	endpoint := buckettest.FakeGCS(t)
	o := opener(t, Config{Endpoint: endpoint})
	o.page = 7
	n := 0
	buckettest.Run(t, func(t *testing.T) buckettest.Harness {
		n++
		name := fmt.Sprintf("pictures-%d", n)
		buckettest.CreateGCS(t, endpoint, name)
		return buckettest.Harness{Bucket: buckettest.Open(t, o, name), Missing: buckettest.Open(t, o, "missing"), Versions: true}
	})
}

func TestFaults(t *testing.T) {
	upstream := buckettest.FakeGCS(t)
	buckettest.CreateGCS(t, upstream, "pictures")
	buckettest.RunFaults(t, buckettest.Faulty{
		Upstream: upstream,
		Open: func(t *testing.T, endpoint string, bounds remote.Config) bucket.Bucket {
			return buckettest.Open(t, opener(t, Config{Endpoint: endpoint, Config: bounds}), "pictures")
		},
	})
}

func opener(t *testing.T, c Config) *Opener {
	t.Helper()
	o, err := New(t.Context(), c)
	return buckettest.Opened(t, o, err)
}

func TestHostile(t *testing.T) {
	buckettest.RunHostile(t, buckettest.Hostile{
		Open: func(t *testing.T, endpoint string) bucket.Bucket {
			return buckettest.Open(t, opener(t, Config{Endpoint: endpoint}), "pictures")
		},
		Page: `{"nextPageToken":"on","items":[{"name":"a"},{"name":"b"}]}`,
	})
}
