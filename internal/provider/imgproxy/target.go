package imgproxy

import (
	"strings"

	"github.com/stillroom/stillroom/internal/provider"
)

// cut splits a request target into what the signature is about. The query says nothing in this grammar.
// A target without a second segment is in no form of the grammar at all.
func cut(target string) (provider.Credentials, error) {
	path, _, _ := strings.Cut(target, "?")
	if !strings.HasPrefix(path, "/") {
		return provider.Credentials{}, badURL("want a path that begins with /")
	}
	end := strings.IndexByte(path[1:], '/') + 1
	if end == 0 || end == len(path)-1 {
		return provider.Credentials{}, provider.ErrSkip
	}
	if end == 1 {
		return provider.Credentials{}, badURL("the signature is empty: want /signature/options/source")
	}
	return provider.Credentials{Signature: path[1:end], Signed: repair(path[end:])}, nil
}

// repair undoes what browsers and proxies do to paths: colons escaped in the options, and two slashes
// merged after a plain source's scheme. Signatures are made for the repaired path. Only the upper-case
// escape is undone, as in imgproxy: signatures of its clients depend on it.
func repair(path string) string {
	const plain = "/plain/"
	options, source := path, ""
	if i := strings.Index(path, plain); i >= 0 {
		options, source = path[:i], path[i+len(plain):]
	}
	merged := mergedSlash(source)
	if merged < 0 && !strings.Contains(options, "%3A") {
		return path
	}
	var b strings.Builder
	b.Grow(len(path) + len("//"))
	b.WriteString(strings.ReplaceAll(options, "%3A", ":"))
	b.WriteString(path[len(options) : len(path)-len(source)])
	if merged >= 0 {
		b.WriteString(source[:merged])
		if source[:merged] == "local:/" {
			b.WriteByte('/')
		}
		b.WriteByte('/')
		source = source[merged:]
	}
	b.WriteString(source)
	return b.String()
}

// mergedSlash returns where the slash is missing in a source such as "http:/host/path", else -1.
func mergedSlash(source string) int {
	colon := strings.IndexByte(source, ':')
	if colon <= 0 || colon+2 >= len(source) || source[colon+1] != '/' || source[colon+2] == '/' {
		return -1
	}
	for _, c := range []byte(source[:colon]) {
		if !isAlnum(c) && c != '+' && c != '-' && c != '.' {
			return -1
		}
	}
	return colon + 2
}
