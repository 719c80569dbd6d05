package imgproxy

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/hex"
	"errors"
)

// decrypter opens encrypted sources: an initial vector of one block, then AES-CBC with PKCS#7 padding.
// Nothing in it proves where a text comes from; the URL's signature does.
type decrypter struct{ block cipher.Block }

var errKey = errors.New("want 32, 48 or 64 hex digits")

// newDecrypter returns nil for an empty key. The error does not hold the key.
func newDecrypter(key string) (*decrypter, error) {
	if key == "" {
		return nil, nil
	}
	b, err := hex.DecodeString(key)
	if err != nil {
		return nil, errKey
	}
	block, err := aes.NewCipher(b)
	if err != nil {
		return nil, errKey
	}
	return &decrypter{block}, nil
}

// decrypt returns the text, or false if b is none. It overwrites b.
func (d *decrypter) decrypt(b []byte) (string, bool) {
	if len(b) < 2*aes.BlockSize || len(b)%aes.BlockSize != 0 {
		return "", false
	}
	iv, text := b[:aes.BlockSize], b[aes.BlockSize:]
	cipher.NewCBCDecrypter(d.block, iv).CryptBlocks(text, text)
	pad := int(text[len(text)-1])
	if pad == 0 || pad > aes.BlockSize {
		return "", false
	}
	end := len(text) - pad
	for _, c := range text[end:] {
		if int(c) != pad {
			return "", false
		}
	}
	return string(text[:end]), true
}
