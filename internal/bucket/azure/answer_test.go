package azure

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/buckettest"
	"github.com/stillroom/stillroom/internal/bucket/remote"
	"github.com/stillroom/stillroom/internal/fault"
)

// An object may change between the answer that it has not and the question what it is then. Who was told the new ETag as that
// of the old bytes would keep those for good.
func TestChangedAfterAll(t *testing.T) {
	changed := time.Now().UTC().Truncate(time.Second)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-Modified-Since") != "" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("ETag", `"new"`)
		w.Header().Set("Last-Modified", remote.FormatTime(changed))
		if r.Method == http.MethodGet {
			_, _ = io.WriteString(w, "new")
		}
	}))
	defer server.Close()
	b := buckettest.Open(t, opener(t, ours(server.URL+"/n")), "pictures")
	object, err := b.Get(t.Context(), "a", bucket.GetOptions{IfModifiedSince: changed.Add(-time.Hour)})
	if err != nil || object.Info.ETag != `"new"` {
		t.Fatalf("%+v, %v; want the new object", object, err)
	}
	defer object.Body.Close()
	if body, err := io.ReadAll(object.Body); err != nil || string(body) != "new" {
		t.Errorf("%q, %v", body, err)
	}
}

// What is no name of a version names none.
func TestVersionThatIsNone(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Ms-Error-Code", "InvalidQueryParameterValue")
		w.WriteHeader(http.StatusBadRequest)
	}))
	defer server.Close()
	b := buckettest.Open(t, opener(t, ours(server.URL+"/n")), "pictures")
	for version, absent := range map[string]bool{"": false, "x": true} {
		_, get := b.Get(t.Context(), "a", bucket.GetOptions{Version: version})
		_, stat := b.Stat(t.Context(), "a", version)
		if bucket.Absent(get) != absent || bucket.Absent(stat) != absent || !fault.Is(get, fault.SourceMissing) {
			t.Errorf("version %q: %v and %v, want absent: %t", version, get, stat, absent)
		}
	}
}
