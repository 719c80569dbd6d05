package object

import (
	"bytes"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/buckettest"
	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/cache/cachetest"
)

// spoil is an object that is no entry, or not the right one.
type spoil struct {
	name   string
	body   []byte
	values map[string]string
	want   Damage
	reason string
}

func spoils(t *testing.T) []spoil {
	t.Helper()
	e := lasting(1, 1000)
	body := e.Body.Bytes()
	values := func(key cache.Key, e *cache.Entry) map[string]string {
		h, ok := makeHead(key, &e.Meta, e.Body.Bytes(), 0)
		if !ok {
			t.Fatal("it does not fit")
		}
		return metadata(h)
	}
	ours := values(cachetest.Key(1), e)
	flipped := bytes.Clone(body)
	flipped[700] ^= 4
	return []spoil{
		{"empty", nil, nil, Foreign, "none of ours"},
		{"empty, with our metadata", nil, ours, Truncated, "0 bytes of 1000"},
		{"cut", body[:999], ours, Truncated, "999 bytes of 1000"},
		{"longer", append(bytes.Clone(body), 1), ours, Foreign, "1001 bytes"},
		{"a flipped bit", flipped, ours, Flipped, "its sum"},
		{"somebody's", buckettest.Pattern(1000, 1), map[string]string{"owner": "somebody"}, Foreign, "none of ours"},
		{"another entry's", body, values(cachetest.Key(2), e), Foreign, "another entry's"},
		{"another body of the same size", lasting(2, 1000).Body.Bytes(), ours, Flipped, "its sum"},
		{"no base64", body, map[string]string{"still1": "!"}, Flipped, "base64url"},
	}
}

func TestDamage(t *testing.T) {
	for name, b := range map[string]bucket.Bucket{"memory": memory(t), "filesystem": folderBucket(t, t.TempDir())} {
		for _, c := range spoils(t) {
			t.Run(name+"/"+c.name, func(t *testing.T) {
				o := &told{}
				s := open(t, Config{Bucket: b, Timeout: patience, Observer: o})
				key := cachetest.Key(1)
				_, err := b.Put(t.Context(), objectName(key), bytes.NewReader(c.body), int64(len(c.body)),
					bucket.PutOptions{Metadata: c.values})
				if err != nil {
					t.Fatal(err)
				}
				missing(t, s, key, c.reason)
				s.idle(key)
				if _, err := b.Stat(t.Context(), objectName(key), ""); !bucket.Absent(err) {
					t.Errorf("it is still there: %v", err)
				}
				missing(t, s, key, "not in the bucket")
				want := []string{"read damaged 0", "damaged " + c.want.String(), "read absent 0"}
				if diff := cmp.Diff(want, o.take()); diff != "" {
					t.Errorf("the observer is told (-want +got):\n%s", diff)
				}
				if s.Stats().Suspended {
					t.Error("the bucket is left alone, although it works")
				}
			})
		}
	}
}

// The damage may also be on the way, and in what the service says.
func TestDamageOnTheWay(t *testing.T) {
	whole := lasting(1, 1000).Body.Bytes()
	for name, c := range map[string]struct {
		change func(o *bucket.Object)
		reason string
	}{
		"size not told, shorter": {unsized(whole[:900]), "900 bytes of 1000"},
		"size not told, empty":   {unsized(nil), "0 bytes of 1000"},
		"size not told, longer":  {unsized(append(bytes.Clone(whole), 1)), "more than 1000"},
		"metadata lost":          {func(o *bucket.Object) { o.Info.Metadata = nil }, "none of ours"},
	} {
		t.Run(name, func(t *testing.T) {
			b := &hooked{Bucket: memory(t), change: c.change}
			s := open(t, Config{Bucket: b, Timeout: patience})
			stored(t, s, cachetest.Key(1), lasting(1, 1000))
			missing(t, s, cachetest.Key(1), c.reason)
			s.idle(cachetest.Key(1))
			b.change = nil
			missing(t, s, cachetest.Key(1), "not in the bucket")
		})
	}
	// And the other way round: a size that is not told keeps nothing from being found.
	b := &hooked{Bucket: memory(t), change: func(o *bucket.Object) { o.Info.Size = -1 }}
	s := open(t, Config{Bucket: b, Timeout: patience})
	e := lasting(1, 1000)
	stored(t, s, cachetest.Key(1), e)
	found(t, s, cachetest.Key(1), e)
}

// An entry that is not encrypted as it should be is a miss like any other damage, and says nothing against the bucket.
func TestDamageEncrypted(t *testing.T) {
	t.Setenv("AWS_ENDPOINT_URL_KMS", buckettest.NewKMS(t).URL)
	endpoint := buckettest.Versitygw(t, "pictures")
	sealed, plain := s3WithKey(t, endpoint, buckettest.KMSKey), s3Bucket(t, endpoint)
	key, e := cachetest.Key(1), lasting(1, 1000)
	flip := func(t *testing.T) {
		stored(t, open(t, Config{Bucket: sealed, Timeout: patience}), key, e)
		object, err := plain.Get(t.Context(), objectName(key), bucket.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer object.Body.Close()
		body, err := io.ReadAll(object.Body)
		if err != nil || bytes.Contains(body, e.Body.Bytes()[:100]) {
			t.Fatalf("%v, or it is stored as it is", err)
		}
		body[500] ^= 1
		_, err = plain.Put(t.Context(), objectName(key), bytes.NewReader(body), int64(len(body)), bucket.PutOptions{Metadata: object.Info.Metadata})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name   string
		spoil  func(*testing.T)
		want   Damage
		reason string
	}{
		{"not encrypted", func(t *testing.T) { stored(t, open(t, Config{Bucket: plain, Timeout: patience}), key, e) }, Foreign, "nothing in its metadata"},
		{"a flipped bit", flip, Flipped, "authentication failed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.spoil(t)
			o := &told{}
			s := open(t, Config{Bucket: sealed, Timeout: patience, Observer: o})
			missing(t, s, key, c.reason)
			s.idle(key)
			missing(t, s, key, "not in the bucket")
			want := []string{"read damaged 0", "damaged " + c.want.String(), "read absent 0"}
			if diff := cmp.Diff(want, o.take()); diff != "" {
				t.Errorf("the observer is told (-want +got):\n%s", diff)
			}
			stored(t, s, key, e)
			found(t, s, key, e)
		})
	}
}

// unsized has a body come without its size.
func unsized(body []byte) func(*bucket.Object) {
	return func(o *bucket.Object) { o.Info.Size, o.Body = -1, io.NopCloser(bytes.NewReader(body)) }
}

// A deletion of what was damaged must not hit what was put in its place since it was read.
func TestDamageReplaced(t *testing.T) {
	key, e := cachetest.Key(1), lasting(1, 1000)
	b := &hooked{Bucket: memory(t)}
	s := open(t, Config{Bucket: b, Timeout: patience})
	_, err := b.Put(t.Context(), objectName(key), bytes.NewReader(nil), 0, bucket.PutOptions{})
	if err != nil {
		t.Fatal(err)
	}
	b.change = func(*bucket.Object) { // between the reading and the deleting
		b.change = nil
		if err := s.Put(t.Context(), key, e); err != nil {
			t.Error(err)
		}
		s.idle(key)
	}
	missing(t, s, key, "none of ours")
	s.idle(key)
	found(t, s, key, e)
	if n := b.count("delete"); n != 0 {
		t.Errorf("%d deletions, want none", n)
	}
}
