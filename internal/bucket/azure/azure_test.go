package azure

import (
	"fmt"
	"testing"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/buckettest"
	"github.com/stillroom/stillroom/internal/bucket/remote"
)

func TestAzurite(t *testing.T) {
	endpoint := buckettest.Azurite(t)
	o := opener(t, ours(endpoint))
	o.page = 7
	n := 0
	buckettest.Run(t, func(t *testing.T) buckettest.Harness {
		n++
		name := fmt.Sprintf("pictures-%d", n)
		buckettest.CreateAzure(t, endpoint, name)
		return buckettest.Harness{Bucket: buckettest.Open(t, o, name), Missing: buckettest.Open(t, o, "missing"), Secret: buckettest.Key, Faults: buckettest.Faults{NoBackslash: true}}
	})
}

func TestFaults(t *testing.T) {
	upstream := buckettest.Azurite(t)
	buckettest.CreateAzure(t, upstream, "pictures")
	buckettest.RunFaults(t, buckettest.Faulty{
		Upstream: upstream,
		Open: func(t *testing.T, endpoint string, bounds remote.Config) bucket.Bucket {
			c := ours(endpoint + "/" + buckettest.User)
			c.Config = bounds
			return buckettest.Open(t, opener(t, c), "pictures")
		},
	})
}

// ours is the configuration for a server of the tests.
func ours(endpoint string) Config {
	return Config{Endpoint: endpoint, Name: buckettest.User, Key: buckettest.Key}
}

func opener(t *testing.T, c Config) *Opener {
	t.Helper()
	o, err := New(c)
	return buckettest.Opened(t, o, err)
}

func TestHostile(t *testing.T) {
	buckettest.RunHostile(t, buckettest.Hostile{
		Open: func(t *testing.T, endpoint string) bucket.Bucket {
			return buckettest.Open(t, opener(t, ours(endpoint)), "pictures")
		},
		Page: `<EnumerationResults><Blobs><Blob><Name>a</Name><Properties/></Blob><Blob><Name>b</Name><Properties/></Blob></Blobs>` +
			`<NextMarker>on</NextMarker></EnumerationResults>`,
	})
}
