package bucket

import (
	"errors"
	"strconv"

	"github.com/stillroom/stillroom/internal/fault"
)

// ErrExists is the cause of a Put with IfAbsent that found an object.
var ErrExists = errors.New("the key has an object already")

// ErrRange is the cause of a Get whose range begins where the object has ended.
var ErrRange = errors.New("the range begins past the end of the object")

// ErrUnreadable is the cause of a Get whose object, or its body, is not what may be read: it is to be decrypted, and cannot be. Asking
// again does not help.
var ErrUnreadable = errors.New("it cannot be decrypted")

// StatusError is the cause of an error that a service's own answer explains. The status is that of HTTP; a backend
// that has another protocol uses the one that says the same.
type StatusError struct {
	Status int
	Code   string // the service's word for it, such as NoSuchKey; empty = it has none
}

// Error names the status and the code.
func (e *StatusError) Error() string {
	text := "the service answers with status " + strconv.Itoa(e.Status)
	if e.Code != "" {
		text += " (" + e.Code + ")"
	}
	return text
}

// Absent reports whether err says that there is no such object, version or bucket.
func Absent(err error) bool {
	var status *StatusError
	return errors.As(err, &status) && (status.Status == 404 || status.Status == 410)
}

// Answered gives an answer that is no success its kind, as Bucket has them. op is "package.verb", subject what
// it was about; put says that it was a Put with IfAbsent, whose 412 is ErrExists. A code that is not a plain word is left
// out: it comes from the other side and ends in our log.
func Answered(op, subject string, status int, code string, put bool) error {
	if !plain(code) {
		code = ""
	}
	cause := &StatusError{Status: status, Code: code}
	switch {
	case status == 304:
		return fault.New(fault.NotModified, op, "%s: unchanged", subject)
	// The two that are 409: on Azure always, on S3 where two writers meet.
	case put && (status == 412 || code == "BlobAlreadyExists" || code == "ConditionalRequestConflict"):
		return fault.New(fault.NotModified, op, "%s: %w", subject, ErrExists)
	case status == 408:
		return fault.New(fault.SourceTimeout, op, "%s: %w", subject, cause)
	case status == 416:
		return fault.New(fault.SourceMissing, op, "%s: %w: %w", subject, ErrRange, cause)
	case status == 429, status >= 500:
		return fault.New(fault.SourceFailed, op, "%s: %w", subject, cause)
	case status >= 400:
		return fault.New(fault.SourceMissing, op, "%s: %w", subject, cause)
	}
	return fault.New(fault.SourceFailed, op, "%s: not an answer to what was asked: %w", subject, cause)
}

// plain reports whether text is a word as the services' codes are.
func plain(text string) bool {
	for i := range len(text) {
		c := text[i]
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && c != '.' && c != '-' && c != '_' {
			return false
		}
	}
	return len(text) <= 64
}
