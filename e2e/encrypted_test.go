package e2e

import (
	"bytes"
	"io"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/buckettest"
	"github.com/stillroom/stillroom/internal/bucket/s3"
)

// encrypted returns an S3 service as one sees it who has a key of KMS; plain is the same as it is stored. Servers under
// test find the KMS, too.
func encrypted(t *testing.T, buckets ...string) (sealed, plain storage, kms *buckettest.KMS) {
	t.Helper()
	kms = buckettest.NewKMS(t)
	t.Setenv("AWS_ENDPOINT_URL_KMS", kms.URL)
	plain = storageS3(t, buckets...)
	opener, err := s3.New(t.Context(), s3.Config{
		Endpoint: plain.endpoint(), Region: "us-east-1", AccessKeyID: buckettest.User, SecretAccessKey: buckettest.Secret, KMSKeyID: buckettest.KMSKey,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { opener.Close() })
	sealed = plain
	sealed.Opener = opener
	sealed.settings = append(slices.Clone(plain.settings), "S3_USE_DECRYPTION_CLIENT=true")
	return sealed, plain, kms
}

// Sources that are encrypted are pictures like others, and what is not encrypted is none.
func TestEncryptedSources(t *testing.T) {
	there, plain, kms := encrypted(t, "pictures", "private")
	readsSources(t, there)

	environ := []string{"IMGPROXY_USE_S3=true", "IMGPROXY_S3_USE_DECRYPTION_CLIENT=true", "IMGPROXY_S3_ENDPOINT=" + plain.endpoint()}
	t.Setenv("AWS_ACCESS_KEY_ID", buckettest.User)
	t.Setenv("AWS_SECRET_ACCESS_KEY", buckettest.Secret)
	t.Setenv("AWS_REGION", "us-east-1")
	s := launch(t, exec.Command(built.Program(t), "serve"), environ...)
	if v := versionOf(t, s.get("/_/w:100/plain/s3://pictures/a.jpg")); v != 1 {
		t.Errorf("version %d, want 1", v)
	}
	plain.upload(t, "pictures", "plain.jpg", version(t, 2), bucket.PutOptions{})
	if a := s.get("/_/w:100/plain/s3://pictures/plain.jpg"); a.status < 400 || strings.Contains(string(a.body), "KMS") {
		t.Errorf("%v, want that it is refused without details", a)
	}
	eventually(t, "the log says why", func() bool {
		return strings.Contains(s.logged(), "s3://pictures/plain.jpg: it cannot be decrypted: nothing in its metadata says that it is encrypted")
	})

	// What is kept needs no key, what is fetched does; and a key that is denied for a while is no picture that is missing for one.
	there.upload(t, "pictures", "b.jpg", version(t, 3), bucket.PutOptions{})
	kms.Answer(400, "AccessDeniedException")
	if a := s.get("/_/w:100/plain/s3://pictures/a.jpg"); a.status != http.StatusOK {
		t.Errorf("%v for what is kept, want 200", a)
	}
	if a := s.get("/_/w:100/plain/s3://pictures/b.jpg"); a.status != http.StatusForbidden {
		t.Errorf("%v without the key, want 403", a)
	}
	kms.Answer(0, "")
	if v := versionOf(t, s.get("/_/w:100/plain/s3://pictures/b.jpg")); v != 3 {
		t.Errorf("version %d with the key again, want 3", v)
	}
}

// Entries of the object tier are encrypted before they leave the node, and so are the purges that nodes share.
func TestEncryptedTier(t *testing.T) {
	there, plain, _ := encrypted(t, "results")
	there.settings = append(there.settings, "S3_KMS_KEY_ID="+buckettest.KMSKey)
	sharesResults(t, there)

	source := newOrigin(t, says("max-age=600", version(t, 1)))
	nodes := []*server{
		start(t, append(there.asTier("results"), "CACHE_PURGE_INTERVAL=500ms")...),
		start(t, append(there.asTier("results"), "CACHE_PURGE_INTERVAL=500ms")...),
	}
	path := "/_/w:100/plain/" + source.URL + "/b.jpg"
	made := nodes[0].get(path)
	nodes[0].writes(1)
	nodes[1].ready()
	if a := nodes[1].get(path); !strings.Contains(a.header.Get("Cache-Status"), "detail=object") || !bytes.Equal(a.body, made.body) {
		t.Errorf("%v with Cache-Status %q, want the first node's", a, a.header.Get("Cache-Status"))
	}
	source.play(says("max-age=600", version(t, 2)))
	nodes[0].purge(t, `{"source":"`+source.URL+`/b.jpg"}`)
	eventually(t, "the purge is known at the other node", func() bool { return versionOf(t, nodes[1].get(path)) == 2 })

	b, err := plain.Open("results")
	if err != nil {
		t.Fatal(err)
	}
	folders := map[string]int{}
	for _, key := range plain.keys(t, "results") {
		object, err := b.Get(t.Context(), key, bucket.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		stored, err := io.ReadAll(object.Body)
		_ = object.Body.Close() // it was read
		if err != nil {
			t.Fatal(err)
		}
		if bytes.HasPrefix(stored, made.body[:4]) || bytes.Contains(stored, []byte(source.URL)) || object.Info.Metadata["x-amz-3"] == "" {
			t.Errorf("%s is stored as it is: %q, %v", key, stored[:min(len(stored), 100)], object.Info.Metadata)
		}
		folder, _, _ := strings.Cut(strings.TrimPrefix(key, "pictures/"), "/")
		folders[folder]++
	}
	if folders["purges"] == 0 || len(folders) < 2 {
		t.Errorf("there are %v, want entries and purges", folders)
	}
}

// Where encryption is turned on or off over a bucket that is in use, what is in it is made again, and what was purged stays so.
func TestEncryptionOverABucketInUse(t *testing.T) {
	there, plain, _ := encrypted(t, "results")
	there.settings = append(there.settings, "S3_KMS_KEY_ID="+buckettest.KMSKey)
	source := newOrigin(t, says("max-age=600", version(t, 1)))
	path := "/_/w:100/plain/" + source.URL + "/a.jpg"
	folder := t.TempDir()
	for n, now := range []storage{plain, there, plain} {
		source.play(says("max-age=600", version(t, n+1)))
		s := start(t, append(now.asTier("results"), "CACHE_TYPE=hybrid", "CACHE_DISK_PATH="+folder)...)
		s.ready()
		if v := versionOf(t, s.get(path)); v != n+1 {
			t.Errorf("start %d: version %d, want the picture made again", n+1, v)
		}
		s.writes(1)
		if a := s.get(path); !strings.HasPrefix(a.header.Get("Cache-Status"), "stillroom; hit;") {
			t.Errorf("start %d: Cache-Status %q, want a hit", n+1, a.header.Get("Cache-Status"))
		}
		s.purge(t, `{"source":"`+source.URL+`/a.jpg"}`)
		if err := s.stop(); err != nil {
			t.Fatal(err)
		}
	}
}
