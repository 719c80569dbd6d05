package s3

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"testing"

	"github.com/aws/amazon-s3-encryption-client-go/v3/client"
	"github.com/aws/amazon-s3-encryption-client-go/v3/materials"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/buckettest"
	"github.com/stillroom/stillroom/internal/bucket/remote"
	"github.com/stillroom/stillroom/internal/fault"
)

// sealing is the configuration for a server of the tests, and a KMS that its process finds.
func sealing(t *testing.T, endpoint string) (Config, *buckettest.KMS) {
	t.Helper()
	kms := buckettest.NewKMS(t)
	t.Setenv("AWS_ENDPOINT_URL_KMS", kms.URL)
	c := ours(endpoint)
	c.Decrypt, c.KMSKeyID = true, buckettest.KMSKey
	return c, kms
}

func TestSealedVersitygw(t *testing.T) {
	c, _ := sealing(t, buckettest.Versitygw(t))
	o := opener(t, c)
	h := buckettest.Harness{Folders: true, Reserved: EnvelopeSize}
	t.Run("without versions", func(t *testing.T) { suite(t, o, h) })
	h.Versions, h.Faults = true, buckettest.Faults{DeletedExists: true}
	t.Run("with versions", func(t *testing.T) { suite(t, o, h) })
}

func TestSealedFaults(t *testing.T) {
	upstream := buckettest.Versitygw(t)
	c, _ := sealing(t, upstream)
	create(t, opener(t, c), "pictures", false)
	buckettest.RunFaults(t, buckettest.Faulty{
		Upstream: upstream, KeepHost: true, Whole: true,
		Open: func(t *testing.T, endpoint string, bounds remote.Config) bucket.Bucket {
			c := c
			c.Endpoint, c.Config = endpoint, bounds
			return buckettest.Open(t, opener(t, c), "pictures")
		},
	})
}

// vault is a bucket that is seen three ways: as ours, which encrypts, as it is stored, and as Amazon's own client sees it.
type vault struct {
	kms    *buckettest.KMS
	sealed bucket.Bucket
	stored bucket.Bucket
	amazon *client.S3EncryptionClientV3
}

func newVault(t *testing.T) *vault {
	t.Helper()
	endpoint := buckettest.Versitygw(t, "pictures")
	c, kms := sealing(t, endpoint)
	o := opener(t, c)
	manager, err := materials.NewCryptographicMaterialsManager(materials.NewKmsKeyring(o.keys.client, buckettest.KMSKey))
	if err != nil {
		t.Fatal(err)
	}
	amazon, err := client.New(o.client, manager)
	if err != nil {
		t.Fatal(err)
	}
	return &vault{kms, buckettest.Open(t, o, "pictures"), buckettest.Open(t, opener(t, ours(endpoint)), "pictures"), amazon}
}

// read returns what a bucket holds under a key.
func read(t *testing.T, b bucket.Bucket, key string) ([]byte, bucket.Info, error) {
	t.Helper()
	object, err := b.Get(t.Context(), key, bucket.GetOptions{})
	if err != nil {
		return nil, bucket.Info{}, err
	}
	defer object.Body.Close()
	body, err := io.ReadAll(object.Body)
	return body, object.Info, err
}

func put(t *testing.T, b bucket.Bucket, key string, body []byte, metadata map[string]string) {
	t.Helper()
	_, err := b.Put(t.Context(), key, bytes.NewReader(body), int64(len(body)), bucket.PutOptions{Metadata: metadata, ContentType: "image/png"})
	if err != nil {
		t.Fatal(err)
	}
}

// What we write, Amazon's client reads, and the other way round.
func TestSealedWithAmazonsClient(t *testing.T) {
	v := newVault(t)
	for _, size := range []int{0, 1, 15, 16, 17, 70_000, 3 << 20} {
		body := buckettest.Pattern(size, 1)
		theirs, ours := fmt.Sprintf("theirs/%d", size), fmt.Sprintf("ours/%d", size)
		with := map[string]string{"owner": "Käthe", "shelf": "7"}
		ctx := context.WithValue(t.Context(), client.EncryptionContext, with) //nolint:staticcheck // the key is the client's, and a string
		_, err := v.amazon.PutObject(ctx, &s3.PutObjectInput{
			Bucket: aws.String("pictures"), Key: &theirs, Body: bytes.NewReader(body), Metadata: map[string]string{"a": "1"},
		})
		if err != nil {
			t.Fatal(err)
		}
		got, info, err := read(t, v.sealed, theirs)
		if err != nil || !bytes.Equal(got, body) || info.Size != int64(size) {
			t.Errorf("theirs of %d bytes: %d bytes, size %d, %v", size, len(got), info.Size, err)
		}
		if diff := cmp.Diff(map[string]string{"a": "1"}, info.Metadata); diff != "" {
			t.Errorf("theirs of %d bytes: metadata (-want +got):\n%s", size, diff)
		}

		put(t, v.sealed, ours, body, map[string]string{"a": "1"})
		out, err := v.amazon.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("pictures"), Key: &ours})
		if err != nil {
			t.Fatal(err)
		}
		got, err = io.ReadAll(out.Body)
		if err != nil || !bytes.Equal(got, body) || aws.ToString(out.ContentType) != "image/png" {
			t.Errorf("ours of %d bytes, read by them: %d bytes, %v", size, len(got), err)
		}
		if stored, _, err := read(t, v.stored, ours); err != nil || len(stored) != size+sizeTag || size > 16 && bytes.Contains(stored, body[:16]) {
			t.Errorf("ours of %d bytes is stored as %d bytes, %v", size, len(stored), err)
		}
	}
}

// An envelope, or the part of it that changes when keys do, may be in an object of its own.
func TestInstructionObject(t *testing.T) {
	v := newVault(t)
	body := buckettest.Pattern(5000, 1)
	put(t, v.sealed, "new", body, nil)
	if _, err := v.amazon.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("pictures"), Key: aws.String("old"), Body: bytes.NewReader(body)}); err != nil {
		t.Fatal(err)
	}
	for from, beside := range map[string][]string{
		"new": {wordKey3, wordContext3, wordWrapping3},
		"old": {wordKey, wordNonce, wordContext, wordWrapping, wordCipher, wordTagBits, wordPlainSize},
	} {
		stored, info, err := read(t, v.stored, from)
		if err != nil {
			t.Fatal(err)
		}
		words, rest := map[string]any{"x-amz-crypto-instr-file": "", wordTagBits: 128}, maps.Clone(info.Metadata)
		for _, word := range beside {
			words[word] = rest[word]
			delete(rest, word)
		}
		text, err := json.Marshal(words)
		if err != nil {
			t.Fatal(err)
		}
		put(t, v.stored, from+"-split", stored, rest)
		put(t, v.stored, from+"-split.instruction", text, nil)
		if got, _, err := read(t, v.sealed, from+"-split"); err != nil || !bytes.Equal(got, body) {
			t.Errorf("%s: %d bytes, %v", from, len(got), err)
		}
	}
}

// Whoever may write to the bucket cannot make us give away what nobody encrypted, nor stop us.
func TestUnreadable(t *testing.T) {
	v := newVault(t)
	body := buckettest.Pattern(5000, 1)
	put(t, v.sealed, "new", body, nil)
	if _, err := v.amazon.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("pictures"), Key: aws.String("old"), Body: bytes.NewReader(body)}); err != nil {
		t.Fatal(err)
	}
	set := func(word, value string) func(map[string]string, []byte) []byte {
		return func(words map[string]string, b []byte) []byte {
			words[word] = value
			if value == "" {
				delete(words, word)
			}
			return b
		}
	}
	flip := func(at int) func(map[string]string, []byte) []byte {
		return func(_ map[string]string, b []byte) []byte {
			b[(at+len(b))%len(b)] ^= 1
			return b
		}
	}
	for _, c := range []struct {
		name, from string
		harm       func(words map[string]string, stored []byte) []byte
		want       string
	}{
		{"plain", "new", func(words map[string]string, _ []byte) []byte { clear(words); return body }, "nothing in its metadata"},
		{"shorter than a tag", "new", func(_ map[string]string, b []byte) []byte { return b[:15] }, "shorter than what proves it"},
		{"cut", "new", func(_ map[string]string, b []byte) []byte { return b[:len(b)-1] }, "authentication failed"},
		{"longer", "old", func(_ map[string]string, b []byte) []byte { return append(b, 0) }, "authentication failed"},
		{"first byte", "new", flip(0), "authentication failed"},
		{"last byte", "old", flip(-1), "authentication failed"},
		{"another nonce", "old", set(wordNonce, "AAAAAAAAAAAAAAAA"), "authentication failed"},
		{"short nonce", "old", set(wordNonce, "AAAA"), "x-amz-iv: it has 3 bytes"},
		{"no base64", "old", set(wordNonce, "?"), "x-amz-iv: illegal base64"},
		{"no data key", "new", set(wordKey3, ""), "nothing in its metadata"},
		{"empty data key", "new", func(words map[string]string, b []byte) []byte { words[wordKey3] = "="; return b }, "x-amz-3: illegal base64"},
		{"another data key", "new", set(wordKey3, "AAAA"), "InvalidCiphertextException"},
		{"another message", "new", set(wordMessage3, strings.Repeat("A", 36)+"AA=="), "commits to"},
		{"long message", "new", set(wordMessage3, strings.Repeat("A", 40)), "x-amz-i: it has 30 bytes"},
		{"no commitment", "new", set(wordCommitted3, ""), "x-amz-d: it has 0 bytes"},
		{"another commitment", "new", set(wordCommitted3, strings.Repeat("A", 36)+"AA=="), "commits to"},
		{"two data keys", "new", set(wordKey, "AAAA"), "more than one data key"},
		{"version 1", "old", func(words map[string]string, b []byte) []byte {
			words[wordOldestKey] = words[wordKey]
			delete(words, wordKey)
			return b
		}, "clients of version 1"},
		{"unproved cipher", "old", set(wordCipher, "AES/CBC/PKCS5Padding"), `want AES/GCM/NoPadding, got "AES/CBC/PKCS5Padding"`},
		{"unknown suite", "new", set(wordCipher3, "116"), `want 115, got "116"`},
		{"wrapped without context", "old", set(wordWrapping, "kms"), `want kms+context, got "kms"`},
		{"wrapped by RSA", "new", set(wordWrapping3, "22"), `want 12, got "22"`},
		{"shorter tag", "old", set(wordTagBits, "96"), `want 128, got "96"`},
		{"context of another cipher", "old", set(wordContext, `{"aws:x-amz-cek-alg":"AES/CBC/PKCS5Padding"}`), "want AES/GCM/NoPadding, got"},
		{"another context", "old", set(wordContext, `{"aws:x-amz-cek-alg":"AES/GCM/NoPadding","a":"b"}`), "InvalidCiphertextException"},
		{"context that is none", "new", set(wordContext3, `[]`), "x-amz-t: json"},
		{"no context", "new", set(wordContext3, ""), "x-amz-t: unexpected end"},
	} {
		stored, info, err := read(t, v.stored, c.from)
		if err != nil {
			t.Fatal(err)
		}
		words := maps.Clone(info.Metadata)
		stored = c.harm(words, stored)
		put(t, v.stored, "harmed", stored, words)
		got, _, err := read(t, v.sealed, "harmed")
		if len(got) > 0 || !fault.Is(err, fault.SourceFailed) || !errors.Is(err, bucket.ErrUnreadable) || !strings.Contains(fmt.Sprint(err), c.want) {
			t.Errorf("%s: %d bytes, %v (%v); want none and %q", c.name, len(got), err, fault.KindOf(err), c.want)
		}
	}
}

// What KMS says becomes what the bucket says, and no missing object.
func TestKMSFails(t *testing.T) {
	v := newVault(t)
	put(t, v.sealed, "a", []byte("hello"), nil)
	for _, c := range []struct {
		status int
		code   string
		want   fault.Kind
		cause  int
	}{
		{400, "AccessDeniedException", fault.SourceMissing, 403},
		{400, "NotFoundException", fault.SourceMissing, 403},
		{400, "DisabledException", fault.SourceMissing, 403},
		{404, "", fault.SourceMissing, 403},
		{400, "ThrottlingException", fault.SourceFailed, 429},
		{500, "KMSInternalException", fault.SourceFailed, 503},
		{502, "", fault.SourceFailed, 502},
		{200, "", fault.SourceFailed, 0}, // it has no key
	} {
		v.kms.Answer(c.status, c.code)
		for op, err := range map[string]error{
			"get": func() error { _, _, err := read(t, v.sealed, "a"); return err }(),
			"put": func() error {
				_, err := v.sealed.Put(t.Context(), "b", strings.NewReader("x"), 1, bucket.PutOptions{})
				return err
			}(),
		} {
			var status *bucket.StatusError
			if !fault.Is(err, c.want) || bucket.Absent(err) || errors.Is(err, bucket.ErrUnreadable) || errors.As(err, &status) && status.Status != c.cause || status == nil && c.cause != 0 {
				t.Errorf("%s, %d %s: %v (%v), want %v and %d", op, c.status, c.code, err, fault.KindOf(err), c.want, c.cause)
			}
		}
	}
	v.kms.Answer(0, "")
	if got, _, err := read(t, v.sealed, "a"); err != nil || string(got) != "hello" {
		t.Errorf("afterwards: %q, %v", got, err)
	}
	if _, _, err := read(t, v.stored, "b"); !bucket.Absent(err) {
		t.Errorf("%v, want that nothing was stored without a key", err)
	}
}

func TestKMSIsNotThere(t *testing.T) {
	endpoint := buckettest.Versitygw(t, "pictures")
	c, _ := sealing(t, endpoint)
	put(t, buckettest.Open(t, opener(t, c), "pictures"), "a", []byte("hello"), nil)
	t.Setenv("AWS_ENDPOINT_URL_KMS", "http://127.0.0.1:1")
	if _, _, err := read(t, buckettest.Open(t, opener(t, c), "pictures"), "a"); !fault.Is(err, fault.Unreachable) {
		t.Errorf("%v (%v), want Unreachable", err, fault.KindOf(err))
	}
}

// A data key costs a call, so none is asked for that is not needed; and each region has its own.
func TestKMSCalls(t *testing.T) {
	v := newVault(t)
	put(t, v.sealed, "a", []byte("hello"), nil)
	if made, region := v.kms.Calls("GenerateDataKey"), v.kms.Asked("eu-central-1"); made != 1 || region != 1 {
		t.Errorf("%d data keys made, %d of them in the key's region; want one", made, region)
	}
	info, err := v.sealed.Stat(t.Context(), "a", "")
	if err != nil || info.Size != 5 {
		t.Errorf("%d bytes, %v; want 5", info.Size, err)
	}
	if _, err := v.sealed.Get(t.Context(), "a", bucket.GetOptions{IfNoneMatch: info.ETag}); !fault.Is(err, fault.NotModified) {
		t.Errorf("%v, want NotModified", err)
	}
	if _, err := v.sealed.Get(t.Context(), "b", bucket.GetOptions{}); !bucket.Absent(err) {
		t.Errorf("%v, want that there is none", err)
	}
	if n := v.kms.Calls("Decrypt"); n != 0 {
		t.Errorf("%d data keys decrypted without a body", n)
	}
	if _, _, err := read(t, v.sealed, "a"); err != nil {
		t.Error(err)
	}
	if n, region := v.kms.Calls("Decrypt"), v.kms.Asked("us-east-1"); n != 1 || region != 1 {
		t.Errorf("%d data keys decrypted, %d of them in the bucket's region; want one", n, region)
	}
}

// What Put adds to metadata fits in what is kept free for it, and what does not fit costs nothing.
func TestEnvelopeSize(t *testing.T) {
	v := newVault(t)
	put(t, v.sealed, "a", []byte("hello"), nil)
	_, info, err := read(t, v.stored, "a")
	if err != nil {
		t.Fatal(err)
	}
	if size := volume(info.Metadata) + len(info.Metadata)*len("x-amz-meta-"); size > EnvelopeSize || size < EnvelopeSize/2 {
		t.Errorf("the envelope has %d bytes, %d are kept free for it: %v", size, EnvelopeSize, info.Metadata)
	}
	words := map[string]string{}
	for left := bucket.MaxMetadata - EnvelopeSize + 1; left > 0; left -= 1 + min(left-1, bucket.MaxValue) {
		words[string(rune('a'+len(words)))] = strings.Repeat("v", min(left-1, bucket.MaxValue))
	}
	before := v.kms.Calls("GenerateDataKey")
	_, err = v.sealed.Put(t.Context(), "b", strings.NewReader("x"), 1, bucket.PutOptions{Metadata: words})
	if !fault.Is(err, fault.Internal) || v.kms.Calls("GenerateDataKey") != before {
		t.Errorf("%v (%v), want Internal before KMS is asked", err, fault.KindOf(err))
	}
}

// Without a key of ours, what is encrypted is read and what is put stays as it is.
func TestDecryptOnly(t *testing.T) {
	v := newVault(t)
	put(t, v.sealed, "a", []byte("hello"), nil)
	o := v.sealed.(*store).opener
	only := buckettest.Open(t, &Opener{client: o.client, keys: &keys{client: o.keys.client}, regions: map[string]string{}}, "pictures")
	if got, _, err := read(t, only, "a"); err != nil || string(got) != "hello" {
		t.Errorf("%q, %v", got, err)
	}
	put(t, only, "b", []byte("plain"), nil)
	if got, _, err := read(t, v.stored, "b"); err != nil || string(got) != "plain" {
		t.Errorf("%q, %v", got, err)
	}
	if _, _, err := read(t, only, "b"); !errors.Is(err, bucket.ErrUnreadable) {
		t.Errorf("%v, want that what is not encrypted is not read", err)
	}
}

// An empty object has its proof still to come, so a connection that ends before is no end of it.
func TestEmptyBodyThatBreaksOff(t *testing.T) {
	for _, sent := range []string{"", "x", strings.Repeat("x", sizeTag-1)} {
		body := &sealedBody{in: io.NopCloser(strings.NewReader(sent)), length: sizeTag, envelope: newEnvelope(), dataKey: make([]byte, sizeKey)}
		n, err := remote.NewBody(t.Context(), opRead, "s3://b/k", body, 0).Read(make([]byte, 1))
		if n != 0 || !fault.Is(err, fault.Incomplete) {
			t.Errorf("%d bytes sent: %d, %v (%v); want Incomplete", len(sent), n, err, fault.KindOf(err))
		}
	}
}
