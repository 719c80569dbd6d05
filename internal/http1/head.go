package http1

import (
	"bytes"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
)

// maxHead bounds the head of a plain request, in bytes. Longer ones go to the http.Server, which has a bound of its own.
const maxHead = 8 << 10

// maxFields bounds the fields of a plain request.
const maxFields = 64

// headEnd ends every head (RFC 9112, section 2.1).
var headEnd = []byte("\r\n\r\n")

// headLength returns the length of the head that b begins with; -1 = b ends before the head does.
func headLength(b []byte) int {
	i := bytes.Index(b, headEnd)
	if i < 0 {
		return -1
	}
	return i + len(headEnd)
}

// promising reports whether bytes may become the head of a plain request.
func promising(b []byte) bool {
	if b[0] != 'G' && b[0] != 'H' {
		return false
	}
	for i, c := range b {
		if c == '\n' && b[i-1] != '\r' {
			return false // the head may be whole already, for who takes lines that end so
		}
	}
	return true
}

// head is a plain request's head.
type head struct {
	method string
	target string
	host   string
	url    url.URL
	header http.Header
	last   bool // the client wants no other answer on this connection
}

// parse reads a head, and reports whether it is plain: a request whose meaning is beyond doubt.
func (h *head) parse(text string) bool {
	line, rest, _ := strings.Cut(text, "\r\n")
	if !h.requestLine(line) {
		return false
	}
	rest = rest[:len(rest)-len("\r\n")] // the line that ends the head
	count := strings.Count(rest, "\n")
	if count == 0 || count > maxFields {
		return false
	}
	h.header = make(http.Header, count)
	values := make([]string, 0, count) // one array for the values of all fields
	hosts := 0
	for rest != "" {
		line, rest, _ = strings.Cut(rest, "\r\n")
		name, value, ok := field(line)
		if !ok || !h.heed(name, value) {
			return false
		}
		if name == "Host" {
			hosts++
			h.host = value
			continue
		}
		if before := h.header[name]; before != nil {
			h.header[name] = append(before, value)
			continue
		}
		values = append(values, value)
		h.header[name] = values[len(values)-1 : len(values) : len(values)]
	}
	if h.header["Cache-Control"] == nil && len(h.header["Pragma"]) > 0 && h.header["Pragma"][0] == "no-cache" {
		h.header["Cache-Control"] = []string{"no-cache"} // RFC 7234, section 5.4, as net/http has it
	}
	return hosts == 1 && plainHost(h.host)
}

// requestLine reads the first line of a GET or HEAD for a path (RFC 9112, section 3).
func (h *head) requestLine(line string) bool {
	target, ok := strings.CutSuffix(line, " HTTP/1.1")
	if !ok {
		return false
	}
	if target, ok = strings.CutPrefix(target, "GET "); ok {
		h.method = http.MethodGet
	} else if target, ok = strings.CutPrefix(target, "HEAD "); ok {
		h.method = http.MethodHead
	} else {
		return false
	}
	if target == "" || target[0] != '/' || strings.HasPrefix(target, "//") {
		return false
	}
	escaped := false
	for i := range len(target) {
		if target[i] <= ' ' || target[i] >= 0x7f {
			return false
		}
		escaped = escaped || target[i] == '%'
	}
	h.target = target
	return h.parseURL(escaped)
}

// parseURL sets the URL as url.ParseRequestURI does; it takes the way round it where nothing is escaped.
func (h *head) parseURL(escaped bool) bool {
	path, query, questioned := strings.Cut(h.target, "?")
	if escaped || strings.ContainsAny(path, unusualInPath) {
		u, err := url.ParseRequestURI(h.target)
		if err != nil {
			return false
		}
		h.url = *u
		return true
	}
	h.url = url.URL{Path: path, RawQuery: query, ForceQuery: questioned && query == ""}
	return true
}

// unusualInPath are the bytes for which a URL remembers how its path was written.
const unusualInPath = "!\"#'()*<>[\\]^`{|}"

// field reads one field line (RFC 9112, section 5): a name without blanks around it, a value without control characters.
func field(line string) (name, value string, ok bool) {
	name, value, ok = strings.Cut(line, ":")
	if !ok || name == "" {
		return "", "", false
	}
	for i := range len(name) {
		if !tokenByte(name[i]) {
			return "", "", false
		}
	}
	value = strings.Trim(value, " \t")
	for i := range len(value) {
		if c := value[i]; c < ' ' && c != '\t' || c == 0x7f {
			return "", "", false
		}
	}
	return textproto.CanonicalMIMEHeaderKey(name), value, true
}

// The bytes of a token (RFC 9110, section 5.6.2), a bit each, from NUL and from "@" on.
const (
	tokenLow  = 1<<'!' | 1<<'#' | 1<<'$' | 1<<'%' | 1<<'&' | 1<<'\'' | 1<<'*' | 1<<'+' | 1<<'-' | 1<<'.' | (1<<10-1)<<'0'
	tokenHigh = (1<<26-1)<<('A'-64) | (1<<26-1)<<('a'-64) | 1<<('^'-64) | 1<<('_'-64) | 1<<('`'-64) | 1<<('|'-64) | 1<<('~'-64)
)

func tokenByte(c byte) bool {
	if c < 64 {
		return uint64(tokenLow)>>c&1 != 0
	}
	return c < 128 && uint64(tokenHigh)>>(c-64)&1 != 0
}

// heed looks at the fields that decide how a request is read, and reports whether it is still plain.
func (h *head) heed(name, value string) bool {
	switch name {
	case "Content-Length", "Transfer-Encoding", "Trailer", "Te", "Expect", "Upgrade", "Http2-Settings", "Proxy-Connection":
		return false
	case "Connection":
		switch {
		case strings.EqualFold(value, "close"):
			h.last = true
		case !strings.EqualFold(value, "keep-alive"):
			return false
		}
	}
	return true
}

// plainHost reports whether a Host field holds a name or an address, perhaps with a port.
func plainHost(host string) bool {
	if host == "" {
		return false
	}
	for i := range len(host) {
		c := host[i]
		if c|0x20 < 'a' || c|0x20 > 'z' {
			if (c < '0' || c > '9') && strings.IndexByte(".:-_[]", c) < 0 {
				return false
			}
		}
	}
	return true
}
