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
	buckettest.CreateSwift(t, login, "faults")
	at, err := url.Parse(login)
	if err != nil {
		t.Fatal(err)
	}
	buckettest.RunFaults(t, buckettest.Faulty{
		Upstream: "http://" + at.Host, KeepHost: true,
		Open: func(t *testing.T, endpoint string, bounds remote.Config) bucket.Bucket {
			c := ours(endpoint + at.Path)
			c.Config = bounds
			return buckettest.Open(t, opener(t, c), "faults")
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
		name := fmt.Sprintf("pictures-%d", n)
		buckettest.CreateSwift(t, login, name)
		return buckettest.Harness{
			Bucket: buckettest.Open(t, o, name), Missing: buckettest.Open(t, o, "missing"),
			Secret: buckettest.Secret, Faults: buckettest.Faults{LooseIfAbsent: true},
		}
	})
}

// ours is the configuration for a server of the tests.
func ours(login string) Config {
	return Config{UserName: buckettest.SwiftUser, APIKey: buckettest.Secret, AuthURL: login}
}

func opener(t *testing.T, c Config) *Opener {
	t.Helper()
	o, err := New(c)
	return buckettest.Opened(t, o, err)
}

func TestHostile(t *testing.T) {
	buckettest.RunHostile(t, buckettest.Hostile{
		Login: func(w http.ResponseWriter, r *http.Request) bool { return letIn(w, r, "token") },
		Open: func(t *testing.T, endpoint string) bucket.Bucket {
			o := opener(t, ours(endpoint+"/auth/v1.0"))
			o.page = 2
			return buckettest.Open(t, o, "pictures")
		},
		Page: `[{"name":"a"},{"name":"b"}]`,
	})
}

// letIn answers a request that logs in, and reports whether it was one.
func letIn(w http.ResponseWriter, r *http.Request, token string) bool {
	if r.URL.Path != "/auth/v1.0" {
		return false
	}
	w.Header().Set("X-Storage-Url", "http://"+r.Host+"/v1/AUTH_test")
	w.Header().Set("X-Auth-Token", token)
	return true
}
