package s3

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"mime"
	"strings"
	"unicode/utf8"
)

// The words that Amazon's S3 Encryption Clients keep beside an object, in its metadata or, some of them, in a second object
// (version 3 of their format shortens them to save metadata).
const (
	wordCipher     = "x-amz-cek-alg"
	wordKey        = "x-amz-key-v2"
	wordWrapping   = "x-amz-wrap-alg"
	wordContext    = "x-amz-matdesc"
	wordNonce      = "x-amz-iv"
	wordTagBits    = "x-amz-tag-len"
	wordPlainSize  = "x-amz-unencrypted-content-length"
	wordCipher3    = "x-amz-c"
	wordKey3       = "x-amz-3"
	wordWrapping3  = "x-amz-w"
	wordContext3   = "x-amz-t"
	wordMaterial3  = "x-amz-m"
	wordMessage3   = "x-amz-i"
	wordCommitted3 = "x-amz-d"
	wordOldestKey  = "x-amz-key"
)

// What the words say where we can read the object. With any other wrapping its data key is not of KMS, or it is and not
// bound to a context; AES/CBC and AES/CTR prove nothing. imgproxy reads none of these either.
const (
	cipherPlain      = "AES/GCM/NoPadding"
	cipherCommitting = "115" // the suite's number, as text
	wrappingContext  = "kms+context"
	wrappingContext3 = "12"
	// contextCipher is the entry of the context that binds a data key to the cipher it is for.
	contextCipher = "aws:x-amz-cek-alg"
)

// Sizes in bytes.
const (
	sizeNonce   = 12
	sizeMessage = 28
	sizeCommit  = 28
	sizeKey     = 32
	sizeTag     = 16
)

// EnvelopeSize is how many bytes of bucket.MaxMetadata the envelope of an object needs that Put encrypts, with room to spare: 414
// are taken, most of them by the data key as KMS encrypts it, and 11 more for each of six names by services that count the
// "x-amz-meta-" in front of them, as MinIO does.
const EnvelopeSize = 600

// envelope is what is known of an encrypted object: its data key as KMS encrypted it, and how it was used.
type envelope struct {
	key        []byte
	context    map[string]string // what KMS wants to hear again with the key
	committing bool
	nonce      []byte // without committing
	message    []byte // with committing, as the next: what keys are derived with, and
	commitment []byte // what proves that they are the right ones
}

// errNoEnvelope says that an object does not look encrypted.
var errNoEnvelope = errors.New("nothing in its metadata says that it is encrypted")

// envelopeWords are all that parseEnvelope looks at, and the one that it does without.
func envelopeWords() []string {
	return []string{
		wordCipher, wordKey, wordWrapping, wordContext, wordNonce, wordTagBits, wordPlainSize,
		wordCipher3, wordKey3, wordWrapping3, wordContext3, wordMaterial3, wordMessage3, wordCommitted3, wordOldestKey,
	}
}

// withoutEnvelope returns metadata less the words of an envelope.
func withoutEnvelope(metadata map[string]string) map[string]string {
	rest := maps.Clone(metadata)
	for _, word := range envelopeWords() {
		delete(rest, word)
	}
	if len(rest) == 0 {
		return nil
	}
	return rest
}

// parseEnvelope reads the envelope of an object. Whoever may write to the bucket chooses the words.
func parseEnvelope(words map[string]string) (*envelope, error) {
	_, short := words[wordKey3]
	_, long := words[wordKey]
	_, oldest := words[wordOldestKey]
	switch {
	case short && long, short && oldest, long && oldest:
		return nil, errors.New("its envelope has more than one data key")
	case oldest:
		return nil, fmt.Errorf("its data key is in %s, as clients of version 1 wrote it, and not bound to a context", wordOldestKey)
	case short:
		return parseShort(words)
	case long:
		return parseLong(words)
	}
	return nil, errNoEnvelope
}

func parseLong(words map[string]string) (*envelope, error) {
	e := &envelope{}
	err := errors.Join(
		want(words, wordCipher, cipherPlain), want(words, wordWrapping, wrappingContext),
		decode(words, wordKey, 0, &e.key), decode(words, wordNonce, sizeNonce, &e.nonce),
		e.readContext(words, wordContext, cipherPlain),
	)
	if _, told := words[wordTagBits]; told {
		err = errors.Join(err, want(words, wordTagBits, "128"))
	}
	return e, err
}

func parseShort(words map[string]string) (*envelope, error) {
	e := &envelope{committing: true}
	return e, errors.Join(
		want(words, wordCipher3, cipherCommitting), want(words, wordWrapping3, wrappingContext3),
		decode(words, wordKey3, 0, &e.key), decode(words, wordMessage3, sizeMessage, &e.message),
		decode(words, wordCommitted3, sizeCommit, &e.commitment), e.readContext(words, wordContext3, cipherCommitting),
	)
}

func want(words map[string]string, word, value string) error {
	if got := words[word]; got != value {
		return fmt.Errorf("%s: want %s, got %.40q", word, value, got)
	}
	return nil
}

// decode reads a word in base64 that stands for size bytes; 0 = one or more.
func decode(words map[string]string, word string, size int, into *[]byte) error {
	b, err := base64.StdEncoding.DecodeString(words[word])
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", word, err)
	case size > 0 && len(b) != size || len(b) == 0:
		return fmt.Errorf("%s: it has %d bytes", word, len(b))
	}
	*into = b
	return nil
}

// readContext reads the context of the data key and sees to it that KMS is asked for one that is for this cipher.
func (e *envelope) readContext(words map[string]string, word, cipher string) error {
	if err := json.Unmarshal([]byte(unfold(words[word])), &e.context); err != nil {
		return fmt.Errorf("%s: %w", word, err)
	}
	if got := e.context[contextCipher]; got != cipher {
		return fmt.Errorf("%s: %s: want %s, got %.40q", word, contextCipher, cipher, got)
	}
	return nil
}

// unfold undoes what S3 does to metadata that is not ASCII: it takes each byte of the UTF-8 for a character and writes these as
// encoded words (RFC 2047, section 2).
func unfold(text string) string {
	if !strings.Contains(text, "=?") {
		return text
	}
	decoded, err := new(mime.WordDecoder).DecodeHeader(text)
	if err != nil {
		return text
	}
	folded := make([]byte, 0, len(decoded))
	for _, r := range decoded {
		if r > 0xff {
			return decoded // characters, and no bytes
		}
		folded = append(folded, byte(r))
	}
	if !utf8.Valid(folded) {
		return decoded
	}
	return string(folded)
}

// words returns the envelope as words for metadata; it is a committing one.
func (e *envelope) words() (map[string]string, error) {
	context, err := json.Marshal(e.context)
	if err != nil {
		return nil, err
	}
	return map[string]string{
		wordCipher3: cipherCommitting, wordWrapping3: wrappingContext3, wordContext3: string(context),
		wordKey3:       base64.StdEncoding.EncodeToString(e.key),
		wordMessage3:   base64.StdEncoding.EncodeToString(e.message),
		wordCommitted3: base64.StdEncoding.EncodeToString(e.commitment),
	}, nil
}
