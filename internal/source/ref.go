package source

import (
	"strconv"
	"strings"

	"github.com/stillroom/stillroom/internal/fault"
)

// Ref names a source: a URL in the form in which equal names are equal text. Refs compare with ==.
type Ref struct {
	text   string
	scheme string
}

// ParseRef reads a source URL, already decoded from whatever a grammar wrapped it in. For http and https
// the host is folded to lower case and a default port, an "@" without a user and the fragment are dropped;
// path and query stay as they are, because only their owner knows which spellings are equal. Any other
// scheme keeps its text after the scheme. Errors are of kind BadURL, or Unreachable where the scheme or the
// host is missing, and quote nothing of the text: it may hold a credential.
func ParseRef(text string) (Ref, error) {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok || !validScheme(scheme) {
		return Ref{}, fault.New(fault.Unreachable, "source.parse", "the source has no scheme such as http:// or local://")
	}
	for i := range len(rest) {
		if rest[i] < ' ' || rest[i] == 0x7f {
			return Ref{}, fault.New(fault.BadURL, "source.parse", "the source holds a control character at byte %d", i)
		}
	}
	scheme = strings.ToLower(scheme)
	if scheme != "http" && scheme != "https" {
		return Ref{text: scheme + "://" + rest, scheme: scheme}, nil
	}
	rest, _, _ = strings.Cut(rest, "#")
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	authority, err := foldAuthority(rest[:end], defaultPorts[scheme])
	if err != nil {
		return Ref{}, err
	}
	tail := rest[end:]
	if tail == "" || tail[0] == '?' {
		tail = "/" + tail
	}
	return Ref{text: scheme + "://" + authority + tail, scheme: scheme}, nil
}

var defaultPorts = map[string]string{"http": "80", "https": "443"}

// foldAuthority folds "user@host:port". Only the user part is kept as it is.
func foldAuthority(text, defaultPort string) (string, error) {
	at := strings.LastIndexByte(text, '@') + 1
	user, host := text[:at], text[at:]
	if user == "@" {
		user = ""
	}
	name, port := lower(host), ""
	if colon := strings.LastIndexByte(host, ':'); colon > strings.LastIndexByte(host, ']') {
		name, port = name[:colon], host[colon+1:]
	}
	switch {
	case name == "":
		return "", fault.New(fault.Unreachable, "source.parse", "the source has no host")
	// Not quoted: it is part of a password where that has a slash in it.
	case strings.Trim(port, "0123456789") != "", name[0] != '[' && strings.Contains(name, ":"):
		return "", fault.New(fault.BadURL, "source.parse", "the source's port: want a number")
	case name[0] == '[' && name[len(name)-1] != ']':
		return "", fault.New(fault.BadURL, "source.parse", "the source's host: want an IPv6 address in brackets")
	case port != "" && port != defaultPort:
		name += ":" + port
	}
	return user + name, nil
}

// lower folds ASCII only: what is beyond it may not even be text.
func lower(host string) string {
	b := []byte(host)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c | 0x20
		}
	}
	return string(b)
}

func validScheme(s string) bool {
	for i := range len(s) {
		c := s[i] | 0x20
		if (c < 'a' || c > 'z') && (i == 0 || !strings.ContainsRune("0123456789+-.", rune(s[i]))) {
			return false
		}
	}
	return s != ""
}

// String returns the whole reference, secrets in its query or user part included: for opening and
// hashing. Use Redacted for logs.
func (r Ref) String() string { return r.text }

// Scheme returns the scheme in lower case, without "://".
func (r Ref) Scheme() string { return r.scheme }

// IsZero reports whether r names nothing.
func (r Ref) IsZero() bool { return r.text == "" }

// Redacted returns the reference without user and query, either of which may be a credential.
func (r Ref) Redacted() string {
	base, _, query := strings.Cut(r.text, "?")
	// By hand rather than by net/url: what that cannot parse would stay as it is.
	scheme, rest, _ := strings.Cut(base, "://")
	authority, path, slash := strings.Cut(rest, "/")
	base = scheme + "://" + authority[strings.LastIndexByte(authority, '@')+1:]
	if slash {
		base += "/" + path
	}
	if query {
		base += "?…"
	}
	return base
}

// Name returns the last element of the path without query, for naming a file; empty when there is none.
func (r Ref) Name() string {
	_, path, _ := strings.Cut(r.text, "://")
	if r.scheme == "http" || r.scheme == "https" {
		path, _, _ = strings.Cut(path, "?")
		_, path, _ = strings.Cut(path, "/")
	}
	return path[strings.LastIndexByte(path, '/')+1:]
}

// StatusError is the cause of an error that a source's own status explains.
type StatusError struct{ Status int }

// Error names the status.
func (e *StatusError) Error() string {
	return "the source answers with status " + strconv.Itoa(e.Status)
}

// Lasting reports whether the source said that there is no such image, now or ever again, rather than that
// it does not give it away (RFC 9110, sections 15.5.5 and 15.5.11).
func (e *StatusError) Lasting() bool { return e.Status == 404 || e.Status == 410 }
