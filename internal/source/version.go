package source

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/stillroom/stillroom/internal/blob"
)

// Version returns text that is equal for equal bytes of one source: its strong ETag, else the SHA-256
// of body. The ETag of a result is made of it and is a strong one: it promises equal bytes. A weak tag
// promises only equal meaning, and a date only that no change was seen within a second, so neither
// may go in (RFC 9110, section 8.8.1).
//
// A nil body stands for one that is not at hand: the version is then empty unless v alone tells it.
func Version(v Validators, body *blob.Blob) string {
	if tag := v.Strong(); tag != "" {
		return tag
	}
	if body == nil {
		return ""
	}
	sum := sha256.Sum256(body.Bytes())
	// No tag begins like this: a strong tag begins with a quote.
	return "sha256:" + hex.EncodeToString(sum[:])
}
