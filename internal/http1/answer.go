package http1

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// appendHead appends the head of an answer to b: fields in the order of their names but for those in omit.
func (c *conn) appendHead(b []byte, status int, header http.Header, omit []string, final bool) []byte {
	b = append(b, "HTTP/1.1 "...)
	b = strconv.AppendInt(b, int64(status), 10)
	b = append(b, ' ')
	b = append(b, http.StatusText(status)...)
	b = append(b, "\r\n"...)
	c.names = c.names[:0]
	for name := range header {
		c.names = append(c.names, name)
	}
	slices.Sort(c.names)
	for _, name := range c.names {
		if slices.Contains(omit, name) || name == "Connection" && final || !token(name) {
			continue
		}
		for _, value := range header[name] {
			b = append(b, name...)
			b = append(b, ": "...)
			b = appendValue(b, value)
			b = append(b, "\r\n"...)
		}
	}
	if final {
		b = append(b, "Connection: close\r\n"...)
	}
	if _, dated := header["Date"]; !dated && status >= 200 {
		b = append(b, "Date: "...)
		b = c.date.append(b, time.Now())
		b = append(b, "\r\n"...)
	}
	return append(b, "\r\n"...)
}

// appendValue appends a field's value. What would end its line becomes a blank: a value that a stranger had a part in must
// not become two fields, or two answers.
func appendValue(b []byte, value string) []byte {
	from := len(b)
	b = append(b, value...)
	if strings.IndexByte(value, '\n') < 0 && strings.IndexByte(value, '\r') < 0 {
		return b
	}
	for i := from; i < len(b); i++ {
		if b[i] == '\n' || b[i] == '\r' {
			b[i] = ' '
		}
	}
	return b
}

func token(name string) bool {
	for i := range len(name) {
		if !tokenByte(name[i]) {
			return false
		}
	}
	return name != ""
}

// bodiless reports whether answers of a status have no body (RFC 9110, sections 15.3.5 and 15.4.5).
func bodiless(status int) bool {
	return status == http.StatusNoContent || status == http.StatusNotModified
}

// omitted returns the fields that an answer must not have, as net/http leaves them out: a length that is none, framing
// that is not there, and of a 304 what it says nothing new of.
func omitted(status int, length int64) []string {
	switch {
	case status == http.StatusNotModified:
		return []string{"Content-Length", "Content-Type", "Transfer-Encoding"}
	case status == http.StatusNoContent, length < 0:
		return []string{"Content-Length", "Transfer-Encoding"}
	}
	return nil
}

// says reports whether a field holds an element.
func says(h http.Header, name, element string) bool {
	for _, line := range h[name] {
		for part := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(part), element) {
				return true
			}
		}
	}
	return false
}

// date is the text of a second.
type date struct {
	second int64
	text   []byte
}

func (d *date) append(b []byte, now time.Time) []byte {
	if second := now.Unix(); second != d.second || d.text == nil {
		d.second, d.text = second, now.UTC().AppendFormat(d.text[:0], http.TimeFormat)
	}
	return append(b, d.text...)
}
