package e2e

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/azure"
	"github.com/stillroom/stillroom/internal/bucket/buckettest"
	"github.com/stillroom/stillroom/internal/bucket/gcs"
	"github.com/stillroom/stillroom/internal/bucket/s3"
	"github.com/stillroom/stillroom/internal/bucket/swift"
)

// storage is object storage that a test has started: its buckets, and how a server under test is told of it.
type storage struct {
	bucket.Opener

	scheme   string
	adapter  string   // as STILLROOM_CACHE_USE calls it
	sources  string   // what turns its sources on, behind STILLROOM_
	settings []string // of its account, "NAME=value", behind STILLROOM_ or STILLROOM_CACHE_
}

// asSources returns the settings with which a server reads sources from it.
func (s storage) asSources() []string { return append([]string{s.sources + "=true"}, s.settings...) }

// storageS3 starts an S3 service with buckets.
func storageS3(t *testing.T, buckets ...string) storage {
	t.Helper()
	at := buckettest.Versitygw(t, buckets...)
	opener, err := s3.New(t.Context(), s3.Config{
		Endpoint: at, Region: "us-east-1", AccessKeyID: buckettest.User, SecretAccessKey: buckettest.Secret,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { opener.Close() })
	return storage{opener, "s3", "s3", "USE_S3", []string{
		"S3_ENDPOINT=" + at, "S3_REGION=us-east-1", "S3_ACCESS_KEY_ID=" + buckettest.User, "S3_SECRET_ACCESS_KEY=" + buckettest.Secret,
	}}
}

// endpoint returns where an S3 service listens.
func (s storage) endpoint() string {
	for _, setting := range s.settings {
		if at, ok := strings.CutPrefix(setting, "S3_ENDPOINT="); ok {
			return at
		}
	}
	return ""
}

// at returns s as a server is told of it that is to go through what stands in front of it.
func (s storage) at(endpoint string) storage {
	s.settings = slices.Clone(s.settings)
	for i, setting := range s.settings {
		if strings.HasPrefix(setting, "S3_ENDPOINT=") {
			s.settings[i] = "S3_ENDPOINT=" + endpoint
		}
	}
	return s
}

// storageGCS starts a service that speaks Google's protocol.
func storageGCS(t *testing.T, buckets ...string) storage {
	t.Helper()
	at := buckettest.FakeGCS(t)
	for _, name := range buckets {
		speak(t, http.MethodPost, at+"/storage/v1/b?project=test", fmt.Sprintf(`{"name":%q}`, name), "Content-Type", "application/json")
	}
	opener, err := gcs.New(t.Context(), gcs.Config{Endpoint: at})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { opener.Close() })
	return storage{opener, "gs", "gcs", "USE_GCS", []string{"GCS_ENDPOINT=" + at}}
}

// storageABS starts a service that speaks Azure's protocol.
func storageABS(t *testing.T, buckets ...string) storage {
	t.Helper()
	at := buckettest.Azurite(t)
	for _, name := range buckets {
		date := time.Now().UTC().Format(http.TimeFormat)
		text := "PUT" + strings.Repeat("\n", 12) + "x-ms-date:" + date + "\nx-ms-version:2021-12-02\n/" +
			buckettest.User + "/" + buckettest.User + "/" + name + "\nrestype:container"
		key, err := base64.StdEncoding.DecodeString(buckettest.Key)
		if err != nil {
			t.Fatal(err)
		}
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(text))
		speak(t, http.MethodPut, at+"/"+name+"?restype=container", "", "X-Ms-Date", date, "X-Ms-Version", "2021-12-02",
			"Authorization", "SharedKey "+buckettest.User+":"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	opener, err := azure.New(azure.Config{Endpoint: at, Name: buckettest.User, Key: buckettest.Key})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { opener.Close() })
	return storage{opener, "abs", "abs", "USE_ABS", []string{"ABS_ENDPOINT=" + at, "ABS_NAME=" + buckettest.User, "ABS_KEY=" + buckettest.Key}}
}

// storageSwift starts OpenStack Swift.
func storageSwift(t *testing.T, buckets ...string) storage {
	t.Helper()
	login := buckettest.Swift(t)
	session := speak(t, http.MethodGet, login, "", "X-Auth-User", buckettest.SwiftUser, "X-Auth-Key", buckettest.Secret)
	for _, name := range buckets {
		speak(t, http.MethodPut, session.Get("X-Storage-Url")+"/"+name, "", "X-Auth-Token", session.Get("X-Auth-Token"))
	}
	opener, err := swift.New(swift.Config{UserName: buckettest.SwiftUser, APIKey: buckettest.Secret, AuthURL: login})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { opener.Close() })
	return storage{opener, "swift", "swift", "USE_SWIFT", []string{
		"SWIFT_AUTH_URL=" + login, "SWIFT_USERNAME=" + buckettest.SwiftUser, "SWIFT_API_KEY=" + buckettest.Secret,
	}}
}

// speak makes a request that must succeed and returns the head of its answer.
func speak(t *testing.T, method, at, body string, header ...string) http.Header {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, at, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if text, err := io.ReadAll(answer.Body); err != nil || answer.StatusCode >= 300 {
		t.Fatalf("%s %s: %s, %v\n%s", method, at, answer.Status, err, text)
	}
	return answer.Header
}

// upload stores a picture.
func (s storage) upload(t *testing.T, name, key string, body []byte, options bucket.PutOptions) {
	t.Helper()
	b, err := s.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Put(t.Context(), key, bytes.NewReader(body), int64(len(body)), options); err != nil {
		t.Fatal(err)
	}
}

// TestObjectStorage is what needs each kind of object storage, some of which take seconds to start.
func TestObjectStorage(t *testing.T) {
	for kind, run := range map[string]func(*testing.T, ...string) storage{
		"s3": storageS3, "gcs": storageGCS, "abs": storageABS, "swift": storageSwift, "fs": storageFS,
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			there := run(t, "pictures", "private", "results")
			if there.sources != "" {
				t.Run("sources", func(t *testing.T) { readsSources(t, there) })
			}
			t.Run("tier", func(t *testing.T) { sharesResults(t, there) })
		})
	}
}

// readsSources tests that a picture in a bucket is served, once fetched, under whatever name it has.
func readsSources(t *testing.T, there storage) {
	t.Helper()
	s := start(t, append(there.asSources(), strings.TrimPrefix(there.sources, "USE_")+"_DENIED_BUCKETS=private")...)
	for n, key := range []string{"a.jpg", "2026/summer day/é + #1 %41.jpg"} {
		there.upload(t, "pictures", key, version(t, n+1), bucket.PutOptions{ContentType: "image/jpeg"})
		path := "/_/w:100/plain/" + there.scheme + "://pictures/" + url.PathEscape(key)
		first, second := s.get(path), s.get(path)
		if v := versionOf(t, first); v != n+1 {
			t.Errorf("%s: version %d, want %d", key, v, n+1)
		}
		if status := second.header.Get("Cache-Status"); !strings.HasPrefix(status, "stillroom; hit;") || !bytes.Equal(first.body, second.body) {
			t.Errorf("%s: Cache-Status %q, and the same bytes: %t", key, status, bytes.Equal(first.body, second.body))
		}
		etag := first.header.Get("ETag")
		if a := s.get(path, "If-None-Match", etag); etag == "" || a.status != http.StatusNotModified {
			t.Errorf("%s: with its ETag %s: %v, want 304", key, etag, a)
		}
	}
	// Ten renditions are made of one fetch.
	before := s.metric("stillroom_source_fetches_total")
	for w := range 10 {
		if a := s.get(fmt.Sprintf("/_/w:%d/plain/%s://pictures/a.jpg", 20+w, there.scheme)); a.status != http.StatusOK {
			t.Error(a)
		}
	}
	if n := s.metric("stillroom_source_fetches_total") - before; n != 0 {
		t.Errorf("%v more fetches for more renditions", n)
	}
	there.upload(t, "private", "a.jpg", version(t, 1), bucket.PutOptions{})
	for _, source := range []string{"pictures/missing.jpg", "missing/a.jpg", "private/a.jpg", "pictures/", "pictures"} {
		if a := s.get("/_/w:100/plain/" + there.scheme + "://" + source); a.status != http.StatusNotFound {
			t.Errorf("%s: %v, want 404", source, a)
		}
	}
	eventually(t, "the log says why private/a.jpg is refused", func() bool {
		return strings.Contains(s.logged(), `the bucket \"private\" is not allowed`)
	})
}

// A scheme that is off is refused, and the log says what turns it on.
func TestObjectSourcesThatAreOff(t *testing.T) {
	s := start(t)
	for scheme, setting := range map[string]string{
		"s3": "STILLROOM_USE_S3", "gs": "STILLROOM_USE_GCS", "abs": "STILLROOM_USE_ABS", "swift": "STILLROOM_USE_SWIFT",
	} {
		if a := s.get("/_/w:100/plain/" + scheme + "://pictures/a.jpg"); a.status != http.StatusNotFound {
			t.Errorf("%s: %v, want 404", scheme, a)
		}
		want := scheme + ":// sources are off: set " + setting
		eventually(t, "the log says "+want, func() bool { return strings.Contains(s.logged(), want) })
	}
}

// An object that is replaced is seen when the freshness that it was stored with ends; one that was not is asked about and
// nothing is processed again.
func TestReplacedObject(t *testing.T) {
	for _, kind := range []string{"memory", "hybrid"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			there := storageS3(t, "pictures")
			s := start(t, append(there.asSources(), "CACHE_TYPE="+kind, "CACHE_DISK_PATH="+t.TempDir(), "STALE_WHILE_REVALIDATE=0")...)
			const path = "/_/w:100/plain/s3://pictures/a.jpg"
			short := bucket.PutOptions{ContentType: "image/jpeg", CacheControl: "max-age=1"}
			there.upload(t, "pictures", "a.jpg", version(t, 1), short)
			if v := versionOf(t, s.get(path)); v != 1 {
				t.Errorf("version %d, want 1", v)
			}
			until(time.Now().Add(1100 * time.Millisecond))
			again := s.get(path)
			if status := again.header.Get("Cache-Status"); status != "stillroom; fwd=stale; fwd-status=304; stored" {
				t.Errorf("unchanged: Cache-Status %q", status)
			}
			there.upload(t, "pictures", "a.jpg", version(t, 2), short)
			until(time.Now().Add(1100 * time.Millisecond))
			if v := versionOf(t, s.get(path)); v != 2 {
				t.Errorf("version %d after the freshness of version 1", v)
			}
			if n := s.metric("stillroom_fills_total"); n != 2 {
				t.Errorf("%v fills for two versions", n)
			}
		})
	}
}
