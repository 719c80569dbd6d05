package imgproxy

import (
	"encoding/base64"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

func setRaw(s *state, a args) error        { return a.truthOption(&s.raw) }
func setAttachment(s *state, a args) error { return a.truthOption(&s.delivery.Attachment) }

// setCacheBuster: cachebuster:text; empty means none.
func setCacheBuster(s *state, a args) error {
	text, err := a.one()
	if err != nil {
		return err
	}
	if !printable(text) {
		return a.bad("", text, "printable text")
	}
	s.cacheBuster = text
	return nil
}

// lastSecond is the last Unix time that time.Time can hold: it counts from year 1.
const lastSecond = math.MaxInt64 - 62135596800

// setExpires: expires:seconds since 1970; 0 and less mean never.
func setExpires(s *state, a args) error {
	text, err := a.one()
	if err != nil {
		return err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n > lastSecond {
		return a.bad("", text, "a time in seconds since 1970")
	}
	s.delivery.Expires = time.Time{}
	if n > 0 {
		s.delivery.Expires = time.Unix(n, 0).UTC()
	}
	return nil
}

// setFilename: filename:name[:encoded]; with encoded the name is base64. An empty name means that the
// source names the file.
func setFilename(s *state, a args) error {
	list, n, err := a.fixed(2)
	if err != nil {
		return err
	}
	name := list[0]
	if n == 2 && truth(list[1]) {
		b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(name, "="))
		if err != nil {
			return a.bad("", name, "URL-safe base64")
		}
		name = string(b)
	}
	if !printable(name) {
		return a.bad("", name, "printable text")
	}
	s.delivery.Filename = name
	return nil
}

// printable reports whether text can stand in a header and in a log: UTF-8 without control characters.
func printable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}
