package cache_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/cache/cachetest"
	"github.com/stillroom/stillroom/internal/format"
)

// fill sets every field of a value to something that is not zero, so that one which is forgotten shows.
func fill(v reflect.Value, seed *int) {
	*seed++
	switch x := v.Addr().Interface().(type) {
	case *time.Time:
		*x = time.Unix(1_700_000_000, 0).UTC().Add(time.Duration(*seed) * time.Millisecond)
		return
	case *format.Format:
		*x = format.Format(*seed%int(format.ICO) + 1)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), seed)
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), seed)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fill(v.Index(i), seed)
		}
	case reflect.String:
		v.SetString(strings.Repeat("x", *seed))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Uint8:
		v.SetUint(uint64(*seed % 256))
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*seed) * 1_000_003)
	default:
		panic("a kind of field that the test does not know: " + v.Kind().String())
	}
}

func TestMetaKeepsEveryField(t *testing.T) {
	var want cache.Meta
	seed := 0
	fill(reflect.ValueOf(&want).Elem(), &seed)
	for name, m := range map[string]cache.Meta{"all": want, "zero": {}, "usual": cachetest.Entry(1, 10).Meta} {
		got, err := cache.ParseMeta(cache.AppendMeta(nil, &m))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(m, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if got.LastModified.IsZero() != m.LastModified.IsZero() {
			t.Errorf("%s: a zero time is not zero any more", name)
		}
	}
}

func FuzzParseMeta(f *testing.F) {
	f.Add(cache.AppendMeta(nil, &cache.Meta{}))
	f.Add(cache.AppendMeta(nil, &cachetest.Entry(1, 10).Meta))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := cache.ParseMeta(b)
		if err != nil {
			return
		}
		again, err := cache.ParseMeta(cache.AppendMeta(nil, &m))
		if err != nil {
			t.Fatalf("what was read cannot be written and read: %v", err)
		}
		if diff := cmp.Diff(m, again, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("it changes:\n%s", diff)
		}
	})
}
