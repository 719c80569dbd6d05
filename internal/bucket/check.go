package bucket

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/stillroom/stillroom/internal/fault"
)

// Bounds that hold on every service (S3, Google and Swift: 1024 bytes of key; S3: 2 KiB of metadata; Swift: 256 bytes of a
// value).
const (
	MaxKey      = 1024 // bytes of a key
	MaxMetadata = 2048 // bytes of all names and values of an object's metadata
	MaxValue    = 256  // bytes of one value
)

// CheckKey reports why no object can have a key: it is empty, longer than MaxKey, not UTF-8, holds a control
// character, or has an element "." or "..", which libraries for URLs fold away and so would reach another object. The error
// is that of an absent object.
func CheckKey(op, key string) error {
	var why string
	switch {
	case key == "":
		why = "it is empty"
	case len(key) > MaxKey:
		why = fmt.Sprintf("it has %d bytes, more than %d", len(key), MaxKey)
	case !utf8.ValidString(key):
		why = "it is not UTF-8"
	case control(key):
		why = "it holds a control character"
	case dots(key):
		why = "it has an element \".\" or \"..\""
	default:
		return nil
	}
	return fault.New(fault.SourceMissing, op, "no object has such a key: %s: %w", why, &StatusError{Status: 404})
}

// CheckGet reports what Get cannot be asked for: a key as CheckKey has it, or a range that is none, which is a bug of
// the caller's.
func CheckGet(op, key string, options GetOptions) error {
	if r := options.Range; r.Offset < 0 || r.Length < 0 {
		return fault.New(fault.Internal, op, "range: want an offset and a length of 0 or more, got %d and %d", r.Offset, r.Length)
	}
	return CheckKey(op, key)
}

// CheckPut reports what cannot be stored alike on every service: a key as CheckKey has it, a body that has not size
// bytes, metadata whose names are not lower-case letters, digits and inner hyphens beginning with a letter, metadata,
// content type or cache control that is not printable ASCII without spaces at its ends, a value of more than MaxValue bytes
// or more than MaxMetadata bytes in all. It leaves the body at its start.
func CheckPut(op, key string, body io.ReadSeeker, size int64, options PutOptions) error {
	if err := CheckKey(op, key); err != nil {
		return err
	}
	if err := checkWords(options); err != nil {
		return fault.Wrap(fault.Internal, op, err)
	}
	end, err := body.Seek(0, io.SeekEnd)
	if err == nil && end != size {
		return fault.New(fault.Internal, op, "%q: the body has %d bytes, want the announced %d", key, end, size)
	}
	if err == nil {
		_, err = body.Seek(0, io.SeekStart)
	}
	if err != nil {
		return fault.New(fault.Internal, op, "%q: the body cannot be read: %w", key, err)
	}
	return nil
}

func checkWords(options PutOptions) error {
	total := 0
	for name, value := range options.Metadata {
		total += len(name) + len(value)
		if !metadataName(name) {
			return fmt.Errorf("metadata: want names of a-z, 0-9 and inner hyphens, a letter first; got %q", name)
		}
		if len(value) > MaxValue {
			return fmt.Errorf("metadata %s: want at most %d bytes, got %d", name, MaxValue, len(value))
		}
		if !field(value) {
			return fmt.Errorf("metadata %s: want printable ASCII without spaces at its ends", name)
		}
	}
	switch {
	case total > MaxMetadata:
		return fmt.Errorf("metadata: want at most %d bytes, got %d", MaxMetadata, total)
	case !field(options.ContentType):
		return errors.New("content type: want printable ASCII")
	case !field(options.CacheControl):
		return errors.New("cache control: want printable ASCII")
	}
	return nil
}

// metadataName says whether every service keeps a name as it is: they fold case (S3, Swift), and Azure has no hyphens,
// for which its package writes underscores.
func metadataName(name string) bool {
	for i := range len(name) {
		c := name[i]
		letter := 'a' <= c && c <= 'z'
		inner := '0' <= c && c <= '9' || c == '-' && i < len(name)-1
		if !letter && (i == 0 || !inner) {
			return false
		}
	}
	return name != ""
}

func field(value string) bool {
	for i := range len(value) {
		if value[i] < ' ' || value[i] > '~' {
			return false
		}
	}
	return strings.TrimSpace(value) == value
}

func control(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f })
}

func dots(key string) bool {
	for element := range strings.SplitSeq(key, "/") {
		if element == "." || element == ".." {
			return true
		}
	}
	return false
}
