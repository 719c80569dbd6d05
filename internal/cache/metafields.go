package cache

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/stillroom/stillroom/internal/format"
)

// fields takes values off the front of a text. After the first failure everything is zero.
type fields struct {
	rest string
	err  error
}

var errShort = errors.New("ends too early")

func (r *fields) fail(message string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(message, args...)
	}
	r.rest = ""
}

func (r *fields) take(n uint64) string {
	if n > uint64(len(r.rest)) {
		r.fail("%w", errShort)
		return ""
	}
	t := r.rest[:n]
	r.rest = r.rest[n:]
	return t
}

func (r *fields) byte() byte {
	t := r.take(1)
	if t == "" {
		return 0
	}
	return t[0]
}

func (r *fields) text() string { return r.take(r.uvarint()) }

func (r *fields) uvarint() uint64 {
	var head [binary.MaxVarintLen64]byte
	v, n := binary.Uvarint(head[:copy(head[:], r.rest)])
	if n <= 0 {
		r.fail("%w", errShort)
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *fields) varint() int64 {
	u := r.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

func (r *fields) format() format.Format {
	name := r.text()
	f, ok := format.Parse(name)
	if !ok && name != format.Unknown.String() {
		r.fail("format %q is not known", name)
	}
	return f
}

func (r *fields) time() time.Time {
	seconds, nanoseconds := r.varint(), r.uvarint()
	if nanoseconds >= uint64(time.Second) {
		r.fail("%d nanoseconds in a second", nanoseconds)
		return time.Time{}
	}
	return time.Unix(seconds, int64(nanoseconds)).UTC()
}
