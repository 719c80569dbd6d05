package buckettest_test

import (
	"strings"
	"testing"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/buckettest"
)

func TestMemory(t *testing.T) {
	buckettest.Run(t, func(t *testing.T) buckettest.Harness { return memory(t) })
}

func TestPrefixed(t *testing.T) {
	buckettest.Run(t, func(t *testing.T) buckettest.Harness {
		h := memory(t)
		h.Bucket = bucket.Prefixed(h.Bucket, "some folder/and-")
		h.Missing = bucket.Prefixed(h.Missing, "some folder/and-")
		return h
	})
}

// What is no key is none because of a prefix either, though with that it may look like one, and be one.
func TestPrefixedKeys(t *testing.T) {
	inner := memory(t).Bucket
	for _, key := range []string{"folder/", "folder/-.."} {
		if _, err := inner.Put(t.Context(), key, strings.NewReader("1"), 1, bucket.PutOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	for prefix, key := range map[string]string{"folder/": "", "folder/-": ".."} {
		b := bucket.Prefixed(inner, prefix)
		_, get := b.Get(t.Context(), key, bucket.GetOptions{})
		_, stat := b.Stat(t.Context(), key, "")
		_, put := b.Put(t.Context(), key, strings.NewReader("2"), 1, bucket.PutOptions{})
		for _, err := range []error{get, stat, put, b.Delete(t.Context(), key)} {
			if !bucket.Absent(err) {
				t.Errorf("%q behind %q: %v, want that no object has such a key", key, prefix, err)
			}
		}
	}
	if bucket.Prefixed(inner, "") != inner {
		t.Error("no prefix wraps")
	}
}

func memory(t *testing.T) buckettest.Harness {
	t.Helper()
	m := buckettest.NewMemory("pictures")
	there, err := m.Open("pictures")
	if err != nil {
		t.Fatal(err)
	}
	missing, err := m.Open("missing")
	if err != nil {
		t.Fatal(err)
	}
	return buckettest.Harness{Bucket: there, Missing: missing, Versions: true}
}
