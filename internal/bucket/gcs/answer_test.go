package gcs

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/buckettest"
)

// Google compresses for whoever says that they take it. Objects that are stored compressed have to be asked for like that;
// nothing else has.
func TestWhatTheServiceCompresses(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out := io.Writer(w)
		if r.Header.Get("Accept-Encoding") == "gzip" {
			w.Header().Set("Content-Encoding", "gzip")
			zipped := gzip.NewWriter(w)
			defer zipped.Close()
			out = zipped
		}
		switch {
		case r.URL.Path == "/pictures/zipped": // is stored like that
			_, _ = io.WriteString(out, "hello")
		case r.Method == http.MethodPost:
			_, _ = io.WriteString(out, `{"generation":"7"}`)
		case strings.HasPrefix(r.URL.Path, "/storage/v1/"):
			_, _ = io.WriteString(out, `{"items":[{"name":"a"}]}`)
		default:
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(out, `<Error><Code>AccessDenied</Code></Error>`)
		}
	}))
	defer server.Close()
	b := buckettest.Open(t, opener(t, Config{Endpoint: server.URL}), "pictures")
	if info, err := b.Put(t.Context(), "a", strings.NewReader("a"), 1, bucket.PutOptions{}); err != nil || info.Version != "7" {
		t.Errorf("put: %+v, %v", info, err)
	}
	var keys []string
	err := b.List(t.Context(), "", "", 0, func(key string, _ bucket.Info) bool { keys = append(keys, key); return true })
	if diff := cmp.Diff([]string{"a"}, keys); err != nil || diff != "" {
		t.Errorf("list: %v (-want +got):\n%s", err, diff)
	}
	if _, err := b.Get(t.Context(), "a", bucket.GetOptions{}); err == nil || !strings.Contains(err.Error(), "403 (AccessDenied)") {
		t.Errorf("get: %v, want the service's word for it", err)
	}
	object, err := b.Get(t.Context(), "zipped", bucket.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer object.Body.Close()
	unzipped, err := gzip.NewReader(object.Body)
	if err != nil || object.Info.ContentEncoding != "gzip" {
		t.Errorf("%v, %q; want it as it is stored", err, object.Info.ContentEncoding)
	} else if body, err := io.ReadAll(unzipped); err != nil || string(body) != "hello" {
		t.Errorf("%q, %v", body, err)
	}
}
