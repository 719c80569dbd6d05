package web

import (
	"errors"
	"net/url"
	"strings"
)

// parseURL reads a URL as people and databases write them: what may not stand in a request line
// (spaces, letters beyond ASCII, a percent sign that escapes nothing) is escaped, and every escape that
// is there stays as it is. The error says what is wrong without quoting the URL, which may hold
// credentials.
func parseURL(text string) (*url.URL, error) {
	head, tail := splitAuthority(text)
	u, err := url.Parse(head + escape(tail))
	if err != nil {
		return nil, errors.New("not a URL: want scheme://host[:port]/path")
	}
	return u, nil
}

// splitAuthority cuts text after the host, if it has one.
func splitAuthority(text string) (head, tail string) {
	start := 0
	if i := strings.IndexAny(text, ":/?#"); i > 0 && text[i] == ':' {
		start = i + 1
	}
	if !strings.HasPrefix(text[start:], "//") {
		return text[:start], text[start:]
	}
	start += len("//")
	end := strings.IndexAny(text[start:], "/?#")
	if end < 0 {
		return text, ""
	}
	return text[:start+end], text[start+end:]
}

func escape(text string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(text) {
		c := text[i]
		switch {
		case c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>\\^`{|}", c) >= 0,
			c == '%' && (i+2 >= len(text) || !isHex(text[i+1]) || !isHex(text[i+2])):
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}
