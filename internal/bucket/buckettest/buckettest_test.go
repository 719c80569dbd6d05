package buckettest_test

import (
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
