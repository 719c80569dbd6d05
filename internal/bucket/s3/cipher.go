package s3

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha512"
	"crypto/subtle"
	"errors"
	"fmt"
)

// suiteID is the number of the committing suite, as derivations and the cipher take it.
const suiteID = "\x00\x73"

// committingNonce is that of each object, as no two have the same key.
const committingNonce = "\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01"

// newEnvelope returns the envelope of a new object, but for its data key as KMS encrypts it.
func newEnvelope() *envelope {
	e := &envelope{committing: true, message: make([]byte, sizeMessage), context: map[string]string{contextCipher: cipherCommitting}}
	_, _ = rand.Read(e.message) // it never fails
	return e
}

// seal encrypts body in place, behind which it needs sizeTag bytes of capacity, and notes in e what proves the key.
func (e *envelope) seal(dataKey, body []byte) ([]byte, error) {
	aead, commitment, err := e.derive(dataKey)
	if err != nil {
		return nil, err
	}
	e.commitment = commitment
	return aead.Seal(body[:0], []byte(committingNonce), body, []byte(suiteID)), nil
}

// open decrypts sealed in place. Nothing is returned that is not proved.
func (e *envelope) open(dataKey, sealed []byte) ([]byte, error) {
	if !e.committing {
		aead, err := newGCM(dataKey)
		if err != nil {
			return nil, err
		}
		return aead.Open(sealed[:0], e.nonce, sealed, nil)
	}
	aead, commitment, err := e.derive(dataKey)
	switch {
	case err != nil:
		return nil, err
	case subtle.ConstantTimeCompare(commitment, e.commitment) != 1:
		return nil, errors.New("its data key is not the one that it commits to")
	}
	return aead.Open(sealed[:0], []byte(committingNonce), sealed, []byte(suiteID))
}

// derive makes the cipher of a committing envelope out of its data key, and what the envelope commits to (HKDF, RFC 5869, with
// SHA-512; the message is the salt).
func (e *envelope) derive(dataKey []byte) (cipher.AEAD, []byte, error) {
	if len(dataKey) != sizeKey {
		return nil, nil, fmt.Errorf("its data key has %d bytes, want %d", len(dataKey), sizeKey)
	}
	base, err := hkdf.Extract(sha512.New, dataKey, e.message)
	if err != nil {
		return nil, nil, err
	}
	commitment, err := hkdf.Expand(sha512.New, base, suiteID+"COMMITKEY", sizeCommit)
	if err != nil {
		return nil, nil, err
	}
	derived, err := hkdf.Expand(sha512.New, base, suiteID+"DERIVEKEY", sizeKey)
	if err != nil {
		return nil, nil, err
	}
	aead, err := newGCM(derived)
	return aead, commitment, err
}

func newGCM(key []byte) (cipher.AEAD, error) {
	if len(key) != sizeKey {
		return nil, fmt.Errorf("its data key has %d bytes, want %d", len(key), sizeKey)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
