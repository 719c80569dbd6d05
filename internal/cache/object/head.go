package object

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"strconv"

	"github.com/cespare/xxhash/v2"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/cache"
)

// The metadata of an object holds what is known of the entry beside its body (numbers are little-endian):
//
//	 0  1  version of this layout
//	 1  1  version of the meta
//	 2  1  1 = the meta is deflated, 0 = it is not
//	 3 32  key
//	35  8  xxHash64 of the 35 bytes above, the meta as it stands here, and the body
//	43     meta
//
// in base64url, cut into values of bucket.MaxValue characters under the names still1, still2 and so on. Only the last value
// is shorter, so what a service leaves there of an older object is not taken for a part.
//
// xxHash64 finds damage at memory speed. It does not stop somebody who may write to the bucket; nothing could.
const (
	headSize   = 43
	headSummed = 35
	valueName  = "still"
	mostValues = 8
	// perName is what a name costs beside its value. MinIO counts its x-amz-meta- too.
	perName = len(valueName) + 1 + len("x-amz-meta-")
	// room is how many bytes of metadata the characters have: S3 bounds the metadata of an object as a whole.
	room = bucket.MaxMetadata - mostValues*perName
	// mostInflated bounds what a deflated meta may become.
	mostInflated = 64 << 10
)

// head is what the metadata of an object says.
type head struct {
	Meta cache.Meta
	Sum  uint64
	raw  []byte // as it was read, from the first byte to the end of the meta
}

// damageError says what is wrong with an object. It is a miss with a reason, never an error of the tier.
type damageError struct {
	kind   Damage
	reason string
}

func (d *damageError) Error() string { return d.reason }

func damaged(kind Damage, message string, args ...any) error {
	return &damageError{kind, fmt.Sprintf(message, args...)}
}

// makeHead returns the head of an entry; false = it does not fit, deflated or not, beside what the bucket has reserved.
func makeHead(key cache.Key, m *cache.Meta, body []byte, reserved int) ([]byte, bool) {
	h := append(make([]byte, 0, 512), layout, cache.MetaVersion, 0)
	h = append(h, key[:]...)
	h = binary.LittleEndian.AppendUint64(h, 0) // the sum, below
	h = cache.AppendMeta(h, m)
	// Deflating costs more than all the rest and saves a tenth as a rule: only where it makes the difference.
	if !fits(len(h), reserved) {
		small := deflate(h[headSize:])
		if !fits(headSize+len(small), reserved) {
			return nil, false
		}
		h[2] = 1
		h = append(h[:headSize], small...)
	}
	binary.LittleEndian.PutUint64(h[headSummed:], sum(h, body))
	return h, true
}

// fits reports whether a head of so many bytes has room in the metadata of an object.
func fits(size, reserved int) bool { return base64.RawURLEncoding.EncodedLen(size) <= room-reserved }

func sum(h, body []byte) uint64 {
	var d xxhash.Digest
	d.Reset()
	_, _ = d.Write(h[:headSummed]) // never fails
	_, _ = d.Write(h[headSize:])
	_, _ = d.Write(body)
	return d.Sum64()
}

func deflate(b []byte) []byte {
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestCompression)
	if err != nil {
		panic(err) // the level is one of its own
	}
	_, _ = w.Write(b) // a buffer takes everything
	_ = w.Close()
	return out.Bytes()
}

// metadata cuts a head into values.
func metadata(h []byte) map[string]string {
	text := base64.RawURLEncoding.EncodeToString(h)
	values := make(map[string]string, len(text)/bucket.MaxValue+1)
	for n := 1; text != ""; n++ {
		size := min(len(text), bucket.MaxValue)
		values[valueName+strconv.Itoa(n)] = text[:size]
		text = text[size:]
	}
	return values
}

// text puts the values together again; empty = there are none of ours.
func text(values map[string]string) string {
	var all []byte
	for n := 1; n <= mostValues; n++ {
		v := values[valueName+strconv.Itoa(n)]
		all = append(all, v...)
		if len(v) != bucket.MaxValue {
			break
		}
	}
	return string(all)
}

// parseHead reads the metadata of a key's object.
func parseHead(key cache.Key, values map[string]string) (*head, error) {
	encoded := text(values)
	if encoded == "" {
		return nil, damaged(Foreign, "the object is none of ours: it has no %s1", valueName)
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	switch {
	case err != nil:
		return nil, damaged(Flipped, "its metadata is no base64url: %v", err)
	case len(b) < headSize:
		return nil, damaged(Truncated, "its metadata has %d bytes, want at least %d", len(b), headSize)
	case b[0] != layout || b[1] != cache.MetaVersion:
		return nil, damaged(Version, "it has version %d.%d, want %d.%d", b[0], b[1], layout, cache.MetaVersion)
	case b[2] > 1:
		return nil, damaged(Flipped, "its meta is packed in way %d, want 0 or 1", b[2])
	case !bytes.Equal(b[3:headSummed], key[:]):
		return nil, damaged(Foreign, "the object is another entry's")
	}
	meta := b[headSize:]
	if b[2] == 1 {
		meta, err = io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(meta)), mostInflated+1))
		if err != nil || len(meta) > mostInflated {
			return nil, damaged(Flipped, "its meta cannot be inflated to at most %d bytes: %v", mostInflated, err)
		}
	}
	m, err := cache.ParseMeta(meta)
	if err != nil {
		return nil, damaged(Flipped, "meta: %v", err)
	}
	if m.Length < 0 {
		return nil, damaged(Flipped, "a body of %d bytes", m.Length)
	}
	return &head{Meta: m, Sum: binary.LittleEndian.Uint64(b[headSummed:]), raw: b}, nil
}

// proves reports whether a body is the one that the head was made for.
func (h *head) proves(body []byte) bool { return sum(h.raw, body) == h.Sum }
