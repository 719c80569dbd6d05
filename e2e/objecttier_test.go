package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/buckettest"
	"github.com/stillroom/stillroom/internal/bucket/filesystem"
	"github.com/stillroom/stillroom/internal/processtest"
)

// asTier returns the settings with which a server keeps results in a bucket of it. The test decides what is slow: reads
// have all the time that a busy machine may need.
func (s storage) asTier(name string) []string {
	settings := []string{"CACHE_USE=" + s.adapter, "CACHE_BUCKET=" + name, "CACHE_OBJECT_TIMEOUT=10s"}
	for _, setting := range s.settings {
		settings = append(settings, "CACHE_"+setting)
	}
	return settings
}

// storageFS is a folder.
func storageFS(t *testing.T, buckets ...string) storage {
	t.Helper()
	root := t.TempDir()
	for _, name := range buckets {
		buckettest.Folder(t, root, name)
	}
	opener, err := filesystem.New(filesystem.Config{Root: root})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { opener.Close() })
	return storage{opener, "", "fs", "", []string{"FS_ROOT=" + root}}
}

// keys returns the keys of a bucket.
func (s storage) keys(t *testing.T, name string) []string {
	t.Helper()
	b, err := s.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	err = b.List(t.Context(), "", "", 0, func(key string, _ bucket.Info) bool {
		keys = append(keys, key)
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// ready waits until the server has read the purges in its bucket, without which it takes nothing from there.
func (s *server) ready() {
	s.t.Helper()
	eventually(s.t, "the purges in the bucket are known", func() bool { return s.metric("stillroom_cache_ready") == 1 })
}

// written returns how many entries were written to the object tier.
func (s *server) written() float64 {
	s.t.Helper()
	return s.metric("stillroom_cache_write_duration_seconds_count", `cache_type="object"`)
}

// writes waits until so many entries are written to the object tier.
func (s *server) writes(n float64) {
	s.t.Helper()
	eventually(s.t, "everything is written", func() bool { return s.written() >= n })
}

// sharesResults tests that what one node made every other one finds, under memory or alone.
func sharesResults(t *testing.T, there storage) {
	t.Helper()
	source := newOrigin(t, says("max-age=600", version(t, 1)))
	path := "/_/w:100/plain/" + source.URL + "/a.jpg"
	settings := append(there.asTier("results"), "CACHE_PATH_PREFIX=/pictures/")

	first := start(t, settings...)
	made := first.get(path)
	first.writes(1)
	for _, upper := range []string{"memory", "none"} {
		second := start(t, append(slices.Clone(settings), "CACHE_TYPE="+upper)...)
		second.ready()
		found, again := second.get(path), second.get(path)
		if !bytes.Equal(found.body, made.body) || found.header.Get("ETag") != made.header.Get("ETag") || found.status != http.StatusOK {
			t.Errorf("%s: the other node answers %v with %d bytes, want the first one's %d", upper, found, len(found.body), len(made.body))
		}
		for n, want := range []string{"object", map[string]string{"memory": "memory", "none": "object"}[upper]} {
			if status := []answer{found, again}[n].header.Get("Cache-Status"); !strings.HasPrefix(status, "stillroom; hit;") || !strings.HasSuffix(status, "detail="+want) {
				t.Errorf("%s: Cache-Status %q, want a hit in %s", upper, status, want)
			}
		}
		if n := second.metric("stillroom_fills_total"); n != 0 {
			t.Errorf("%s: %v fills at the other node", upper, n)
		}
		if n := second.metric("cache_hits_total", `cache_type="object"`); n < 1 {
			t.Errorf("%s: %v hits are counted for the object tier", upper, n)
		}
		if a := second.get(path, "If-None-Match", made.header.Get("ETag")); a.status != http.StatusNotModified {
			t.Errorf("%s: %v, want 304", upper, a)
		}
	}
	for _, key := range there.keys(t, "results") {
		if !strings.HasPrefix(key, "pictures/") {
			t.Errorf("%s is outside of the prefix", key)
		}
	}
	if n := source.fetches.Load(); n != 1 {
		t.Errorf("the source was asked %d times, want once", n)
	}
}

// What is queued when a server is told to stop is written before it ends.
func TestStoppingWritesTheQueue(t *testing.T) {
	there := storageS3(t, "results")
	source := newOrigin(t, says("max-age=600", version(t, 1)))
	first := start(t, there.asTier("results")...)
	const n = 20
	paths := make([]string, n)
	for i := range paths {
		paths[i] = "/_/w:100/cb:" + string(rune('a'+i)) + "/plain/" + source.URL + "/a.jpg"
		versionOf(t, first.get(paths[i]))
	}
	eventually(t, "everything is queued", func() bool { return first.metric("stillroom_cache_queue_entries")+first.written() >= n })
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}
	second := start(t, there.asTier("results")...)
	second.ready()
	for _, path := range paths {
		if status := second.get(path).header.Get("Cache-Status"); !strings.HasSuffix(status, "detail=object") {
			t.Errorf("Cache-Status %q, want a hit in the bucket", status)
		}
	}
}

// A bucket that is away, or that there is not, costs hits and nothing else.
func TestObjectTierAway(t *testing.T) {
	for name, settings := range map[string][]string{
		"nobody listens": {"CACHE_USE=s3", "CACHE_BUCKET=results", "CACHE_S3_ENDPOINT=http://127.0.0.1:" + processtest.FreePort(t),
			"CACHE_S3_ACCESS_KEY_ID=a", "CACHE_S3_SECRET_ACCESS_KEY=b"},
		"no such bucket": storageS3(t).asTier("results"),
	} {
		t.Run(name, func(t *testing.T) {
			source := newOrigin(t, says("max-age=600", version(t, 1)))
			s := start(t, append(settings, "CACHE_OBJECT_DRAIN_TIMEOUT=100ms")...)
			path := "/_/w:100/plain/" + source.URL + "/a.jpg"
			began := time.Now()
			for range 3 {
				if v := versionOf(t, s.get(path)); v != 1 {
					t.Errorf("version %d, want 1", v)
				}
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("three answers took %v", took)
			}
			if n := s.metric("stillroom_fills_total"); n != 1 {
				t.Errorf("%v fills, want 1: memory keeps the result", n)
			}
			response, err := s.ask(http.MethodGet, "/readyz", nil)
			if err != nil {
				t.Fatal(err)
			}
			if response.Body.Close(); response.StatusCode != http.StatusOK {
				t.Errorf("readiness: %s, want 200", response.Status)
			}
			if err := s.stop(); err != nil {
				t.Errorf("stopping: %v", err)
			}
		})
	}
}

// An operator who wants to know of a bucket in trouble is told with each answer that memory does not give.
func TestObjectTierReportsErrors(t *testing.T) {
	source := newOrigin(t, says("max-age=600", version(t, 1)))
	path := "/_/w:100/plain/" + source.URL + "/a.jpg"
	well := start(t, append(storageS3(t, "results").asTier("results"), "CACHE_REPORT_ERRORS=true")...)
	if v := versionOf(t, well.get(path)); v != 1 {
		t.Errorf("version %d, want 1", v)
	}
	ill := start(t, append(storageS3(t).asTier("results"), "CACHE_REPORT_ERRORS=true", "CACHE_OBJECT_DRAIN_TIMEOUT=100ms")...)
	for range 10 {
		if a := ill.get(path); a.status != http.StatusInternalServerError {
			t.Errorf("%v, want 500", a)
		}
	}
	if n := source.fetches.Load(); n != 1 {
		t.Errorf("the source was asked %d times, want once", n)
	}
}

// What an object was turned into by somebody else is a miss, and the picture is made anew.
func TestDamagedObject(t *testing.T) {
	there := storageFS(t, "results")
	source := newOrigin(t, says("max-age=600", version(t, 1)))
	path := "/_/w:100/plain/" + source.URL + "/a.jpg"
	settings := append(there.asTier("results"), "CACHE_TYPE=none")
	first := start(t, settings...)
	made := first.get(path)
	first.writes(1)
	root := strings.TrimPrefix(there.settings[0], "FS_ROOT=")
	for _, key := range there.keys(t, "results") {
		if err := os.WriteFile(filepath.Join(root, "results", key), []byte("not a picture"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	second := start(t, settings...)
	second.ready()
	if a := second.get(path); !bytes.Equal(a.body, made.body) || !strings.Contains(a.header.Get("Cache-Status"), "fwd=uri-miss") {
		t.Errorf("%v, Cache-Status %q, want the picture, made anew", a, a.header.Get("Cache-Status"))
	}
	if n := second.metric("stillroom_cache_damaged_total", `cache_type="object"`); n < 1 {
		t.Errorf("%v damaged objects are counted", n)
	}
}

// The admin API shows the tier beside the others.
func TestObjectTierIsShown(t *testing.T) {
	there := storageFS(t, "results")
	source := newOrigin(t, says("max-age=600", version(t, 1)))
	path := "/_/w:100/plain/" + source.URL + "/a.jpg"
	s := start(t, there.asTier("results")...)
	s.ready()
	s.get(path)
	s.writes(1)
	read := func(at string, into any) string {
		t.Helper()
		response, err := s.ask(http.MethodGet, at, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err == nil {
			err = json.Unmarshal(text, into)
		}
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	var stats struct {
		Tiers []struct {
			Name    string
			Pending *struct {
				Max int64 `json:"max_entries"`
			}
		}
	}
	text := read("/v1/stats", &stats)
	if len(stats.Tiers) != 3 || stats.Tiers[1].Name != "object" || stats.Tiers[1].Pending == nil || stats.Tiers[1].Pending.Max != 1024 || stats.Tiers[0].Pending != nil {
		t.Errorf("stats show %s, want memory, object with what is pending, source", text)
	}
	var explained struct {
		Cache struct {
			Tiers []struct {
				Tier  string
				Entry *struct{}
			}
		}
	}
	text = read("/v1/explain?url="+path, &explained)
	if tiers := explained.Cache.Tiers; len(tiers) != 2 || tiers[1].Tier != "object" || tiers[1].Entry == nil {
		t.Errorf("explain shows %s, want memory and object, which holds it", text)
	}
}

// A folder that cannot be used stops the start, as with the disk tier.
func TestObjectTierFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, text := refused(t, native([]string{"CACHE_USE=fs", "CACHE_FS_ROOT=" + filepath.Join(file, "results")})...)
	if !strings.Contains(text, "Failed to initialize cache") || !strings.Contains(text, "STILLROOM_CACHE_FS_ROOT") {
		t.Errorf("it says %s", text)
	}
}
