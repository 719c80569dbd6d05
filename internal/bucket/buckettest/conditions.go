package buckettest

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/fault"
)

func ranges(t *testing.T, s *suite) {
	body := Pattern(1000, 5)
	s.put(t, "a", body, bucket.PutOptions{ContentType: "image/png"})
	s.put(t, "empty", nil, bucket.PutOptions{})
	for _, c := range []struct{ offset, length, first, last int64 }{
		{0, 0, 0, 1000}, {0, 1, 0, 1}, {0, 1000, 0, 1000}, {0, 5000, 0, 1000},
		{999, 0, 999, 1000}, {10, 20, 10, 30}, {500, 0, 500, 1000}, {990, 100, 990, 1000},
		{0, math.MaxInt64, 0, 1000}, {1, math.MaxInt64, 1, 1000},
	} {
		got, info := s.get(t, "a", bucket.GetOptions{Range: bucket.Range{Offset: c.offset, Length: c.length}})
		if !bytes.Equal(got, body[c.first:c.last]) {
			t.Errorf("%d bytes from %d: %d bytes, want those from %d to %d", c.length, c.offset, len(got), c.first, c.last)
		}
		if info.Size != 1000 || info.ContentType != "image/png" {
			t.Errorf("%d bytes from %d: the object has %d bytes of %q; want 1000 of image/png", c.length, c.offset, info.Size, info.ContentType)
		}
	}
	if got, info := s.get(t, "empty", bucket.GetOptions{Range: bucket.Range{Length: 10}}); len(got) > 0 || info.Size != 0 {
		t.Errorf("the first bytes of nothing: %d of %d", len(got), info.Size)
	}
	for _, c := range []struct {
		key string
		r   bucket.Range
	}{{"a", bucket.Range{Offset: 1000}}, {"a", bucket.Range{Offset: 5000, Length: 1}}, {"empty", bucket.Range{Offset: 1}}} {
		_, err := s.Bucket.Get(t.Context(), c.key, bucket.GetOptions{Range: c.r})
		s.wantKind(t, err, fault.SourceMissing)
		if !errors.Is(err, bucket.ErrRange) || bucket.Absent(err) {
			t.Errorf("%s from %d: %v, want ErrRange", c.key, c.r.Offset, err)
		}
	}
	for _, r := range []bucket.Range{{Offset: -1}, {Length: -1}} {
		_, err := s.Bucket.Get(t.Context(), "a", bucket.GetOptions{Range: r})
		s.wantKind(t, err, fault.Internal)
	}
}

func conditions(t *testing.T, s *suite) {
	body := Pattern(100, 7)
	s.put(t, "a", body, bucket.PutOptions{CacheControl: "max-age=9"})
	info := s.stat(t, "a")
	hour := time.Hour
	for name, c := range map[string]struct {
		options   bucket.GetOptions
		unchanged bool
	}{
		"same tag":                    {bucket.GetOptions{IfNoneMatch: info.ETag}, true},
		"other tag":                   {bucket.GetOptions{IfNoneMatch: `"0123456789abcdef"`}, false},
		"weak tag":                    {bucket.GetOptions{IfNoneMatch: `W/"0"`}, false},
		"same second":                 {bucket.GetOptions{IfModifiedSince: info.LastModified}, true},
		"earlier":                     {bucket.GetOptions{IfModifiedSince: info.LastModified.Add(-hour)}, false},
		"same tag, though earlier":    {bucket.GetOptions{IfNoneMatch: info.ETag, IfModifiedSince: info.LastModified.Add(-hour)}, true},
		"other tag, though as recent": {bucket.GetOptions{IfNoneMatch: `"0123456789abcdef"`, IfModifiedSince: info.LastModified}, false},
		"same tag, part":              {bucket.GetOptions{IfNoneMatch: info.ETag, Range: bucket.Range{Length: 5}}, true},
	} {
		object, err := s.Bucket.Get(t.Context(), "a", c.options)
		if !c.unchanged {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			} else if got := read(t, object); !bytes.Equal(got, body) {
				t.Errorf("%s: %d bytes, want all", name, len(got))
			}
			continue
		}
		s.wantKind(t, err, fault.NotModified)
		if object == nil || object.Body != nil || object.Info.ETag != info.ETag {
			t.Errorf("%s: %+v, want an object without a body and the ETag %s", name, object, info.ETag)
		}
	}
	_, err := s.Bucket.Get(t.Context(), "b", bucket.GetOptions{IfNoneMatch: info.ETag})
	s.wantAbsent(t, err)
}

func ifAbsent(t *testing.T, s *suite) {
	options := bucket.PutOptions{IfAbsent: true, Metadata: map[string]string{"n": "1"}}
	s.put(t, "a", []byte("first"), options)
	_, err := s.Bucket.Put(t.Context(), "a", strings.NewReader("second"), 6, bucket.PutOptions{IfAbsent: true})
	s.wantKind(t, err, fault.NotModified)
	if !errors.Is(err, bucket.ErrExists) {
		t.Errorf("%v, want ErrExists", err)
	}
	if body, info := s.get(t, "a", bucket.GetOptions{}); string(body) != "first" || info.Metadata["n"] != "1" {
		t.Errorf("%q, %v; want the first object untouched", body, info.Metadata)
	}
	if err := s.Bucket.Delete(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if !s.Faults.DeletedExists {
		s.put(t, "a", []byte("third"), options)
	}
}

func ifAbsentAtOnce(t *testing.T, s *suite) {
	const writers = 8
	var stored, refused atomic.Int32
	var all sync.WaitGroup
	for i := range writers {
		all.Go(func() {
			body := Pattern(2000, byte(i))
			_, err := s.Bucket.Put(t.Context(), "a", bytes.NewReader(body), 2000, bucket.PutOptions{IfAbsent: true})
			switch {
			case err == nil:
				stored.Add(1)
			case errors.Is(err, bucket.ErrExists):
				refused.Add(1)
			default:
				t.Errorf("writer %d: %v", i, err)
			}
		})
	}
	all.Wait()
	if n := stored.Load(); n == 0 || n > 1 && !s.Faults.LooseIfAbsent || stored.Load()+refused.Load() != writers {
		t.Errorf("%d of %d writers succeeded and %d were refused; want one, and all others", n, writers, refused.Load())
	}
}

func versions(t *testing.T, s *suite) {
	first := s.put(t, "a", []byte("one"), bucket.PutOptions{})
	s.put(t, "a", []byte("two"), bucket.PutOptions{})
	_, err := s.Bucket.Get(t.Context(), "a", bucket.GetOptions{Version: "1234567890123"})
	s.wantAbsent(t, err)
	if !s.Faults.StatsLatest {
		_, err = s.Bucket.Stat(t.Context(), "a", "1234567890123")
		s.wantAbsent(t, err)
	}
	if !s.Versions {
		return
	}
	body, info := s.get(t, "a", bucket.GetOptions{Version: first.Version})
	if string(body) != "one" || info.Version != first.Version || info.ETag != first.ETag {
		t.Errorf("%q, %+v; want the first version", body, info)
	}
	if info, err := s.Bucket.Stat(t.Context(), "a", first.Version); !s.Faults.StatsLatest && (err != nil || info.ETag != first.ETag) {
		t.Errorf("stat: %+v, %v; want the first version", info, err)
	}
}
