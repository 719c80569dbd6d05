package swift

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/buckettest"
	"github.com/stillroom/stillroom/internal/bucket/remote"
)

// TestSwift is every test that needs the service, which takes seconds to start.
func TestSwift(t *testing.T) {
	login := buckettest.Swift(t)
	t.Run("suite", func(t *testing.T) { suite(t, login) })
	t.Run("faults", func(t *testing.T) { faults(t, login) })
	t.Run("logging in", func(t *testing.T) { loggingIn(t, login) })
	t.Run("expires", func(t *testing.T) { expires(t, login) })
}

func faults(t *testing.T, login string) {
	create(t, opener(t, ours(login)), "faults")
	at, err := url.Parse(login)
	if err != nil {
		t.Fatal(err)
	}
	buckettest.RunFaults(t, buckettest.Faulty{
		Upstream: "http://" + at.Host, KeepHost: true,
		Open: func(t *testing.T, endpoint string, bounds remote.Config) bucket.Bucket {
			c := ours(endpoint + at.Path)
			c.Config = bounds
			return open(t, opener(t, c), "faults")
		},
		Match: func(r *http.Request) bool { return !strings.HasPrefix(r.URL.Path, "/auth") },
	})
}

// suite runs the suite with a container for each of its tests.
func suite(t *testing.T, login string) {
	o := opener(t, ours(login))
	o.page = 7
	n := 0
	buckettest.Run(t, func(t *testing.T) buckettest.Harness {
		n++
		return buckettest.Harness{
			Bucket: open(t, o, create(t, o, fmt.Sprintf("pictures-%d", n))), Missing: open(t, o, "missing"),
			Secret: buckettest.Secret, Faults: buckettest.Faults{LooseIfAbsent: true},
		}
	})
}

// ours is the configuration for a server of the tests.
func ours(login string) Config {
	return Config{UserName: buckettest.SwiftUser, APIKey: buckettest.Secret, AuthURL: login}
}

// create makes a container.
func create(t *testing.T, o *Opener, name string) string {
	t.Helper()
	if err := o.connection.ContainerCreate(t.Context(), name, nil); err != nil {
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
