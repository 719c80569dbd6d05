package azure

import (
	"fmt"
	"testing"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/buckettest"
	"github.com/stillroom/stillroom/internal/bucket/remote"
)

func TestAzurite(t *testing.T) {
	o := opener(t, ours(buckettest.Azurite(t)))
	o.page = 7
	n := 0
	buckettest.Run(t, func(t *testing.T) buckettest.Harness {
		n++
		name := create(t, o, fmt.Sprintf("pictures-%d", n))
		return buckettest.Harness{Bucket: open(t, o, name), Missing: open(t, o, "missing"), Secret: buckettest.Key, Faults: buckettest.Faults{NoBackslash: true}}
	})
}

func TestFaults(t *testing.T) {
	upstream := buckettest.Azurite(t)
	create(t, opener(t, ours(upstream)), "pictures")
	buckettest.RunFaults(t, buckettest.Faulty{
		Upstream: upstream,
		Open: func(t *testing.T, endpoint string, bounds remote.Config) bucket.Bucket {
			c := ours(endpoint + "/" + buckettest.User)
			c.Config = bounds
			return open(t, opener(t, c), "pictures")
		},
	})
}

// ours is the configuration for a server of the tests.
func ours(endpoint string) Config {
	return Config{Endpoint: endpoint, Name: buckettest.User, Key: buckettest.Key}
}

// create makes a container.
func create(t *testing.T, o *Opener, name string) string {
	t.Helper()
	if _, err := o.client.CreateContainer(t.Context(), name, nil); err != nil {
		t.Fatal(err)
	}
	return name
}

func opener(t *testing.T, c Config) *Opener {
	t.Helper()
	o, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.Close() })
	return o
}

func open(t *testing.T, o *Opener, name string) bucket.Bucket {
	t.Helper()
	b, err := o.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
