package buckettest

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/fault"
)

func putGetStat(t *testing.T, s *suite) {
	body := Pattern(5000, 1)
	before := time.Now().Add(-2 * time.Second) // services count in seconds
	stored := s.put(t, "a/b.jpg", body, bucket.PutOptions{ContentType: "image/jpeg", CacheControl: "max-age=60, public"})
	got, info := s.get(t, "a/b.jpg", bucket.GetOptions{})
	if !bytes.Equal(got, body) {
		t.Errorf("%d bytes, want the %d that were put", len(got), len(body))
	}
	after := time.Now().Add(2 * time.Second)
	if info.LastModified.Before(before) || info.LastModified.After(after) || info.LastModified.Nanosecond() != 0 {
		t.Errorf("modified %v, want whole seconds between %v and %v", info.LastModified, before, after)
	}
	if !strings.HasPrefix(info.ETag, `"`) || !strings.HasSuffix(info.ETag, `"`) || len(info.ETag) < 3 {
		t.Errorf("ETag %s, want a strong one", info.ETag)
	}
	if (info.Version != "") != s.Versions {
		t.Errorf("version %q, but whether versions are kept is %t", info.Version, s.Versions)
	}
	want := bucket.Info{
		Size: 5000, ETag: stored.ETag, Version: stored.Version, LastModified: info.LastModified,
		ContentType: "image/jpeg", CacheControl: "max-age=60, public",
	}
	if s.Faults.NoCacheControl {
		want.CacheControl = ""
	}
	if diff := cmp.Diff(want, info, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("what get tells (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(info, s.stat(t, "a/b.jpg"), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("what stat tells (-get +stat):\n%s", diff)
	}
}

func absent(t *testing.T, s *suite) {
	s.put(t, "a", []byte("a"), bucket.PutOptions{})
	for _, key := range []string{"b", "a/b", "A"} {
		object, err := s.Bucket.Get(t.Context(), key, bucket.GetOptions{})
		s.wantAbsent(t, err)
		if object != nil {
			t.Errorf("%s: an object came with the error: %+v", key, object)
		}
		_, err = s.Bucket.Stat(t.Context(), key, "")
		s.wantAbsent(t, err)
	}
}

func replace(t *testing.T, s *suite) {
	first := s.put(t, "a", Pattern(300, 1), bucket.PutOptions{ContentType: "image/png", Metadata: map[string]string{"n": "1"}})
	second := s.put(t, "a", Pattern(300, 2), bucket.PutOptions{ContentType: "image/gif"})
	if first.ETag == second.ETag {
		t.Errorf("other bytes have the same ETag %s", first.ETag)
	}
	body, info := s.get(t, "a", bucket.GetOptions{})
	if !bytes.Equal(body, Pattern(300, 2)) || info.ETag != second.ETag {
		t.Errorf("ETag %s, want the new object, %s", info.ETag, second.ETag)
	}
	if info.ContentType != "image/gif" || len(info.Metadata) != 0 && !s.Faults.MergesMetadata {
		t.Errorf("%q, %v; want the new object's words only", info.ContentType, info.Metadata)
	}
}

func deletes(t *testing.T, s *suite) {
	s.put(t, "a/b", []byte("1"), bucket.PutOptions{Metadata: map[string]string{"n": "1"}})
	s.put(t, "a/c", []byte("2"), bucket.PutOptions{})
	for range 2 {
		if err := s.Bucket.Delete(t.Context(), "a/b"); err != nil {
			t.Fatalf("delete: %v", err)
		}
		_, err := s.Bucket.Get(t.Context(), "a/b", bucket.GetOptions{})
		s.wantAbsent(t, err)
	}
	for _, key := range []string{"never/was", "a/c/d"} {
		if err := s.Bucket.Delete(t.Context(), key); err != nil {
			t.Errorf("delete %s, which never was: %v", key, err)
		}
	}
	if body, _ := s.get(t, "a/c", bucket.GetOptions{}); string(body) != "2" {
		t.Errorf("its neighbour is %q", body)
	}
	if diff := cmp.Diff([]string{"a/c"}, s.listed(t, "", "", 0)); diff != "" {
		t.Errorf("listed (-want +got):\n%s", diff)
	}
	s.put(t, "a/b", []byte("3"), bucket.PutOptions{})
	if body, info := s.get(t, "a/b", bucket.GetOptions{}); string(body) != "3" || len(info.Metadata) != 0 {
		t.Errorf("put again: %q, %v", body, info.Metadata)
	}
}

func sizes(t *testing.T, s *suite) {
	for name, size := range map[string]int{"empty": 0, "one": 1, "odd": 64<<10 + 1, "large": 6 << 20} {
		want := Pattern(size, 3)
		info := s.put(t, name, want, bucket.PutOptions{ContentType: "image/webp"})
		got, after := s.get(t, name, bucket.GetOptions{})
		if !bytes.Equal(got, want) || info.Size != int64(size) || after.Size != int64(size) || s.stat(t, name).Size != int64(size) {
			t.Errorf("%s: %d bytes, %d and %d said; want %d", name, len(got), info.Size, after.Size, size)
		}
	}
}

func keys(t *testing.T, s *suite) {
	list := []string{
		"plain.jpg", "with space.jpg", "a+b&c=d;e.jpg", "100%.jpg", "%41.jpg", "%2e%2e/x", "ü/日本語/🍐.png", "e\u0301.jpg", "\u00e9.jpg",
		"question?mark=1", "hash#tag", "quote'\"`", "tilde~(star)*!@$,:", "<xml>&amp;", "a/b/c/d/e/f/g", "..dots/...", ".hidden", "UPPER", "upper",
		"trailing.", "very/" + strings.Repeat("long/", 100) + strings.Repeat("n", 200), "[brackets]{braces}|^",
	}
	if !s.Folders {
		list = append(list, "double//slash", "/leading", "folder/")
	}
	if !s.Faults.NoBackslash {
		list = append(list, `back\slash`)
	}
	for i, key := range list {
		s.put(t, key, []byte(key), bucket.PutOptions{Metadata: map[string]string{"n": string(rune('a' + i%26))}})
	}
	for i, key := range list {
		body, info := s.get(t, key, bucket.GetOptions{})
		if string(body) != key || info.Metadata["n"] != string(rune('a'+i%26)) {
			t.Errorf("%q holds %q, %v", key, body, info.Metadata)
		}
	}
	sorted := cmpopts.SortSlices(func(a, b string) bool { return a < b })
	if diff := cmp.Diff(list, s.listed(t, "", "", 0), sorted); diff != "" {
		t.Errorf("listed (-want +got):\n%s", diff)
	}
	for _, key := range list {
		if err := s.Bucket.Delete(t.Context(), key); err != nil {
			t.Errorf("delete %q: %v", key, err)
		}
	}
	if left := s.listed(t, "", "", 0); len(left) > 0 {
		t.Errorf("left after deleting: %q", left)
	}
}

func badKeys(t *testing.T, s *suite) {
	for _, key := range []string{
		"", ".", "..", "../a", "a/../b", "a/./b", "a/..", "a\x00b", "a\nb", "a\x7f", "\xff", strings.Repeat("k", bucket.MaxKey+1),
	} {
		_, err := s.Bucket.Get(t.Context(), key, bucket.GetOptions{})
		s.wantAbsent(t, err)
		_, err = s.Bucket.Stat(t.Context(), key, "")
		s.wantAbsent(t, err)
		_, err = s.Bucket.Put(t.Context(), key, strings.NewReader("x"), 1, bucket.PutOptions{})
		s.wantAbsent(t, err)
		s.wantAbsent(t, s.Bucket.Delete(t.Context(), key))
	}
	if left := s.listed(t, "", "", 0); len(left) > 0 {
		t.Errorf("stored all the same: %q", left)
	}
}

func words(t *testing.T, s *suite) {
	expires := time.Now().Add(2 * time.Hour).UTC().Truncate(time.Second)
	for name, options := range map[string]bucket.PutOptions{
		"all": {
			ContentType: "text/plain; charset=utf-8", CacheControl: "no-cache", Expires: expires,
			Metadata: map[string]string{"a": "1", "cache-tag": "x, y", "k9": `~!@#$%^&*()_+-={}[]:";'<>?,./|\`},
		},
		"many":  {Metadata: most(s.Reserved)},
		"empty": {ContentType: "application/octet-stream"},
	} {
		s.put(t, name, []byte("body"), options)
		_, got := s.get(t, name, bucket.GetOptions{})
		if s.Faults.NoCacheControl {
			options.CacheControl = ""
		}
		if diff := cmp.Diff(options.Metadata, got.Metadata, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: metadata (-want +got):\n%s", name, diff)
		}
		if options.ContentType != "" && got.ContentType != options.ContentType || got.CacheControl != options.CacheControl {
			t.Errorf("%s: %q, %q; want %q, %q", name, got.ContentType, got.CacheControl, options.ContentType, options.CacheControl)
		}
		if diff := cmp.Diff(got, s.stat(t, name), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: what stat tells (-get +stat):\n%s", name, diff)
		}
	}
}

// most is as much metadata as there may be where the bucket needs some bytes for itself.
func most(reserved int) map[string]string {
	metadata := map[string]string{}
	for left := bucket.MaxMetadata - reserved; left > 0; {
		name := string(rune('a' + len(metadata)))
		value := strings.Repeat("v", min(bucket.MaxValue, left-len(name)))
		metadata[name] = value
		left -= len(name) + len(value)
	}
	return metadata
}

func badWords(t *testing.T, s *suite) {
	for name, options := range map[string]bucket.PutOptions{
		"upper case":     {Metadata: map[string]string{"Name": "v"}},
		"underscore":     {Metadata: map[string]string{"a_b": "v"}},
		"digit first":    {Metadata: map[string]string{"1a": "v"}},
		"hyphen last":    {Metadata: map[string]string{"a-": "v"}},
		"no name":        {Metadata: map[string]string{"": "v"}},
		"not ASCII":      {Metadata: map[string]string{"a": "ü"}},
		"control":        {Metadata: map[string]string{"a": "b\r\nc: d"}},
		"outer space":    {Metadata: map[string]string{"a": " b"}},
		"too long":       {Metadata: map[string]string{"a": strings.Repeat("v", bucket.MaxValue+1)}},
		"too much":       {Metadata: func() map[string]string { m := most(s.Reserved); m["more"] = "v"; return m }()},
		"content type":   {ContentType: "image/png\r\nx: y"},
		"cache control":  {CacheControl: "max-age=\x00"},
		"content type 2": {ContentType: "image/ü"},
	} {
		_, err := s.Bucket.Put(t.Context(), name, strings.NewReader("x"), 1, options)
		s.wantKind(t, err, fault.Internal)
		_, err = s.Bucket.Stat(t.Context(), name, "")
		s.wantAbsent(t, err)
	}
}

func bodyFromStart(t *testing.T, s *suite) {
	body := bytes.NewReader([]byte("0123456789"))
	if _, err := body.Seek(4, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Bucket.Put(t.Context(), "a", body, 10, bucket.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	if got, _ := s.get(t, "a", bucket.GetOptions{}); string(got) != "0123456789" {
		t.Errorf("stored %q, want the body from its start", got)
	}
}

func bodyOfAnotherSize(t *testing.T, s *suite) {
	s.put(t, "a", []byte("old"), bucket.PutOptions{})
	for _, size := range []int64{-1, 0, 4, 6} {
		_, err := s.Bucket.Put(t.Context(), "a", strings.NewReader("12345"), size, bucket.PutOptions{})
		s.wantKind(t, err, fault.Internal)
	}
	if got, _ := s.get(t, "a", bucket.GetOptions{}); string(got) != "old" {
		t.Errorf("now %q, want the old object untouched", got)
	}
}
