package cache

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// ETag returns the strong entity tag, quotes included, of the result that key names when it is made of
// the given version of its source by the given engine. It needs no pixel: the engine is deterministic,
// so the three decide every byte (RFC 9110, section 8.8.1).
func ETag(sourceVersion string, key Key, engine string) string {
	h := sha256.New()
	h.Write([]byte(sourceVersion))
	h.Write([]byte{0})
	h.Write(key[:])
	h.Write([]byte(engine))
	const quoted = 2 + 43 // 32 bytes are 43 characters of unpadded base64
	b := make([]byte, 0, quoted)
	b = append(b, '"')
	b = base64.RawURLEncoding.AppendEncode(b, h.Sum(nil))
	return string(append(b, '"'))
}

// Listed reports whether the value of an If-None-Match field names the entity tag: a "*" or a list of
// tags, compared weakly (RFC 9110, section 13.1.2). Tags without quotes, which some caches send, do not
// match: they are not entity tags.
func Listed(field, etag string) bool {
	for {
		field = strings.TrimLeft(field, " \t,")
		if field == "" {
			return false
		}
		if field[0] == '*' {
			return strings.TrimRight(field[1:], " \t") == ""
		}
		tag := strings.TrimPrefix(field, "W/")
		if tag == "" || tag[0] != '"' {
			return false
		}
		end := strings.IndexByte(tag[1:], '"')
		if end < 0 {
			return false
		}
		if tag[:end+2] == etag {
			return true
		}
		field = tag[end+2:]
	}
}
