package buckettest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/fault"
)

// list has keys whose order as bytes differs from that of folders, of letters and of numbers.
func list(t *testing.T, s *suite) {
	all := []string{"B", "a-b", "a.b/c", "a/a", "a/b/1", "a/b/10", "a/b/2", "a/c", "a0", "ab", "b", "é"}
	for i, key := range all {
		s.put(t, key, Pattern(i, 0), bucket.PutOptions{Metadata: map[string]string{"n": "1"}})
	}
	for _, c := range []struct {
		prefix, after string
		limit         int
		want          []string
	}{
		{"", "", 0, all},
		{"", "", 3, all[:3]},
		{"", "a/b/1", 0, all[5:]},
		{"", "a/b/1", 2, all[5:7]},
		{"", "a/b/11", 0, all[6:]}, // one that is not there
		{"", "a/b", 0, all[4:]},    // a folder, to some
		{"", "é", 0, nil},
		{"a/", "", 0, all[3:8]},
		{"a", "", 0, all[1:10]},
		{"a/b/1", "", 0, all[4:6]},
		{"a/b/1", "a/b/1", 0, all[5:6]},
		{"a/", "a/b/2", 0, all[7:8]},
		{"a/", "B", 0, all[3:8]}, // before the prefix
		{"a/", "b", 0, nil},      // behind it
		{"none", "", 0, nil},
	} {
		want := append([]string{}, c.want...)
		if diff := cmp.Diff(want, s.listed(t, c.prefix, c.after, c.limit)); diff != "" {
			t.Errorf("prefix %q, after %q, limit %d (-want +got):\n%s", c.prefix, c.after, c.limit, diff)
		}
	}
	var seen []string
	err := s.Bucket.List(t.Context(), "", "", 0, func(key string, info bucket.Info) bool {
		if stat := s.stat(t, key); info.Size != stat.Size || info.ETag != stat.ETag || info.LastModified.Unix() != stat.LastModified.Unix() {
			t.Errorf("%s: listed as %+v, stat says %+v", key, info, stat)
		}
		seen = append(seen, key)
		return len(seen) < 4
	})
	if diff := cmp.Diff(all[:4], seen); err != nil || diff != "" {
		t.Errorf("stopped at the fourth: %v (-want +got):\n%s", err, diff)
	}
}

// listGoesOn has more objects than the pages of a backend whose page was made small for the test.
func listGoesOn(t *testing.T, s *suite) {
	var want []string
	for i := range 23 {
		key := fmt.Sprintf("k/%02d", i)
		s.put(t, key, []byte(key), bucket.PutOptions{})
		want = append(want, key)
	}
	if diff := cmp.Diff(want, s.listed(t, "k", "", 0)); diff != "" {
		t.Errorf("all (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want[3:18], s.listed(t, "", "k/02", 15)); diff != "" {
		t.Errorf("15 (-want +got):\n%s", diff)
	}
}

func missingBucket(t *testing.T, s *suite) {
	b := s.Missing
	if b == nil {
		return // the harness says that there is no such thing
	}
	_, err := b.Get(t.Context(), "a", bucket.GetOptions{})
	s.wantAbsent(t, err)
	_, err = b.Stat(t.Context(), "a", "")
	s.wantAbsent(t, err)
	_, err = b.Put(t.Context(), "a", strings.NewReader("x"), 1, bucket.PutOptions{})
	s.wantAbsent(t, err)
	s.wantAbsent(t, b.List(t.Context(), "", "", 0, func(string, bucket.Info) bool { return true }))
	if err := b.Delete(t.Context(), "a"); err != nil {
		s.wantAbsent(t, err)
	}
}

func cancelledBefore(t *testing.T, s *suite) {
	s.put(t, "a", []byte("a"), bucket.PutOptions{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Bucket.Get(ctx, "a", bucket.GetOptions{})
	s.wantKind(t, err, fault.Canceled)
	_, err = s.Bucket.Stat(ctx, "a", "")
	s.wantKind(t, err, fault.Canceled)
	_, err = s.Bucket.Put(ctx, "b", strings.NewReader("x"), 1, bucket.PutOptions{})
	s.wantKind(t, err, fault.Canceled)
	s.wantKind(t, s.Bucket.Delete(ctx, "a"), fault.Canceled)
	s.wantKind(t, s.Bucket.List(ctx, "", "", 0, func(string, bucket.Info) bool { return true }), fault.Canceled)
	if diff := cmp.Diff([]string{"a"}, s.listed(t, "", "", 0)); diff != "" {
		t.Errorf("something happened (-want +got):\n%s", diff)
	}
}

func cancelledWhileReading(t *testing.T, s *suite) {
	s.put(t, "a", Pattern(1<<20, 1), bucket.PutOptions{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	object, err := s.Bucket.Get(ctx, "a", bucket.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(object.Body, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	cancel()
	_, err = io.Copy(io.Discard, object.Body)
	s.wantKind(t, err, fault.Canceled)
	_ = object.Body.Close() // an error is as good as none by now
}

func closedUnread(t *testing.T, s *suite) {
	s.put(t, "a", Pattern(1<<20, 1), bucket.PutOptions{})
	for range 3 {
		object, err := s.Bucket.Get(t.Context(), "a", bucket.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if err := object.Body.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		if n, err := object.Body.Read(make([]byte, 10)); n > 0 || err == nil {
			t.Errorf("read after close: %d bytes, %v", n, err)
		}
	}
}

// allAtOnce writes, reads and deletes few keys from many goroutines: whatever is found must be whole and its own.
func allAtOnce(t *testing.T, s *suite) {
	var wg sync.WaitGroup
	for g := range 6 {
		wg.Go(func() {
			for i := range 12 {
				key := fmt.Sprintf("k/%d", (g+i)%3)
				size := 1000 + (g+i)%3
				var err error
				switch i % 4 {
				case 0:
					body := Pattern(size, byte(g))
					_, err = s.Bucket.Put(t.Context(), key, bytes.NewReader(body), int64(size), bucket.PutOptions{})
				case 3:
					err = s.Bucket.Delete(t.Context(), key)
				default:
					err = whole(t, s.Bucket, key, size)
				}
				if err != nil && !bucket.Absent(err) {
					t.Errorf("%s: %v", key, err)
				}
			}
		})
	}
	wg.Wait()
}

// whole checks that an object is one of those that allAtOnce puts.
func whole(t *testing.T, b bucket.Bucket, key string, size int) error {
	object, err := b.Get(t.Context(), key, bucket.GetOptions{})
	if err != nil {
		return err
	}
	defer object.Body.Close()
	body, err := io.ReadAll(object.Body)
	if err != nil {
		return err
	}
	if len(body) != size || !bytes.Equal(body, Pattern(size, body[0])) {
		t.Errorf("%s: %d bytes that nobody put", key, len(body))
	}
	return nil
}
