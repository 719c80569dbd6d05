package disk

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/stillroom/stillroom/internal/cache"
)

// A file holds one entry and says so by itself (numbers are little-endian):
//
//	 0  8  magic
//	 8  2  version of this layout
//	10  2  version of the meta
//	12  4  length of the meta
//	16  8  length of the body
//	24 32  key
//	56  8  when it was stored, in nanoseconds since 1970
//	64  8  xxHash64 of the body
//	72  8  xxHash64 of the 72 bytes above and the meta
//	80     meta, then body, then the end of the file
//
// xxHash64 finds damage at memory speed. It does not stop somebody who writes into the folder; nothing
// in the folder could.
const (
	magic       = "STILLENT"
	fileVersion = 1
	headSize    = 80
	headSummed  = 72 // bytes before the head's own sum
	// maxMeta bounds a meta: a few references of at most some kilobytes each and some tags.
	maxMeta = 64 << 10
)

// head is what a file says of its entry before the body.
type head struct {
	Key     cache.Key
	Meta    cache.Meta
	Stored  time.Time
	BodyAt  int64 // where the body begins
	BodyLen int64
	BodySum uint64
}

// size is how long the file must be.
func (h *head) size() int64 { return h.BodyAt + h.BodyLen }

// damageError says what is wrong with a file. It is a miss with a reason, never an error of the tier.
type damageError struct {
	kind   Damage
	reason string
}

func (d *damageError) Error() string { return d.reason }

func damaged(kind Damage, message string, args ...any) error {
	return &damageError{kind, fmt.Sprintf(message, args...)}
}

// appendHead appends the head of a file to b: everything before the body.
func appendHead(b []byte, h *head) []byte {
	from := len(b)
	b = append(b, magic...)
	b = binary.LittleEndian.AppendUint16(b, fileVersion)
	b = binary.LittleEndian.AppendUint16(b, cache.MetaVersion)
	b = binary.LittleEndian.AppendUint32(b, 0) // of the meta, below
	b = binary.LittleEndian.AppendUint64(b, uint64(h.BodyLen))
	b = append(b, h.Key[:]...)
	b = binary.LittleEndian.AppendUint64(b, uint64(h.Stored.UnixNano()))
	b = binary.LittleEndian.AppendUint64(b, h.BodySum)
	b = binary.LittleEndian.AppendUint64(b, 0) // the sum, below
	b = cache.AppendMeta(b, &h.Meta)
	text := b[from:]
	binary.LittleEndian.PutUint32(text[12:], uint32(len(text)-headSize))
	binary.LittleEndian.PutUint64(text[headSummed:], headSum(text))
	return b
}

func headSum(b []byte) uint64 {
	var d xxhash.Digest
	d.Reset()
	_, _ = d.Write(b[:headSummed]) // never fails
	_, _ = d.Write(b[headSize:])
	return d.Sum64()
}

// headLength returns how many bytes stand before the body of a file that begins with b, at least headSize
// bytes unless the file is shorter.
func headLength(b []byte) (int, error) {
	switch {
	case len(b) == 0:
		return 0, damaged(Truncated, "the file is empty")
	case len(b) < len(magic) || string(b[:len(magic)]) != magic:
		return 0, damaged(Foreign, "the file does not begin as an entry does")
	case len(b) < headSize:
		return 0, damaged(Truncated, "the file ends within its head")
	}
	if v := binary.LittleEndian.Uint16(b[8:]); v != fileVersion {
		return 0, damaged(Version, "the file has layout %d, expected %d", v, fileVersion)
	}
	if v := binary.LittleEndian.Uint16(b[10:]); v != cache.MetaVersion {
		return 0, damaged(Version, "the meta has version %d, expected %d", v, cache.MetaVersion)
	}
	n := binary.LittleEndian.Uint32(b[12:])
	if n > maxMeta {
		return 0, damaged(Flipped, "a meta of %d bytes, at most %d are possible", n, maxMeta)
	}
	return headSize + int(n), nil
}

// parseHead reads a head: all of what headLength says, or it is truncated.
func parseHead(b []byte) (*head, error) {
	n, err := headLength(b)
	if err != nil {
		return nil, err
	}
	if len(b) < n {
		return nil, damaged(Truncated, "the file ends within its meta")
	}
	b = b[:n]
	if headSum(b) != binary.LittleEndian.Uint64(b[headSummed:]) {
		return nil, damaged(Flipped, "the head does not fit its sum")
	}
	meta, err := cache.ParseMeta(b[headSize:])
	if err != nil {
		return nil, damaged(Flipped, "meta: %v", err)
	}
	h := &head{
		Meta:    meta,
		Stored:  time.Unix(0, int64(binary.LittleEndian.Uint64(b[56:]))).UTC(),
		BodyAt:  int64(n),
		BodyLen: int64(binary.LittleEndian.Uint64(b[16:])),
		BodySum: binary.LittleEndian.Uint64(b[64:]),
	}
	copy(h.Key[:], b[24:])
	if h.BodyLen < 0 || h.BodyLen > 1<<62 {
		return nil, damaged(Flipped, "a body of %d bytes", uint64(h.BodyLen))
	}
	return h, nil
}
