package sign

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"sync"
)

const (
	maxSize = sha256.Size
	maxText = (maxSize*8 + 5) / 6 // base64 digits of the longest signature
)

// pair is a key with its salt. Checking is on the way of every request, so HMAC states are pooled: a
// state that has been reset once starts over from a saved digest instead of hashing the key again.
type pair struct {
	salt  []byte
	state sync.Pool // of *state
}

type state struct {
	mac hash.Hash
	buf []byte // what is signed, then the sum: hash.Hash takes no string, and its arguments escape
}

func newPair(key, salt []byte) *pair {
	p := &pair{salt: salt}
	p.state.New = func() any { return &state{mac: hmac.New(sha256.New, key)} }
	return p
}

// appendMAC appends the signature of size bytes, as text. It does not allocate if b has room.
func (p *pair) appendMAC(b []byte, signed string, size int) []byte {
	s := p.state.Get().(*state)
	defer p.state.Put(s)
	s.mac.Reset()
	s.buf = append(append(s.buf[:0], p.salt...), signed...)
	s.mac.Write(s.buf)
	s.buf = s.mac.Sum(s.buf[:0])
	return base64.RawURLEncoding.AppendEncode(b, s.buf[:size])
}
