package s3

import (
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/buckettest"
	"github.com/stillroom/stillroom/internal/bucket/remote"
	"github.com/stillroom/stillroom/internal/fault"
)

func TestNew(t *testing.T) {
	for want, c := range map[string]Config{
		"want both or neither": {AccessKeyID: "a"},
		"Endpoint":             {Endpoint: "storage.example.com"},
		"Endpoint:":            {Endpoint: "ftp://storage.example.com"},
		"Endpoint: want":       {Endpoint: "https://user:" + buckettest.Secret + "@storage.example.com"},
		"Attempts":             {Config: remote.Config{Attempts: -1}},
	} {
		if _, err := New(t.Context(), c); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), buckettest.Secret) {
			t.Errorf("%v, want %q and no secret", err, want)
		}
	}
}

// clean leaves nothing of the machine's own configuration.
func clean(t *testing.T) {
	t.Helper()
	for _, name := range []string{"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} {
		t.Setenv(name, "")
	}
	missing := filepath.Join(t.TempDir(), "missing")
	t.Setenv("AWS_CONFIG_FILE", missing)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", missing)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
}

func TestRegion(t *testing.T) {
	for _, c := range []struct{ own, environment, want string }{
		{"", "", "us-west-1"}, {"", "eu-west-3", "eu-west-3"}, {"ap-south-1", "eu-west-3", "ap-south-1"},
	} {
		clean(t)
		t.Setenv("AWS_REGION", c.environment)
		if got := opener(t, Config{Region: c.own}).client.Options().Region; got != c.want {
			t.Errorf("%q over %q: %q, want %q", c.own, c.environment, got, c.want)
		}
	}
}

// An authority of the environment has to reach our own transport.
func TestCertificateAuthority(t *testing.T) {
	clean(t)
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	defer server.Close()
	file := filepath.Join(t.TempDir(), "ca.pem")
	certificate := server.Certificate()
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_CA_BUNDLE", file)
	_, err := buckettest.Open(t, opener(t, ours(server.URL)), "b").Stat(t.Context(), "k", "")
	if !strings.Contains(fmt.Sprint(err), "418") {
		t.Errorf("%v, want the server's answer", err)
	}
}

// regional is a service whose buckets are in one region, and tells so whoever asks in another.
type regional struct {
	region string
	mu     sync.Mutex
	asked  []string // the regions that were asked
	bodies []string
}

func (s *regional) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	scope := strings.Split(r.Header.Get("Authorization"), "/") // AWS4-HMAC-SHA256 Credential=ID/date/region/s3/aws4_request
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	s.asked = append(s.asked, scope[2])
	s.bodies = append(s.bodies, string(body))
	s.mu.Unlock()
	w.Header().Set("X-Amz-Bucket-Region", s.region)
	if scope[2] != s.region {
		w.WriteHeader(http.StatusMovedPermanently)
		return
	}
	w.Header().Set("ETag", `"tag"`)
}

func TestRegionIsLearnt(t *testing.T) {
	service := &regional{region: "eu-north-1"}
	server := httptest.NewServer(service)
	defer server.Close()
	o := opener(t, ours(server.URL))
	b := buckettest.Open(t, o, "pictures")
	if _, err := b.Put(t.Context(), "a", strings.NewReader("hello"), 5, bucket.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := buckettest.Open(t, o, "pictures").Stat(t.Context(), "a", ""); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"us-east-1", "eu-north-1", "eu-north-1"}, service.asked); diff != "" {
		t.Errorf("regions asked (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"hello", "hello", ""}, service.bodies); diff != "" {
		t.Errorf("bodies (-want +got):\n%s", diff)
	}
}

// A proxy sees which host is asked without that having an address.
func TestHostsAndPaths(t *testing.T) {
	var seen []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.URL.String())
		w.Header().Set("ETag", `"tag"`)
	}))
	defer proxy.Close()
	at, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	for _, virtual := range []bool{false, true} {
		c := ours("http://storage.example.com")
		c.VirtualHosts = virtual
		o := opener(t, c)
		o.client = s3.New(o.client.Options(), func(o *s3.Options) {
			o.HTTPClient = &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(at)}}
		})
		if _, err := buckettest.Open(t, o, "pictures").Stat(t.Context(), "a", ""); err != nil {
			t.Error(err)
		}
	}
	if diff := cmp.Diff([]string{"http://storage.example.com/pictures/a", "http://pictures.storage.example.com/a"}, seen); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

func TestWithoutCredentials(t *testing.T) {
	clean(t)
	_, err := buckettest.Open(t, opener(t, Config{Endpoint: "http://127.0.0.1:1"}), "b").Stat(t.Context(), "k", "")
	if !fault.Is(err, fault.Unreachable) || !strings.Contains(err.Error(), "credentials") {
		t.Errorf("%v (%v), want Unreachable because of the credentials", err, fault.KindOf(err))
	}
}

// A role is asked of the service for roles, with what its owner wants to hear.
func TestAssumeRole(t *testing.T) {
	clean(t)
	var asked []string
	roles := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		asked = append(asked, r.Form.Get("Action"), r.Form.Get("RoleArn"), r.Form.Get("ExternalId"))
		_, _ = io.WriteString(w, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>`+
			`<AccessKeyId>ROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>`+
			`</Credentials></AssumeRoleResult></AssumeRoleResponse>`)
	}))
	defer roles.Close()
	t.Setenv("AWS_ENDPOINT_URL_STS", roles.URL)
	var who string
	store := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who = r.Header.Get("Authorization")
		w.Header().Set("ETag", `"tag"`)
	}))
	defer store.Close()
	c := ours(store.URL)
	c.AssumeRoleARN, c.AssumeRoleExternalID = "arn:aws:iam::123456789012:role/pictures", "shibboleth"
	if _, err := buckettest.Open(t, opener(t, c), "b").Stat(t.Context(), "k", ""); err != nil {
		t.Fatal(err)
	}
	if want := []string{"AssumeRole", c.AssumeRoleARN, "shibboleth"}; !slices.Equal(asked, want) || !strings.Contains(who, "Credential=ROLE/") {
		t.Errorf("asked %q and came as %q; want %q and the role", asked, who, want)
	}
}

func TestAccessPoints(t *testing.T) {
	const arn = "arn:aws:s3:us-east-1:123456789012:accesspoint/pictures"
	o := opener(t, Config{Region: "us-east-1", AccessKeyID: "a", SecretAccessKey: "b", AccessPoints: map[string]string{"pictures": arn}})
	if got := buckettest.Open(t, o, "pictures").(*store); got.there != arn || got.subject("k") != "s3://pictures/k" {
		t.Errorf("%+v, want the access point under the name of the bucket", got)
	}
	if got := buckettest.Open(t, o, "other").(*store); got.there != "other" {
		t.Errorf("%+v, want the bucket itself", got)
	}
}
