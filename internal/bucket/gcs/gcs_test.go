package gcs

import (
	"fmt"
	"net/http"
	"strings"
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
		create(t, endpoint, name)
		return buckettest.Harness{Bucket: open(t, o, name), Missing: open(t, o, "missing"), Versions: true}
	})
}

func TestFaults(t *testing.T) {
	upstream := buckettest.FakeGCS(t)
	create(t, upstream, "pictures")
	buckettest.RunFaults(t, buckettest.Faulty{
		Upstream: upstream,
		Open: func(t *testing.T, endpoint string, bounds remote.Config) bucket.Bucket {
			return open(t, opener(t, Config{Endpoint: endpoint, Config: bounds}), "pictures")
		},
	})
}

// create makes a bucket that keeps versions.
func create(t *testing.T, endpoint, name string) {
	t.Helper()
	body := fmt.Sprintf(`{"name":%q,"versioning":{"enabled":true}}`, name)
	answer, err := http.Post(endpoint+"/storage/v1/b?project=test", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("making a bucket: %s", answer.Status)
	}
}

func opener(t *testing.T, c Config) *Opener {
	t.Helper()
	o, err := New(t.Context(), c)
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
