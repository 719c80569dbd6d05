package object

import (
	"bytes"
	"io"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/cache/cachetest"
)

// asItStands looks at the object as a CDN in front of the bucket would.
func asItStands(t *testing.T, c Config) {
	s := open(t, c)
	e := cachetest.Entry(1, 4000)
	stored(t, s, cachetest.Key(1), e)
	object, err := c.Bucket.Get(t.Context(), folder(c.Prefix)+"v1.1/01/010000ce"+zeros(56), bucket.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer object.Body.Close()
	body, err := io.ReadAll(object.Body)
	if err != nil || !bytes.Equal(body, e.Body.Bytes()) {
		t.Errorf("%d bytes, %v; want the body of the entry and nothing else", len(body), err)
	}
	info := object.Info
	if info.ContentType != "image/webp" || info.ContentEncoding != "" {
		t.Errorf("type %q, coding %q; want image/webp and none", info.ContentType, info.ContentEncoding)
	}
	switch info.CacheControl {
	case "public, max-age=600", "public, max-age=599", "public, max-age=598", "public, max-age=597":
	default:
		t.Errorf("Cache-Control: %s; want public for the ten minutes that the entry is fresh", info.CacheControl)
	}
}

func zeros(n int) string { return string(bytes.Repeat([]byte("0"), n)) }

func TestCacheControl(t *testing.T) {
	now := time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)
	for _, c := range []struct {
		fresh   time.Duration
		private bool
		want    string
	}{
		{time.Hour, false, "public, max-age=3600"},
		{1900 * time.Millisecond, false, "public, max-age=1"},
		{900 * time.Millisecond, false, "public, no-cache"},
		{-time.Hour, false, "public, no-cache"},
		{time.Hour, true, "private, max-age=3600"},
		{0, true, "private, no-cache"},
	} {
		m := cache.Meta{Private: c.private, Clocks: cache.Clocks{Fresh: now.Add(c.fresh)}}
		if got := cacheControl(&m, now); got != c.want {
			t.Errorf("fresh for %v, private %t: %q, want %q", c.fresh, c.private, got, c.want)
		}
	}
}

// What a source says of itself must not keep its picture from being stored.
func TestStrangeType(t *testing.T) {
	b := memory(t)
	s := open(t, Config{Bucket: b, Timeout: patience})
	for text, want := range map[string]string{
		"image/x-ünïcode": "", "image/x-own ": "image/x-own", "a/b\nc": "", `image/x;q="1"`: `image/x;q="1"`,
	} {
		e := cachetest.Entry(1, 10)
		e.ContentType = text
		stored(t, s, cachetest.Key(1), e)
		found(t, s, cachetest.Key(1), e)
		info, err := b.Stat(t.Context(), objectName(cachetest.Key(1)), "")
		if err != nil || info.ContentType != want {
			t.Errorf("%q: %q, %v; want %q", text, info.ContentType, err, want)
		}
	}
}
