// Package sign makes and checks the signatures that let a URL in.
//
// A signature is the base64 text (URL alphabet, no padding) of the first bytes of
// HMAC-SHA256(key, salt || signed text): imgproxy's formula, so that its clients' libraries work.
package sign

import (
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/stillroom/stillroom/internal/fault"
)

// Unsigned is the signature that Sign returns where no keys are configured. Any text would do; this one
// is imgproxy's own convention.
const Unsigned = "unsafe"

// ErrForgotten is the cause of the error for a URL whose signature looks like an option. It holds
// nothing secret and helps whoever wrote the URL, so it may be shown to clients.
var ErrForgotten = errors.New("the first part of the path holds a colon: did you forget the signature?")

var errMismatch = fault.New(fault.Forbidden, "sign.check", "the signature does not match")

// Config says what signs and what is let in.
type Config struct {
	// Keys and Salts are hex and pair up by position. The first pair signs, any pair verifies: put the
	// new pair first to change keys without downtime. Both empty = URLs are not signed.
	Keys, Salts []string
	// Size is how many bytes of the HMAC a signature has, 1 to 32; 0 = 32.
	Size int
	// Trusted signatures are let in as they are, whatever they sign; only where there are keys.
	Trusted []string
}

// Keyring signs and checks. It is immutable and safe for concurrent use.
type Keyring struct {
	pairs   []*pair
	size    int
	trusted [][]byte
}

// New returns the keyring that cfg describes. Errors name the setting ("key", "salt", "signature size",
// "trusted signatures") and the position in its list, never the secret.
func New(cfg Config) (*Keyring, error) {
	k := &Keyring{size: cfg.Size}
	if k.size == 0 {
		k.size = maxSize
	}
	if k.size < 1 || k.size > maxSize {
		return nil, fmt.Errorf("signature size: want 1 to %d, got %d", maxSize, cfg.Size)
	}
	if len(cfg.Keys) != len(cfg.Salts) {
		return nil, fmt.Errorf("key and salt: want as many of one as of the other, got %d and %d",
			len(cfg.Keys), len(cfg.Salts))
	}
	for i := range cfg.Keys {
		key, err := unhex("key", i, cfg.Keys[i])
		if err != nil {
			return nil, err
		}
		salt, err := unhex("salt", i, cfg.Salts[i])
		if err != nil {
			return nil, err
		}
		k.pairs = append(k.pairs, newPair(key, salt))
	}
	for i, t := range cfg.Trusted {
		if t == "" || strings.ContainsAny(t, "/?") {
			return nil, fmt.Errorf("trusted signatures: item %d: want text without / and ?", i+1)
		}
		k.trusted = append(k.trusted, []byte(t))
	}
	return k, nil
}

// unhex decodes item i of a setting. Empty items are refused: an empty key would let anybody sign.
func unhex(setting string, i int, text string) ([]byte, error) {
	b, err := hex.DecodeString(text)
	if err != nil || len(b) == 0 {
		return nil, fmt.Errorf("%s: item %d: want an even number of hex digits, at least two", setting, i+1)
	}
	return b, nil
}

// Enabled reports whether there are keys, so that signatures count.
func (k *Keyring) Enabled() bool { return len(k.pairs) > 0 }

// Sign returns the signature of a text with the first pair of keys, or Unsigned where there are none.
// The imgproxy grammar signs the path after the signature, with the slash that precedes it.
func (k *Keyring) Sign(signed string) string {
	if !k.Enabled() {
		return Unsigned
	}
	var mac [maxText]byte
	return string(k.pairs[0].appendMAC(mac[:0], signed, k.size))
}

// Check returns nil if signature is one for the signed text, or a trusted one, and otherwise an error
// of kind Forbidden. Where there are no keys only a signature with a colon is refused (ErrForgotten):
// it is an option, and the URL as a whole would be misread.
//
// Signatures are compared as text, so of the spellings that decode to the same bytes only the one that
// Sign writes is let in; each comparison takes a time that depends on lengths alone.
func (k *Keyring) Check(signature, signed string) error {
	if !k.Enabled() {
		if strings.Contains(signature, ":") {
			return fault.Wrap(fault.Forbidden, "sign.check", ErrForgotten)
		}
		return nil
	}
	if k.trusts(signature) {
		return nil
	}
	if len(signature) != base64.RawURLEncoding.EncodedLen(k.size) {
		return errMismatch
	}
	var want, got [maxText]byte
	n := copy(got[:], signature)
	for _, p := range k.pairs {
		if subtle.ConstantTimeCompare(p.appendMAC(want[:0], signed, k.size), got[:n]) == 1 {
			return nil
		}
	}
	return errMismatch
}

func (k *Keyring) trusts(signature string) bool {
	for _, t := range k.trusted {
		if len(t) == len(signature) && subtle.ConstantTimeCompare(t, []byte(signature)) == 1 {
			return true
		}
	}
	return false
}
