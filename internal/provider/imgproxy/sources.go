package imgproxy

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/stillroom/stillroom/internal/source"
)

// sources reads the part of a URL that names the source.
type sources struct {
	filename bool // a last segment of several is a file name
	cipher   *decrypter
	rewrite  rewriter
}

func newSources(cfg Config) (sources, error) {
	s := sources{filename: cfg.Base64IncludesFilename}
	var err error
	if s.cipher, err = newDecrypter(cfg.EncryptionKey); err != nil {
		return s, fmt.Errorf("source url encryption key: %w", err)
	}
	if s.rewrite, err = newRewriter(cfg.URLReplacements, cfg.BaseURL); err != nil {
		return s, err
	}
	return s, nil
}

// read returns the source and the extension, which may be empty.
func (s *sources) read(path string) (ref source.Ref, extension string, err error) {
	var text string
	if plain, ok := strings.CutPrefix(path, "plain/"); ok && plain != "" {
		text, extension, err = readPlain(plain)
	} else if encrypted, ok := strings.CutPrefix(path, "enc/"); ok {
		return s.readEncrypted(encrypted)
	} else {
		text, extension, err = s.readBase64(path)
	}
	if err == nil {
		ref, err = s.ref(text)
	}
	return ref, extension, err
}

// ref makes the reference of a decoded source.
func (s *sources) ref(text string) (source.Ref, error) {
	if text == "" {
		return source.Ref{}, badURL("source: want a source; there is none")
	}
	if !utf8.ValidString(text) {
		return source.Ref{}, badURL("source: want UTF-8 text; the bytes that the URL holds are not")
	}
	return source.ParseRef(s.rewrite.apply(text))
}

// readPlain reads "source[@extension]" with the source percent-encoded.
func readPlain(path string) (text, extension string, err error) {
	text, extension, _ = strings.Cut(path, "@")
	switch {
	case text == "":
		return "", "", badURL("source: want a source after plain/")
	case strings.Contains(extension, "@"):
		return "", "", badURL("source: want at most one @ and an extension after it; write @ in a source as %%40")
	}
	if text, err = url.PathUnescape(text); err != nil {
		return "", "", badURL("source: want %% followed by two hex digits; write %% in a source as %%25")
	}
	return text, extension, nil
}

// readBase64 reads "source[.extension]" with the source in base64, which slashes may interrupt anywhere.
func (s *sources) readBase64(path string) (text, extension string, err error) {
	var room [usual]byte
	b, extension, err := s.decode(room[:0], path)
	return string(b), extension, err
}

// usual is room for most sources without an allocation.
const usual = 512

// decode appends the bytes that path stands for to b.
func (s *sources) decode(b []byte, path string) (_ []byte, extension string, err error) {
	if i := strings.LastIndexByte(path, '/'); i >= 0 && s.filename {
		path = path[:i]
	}
	var room [usual]byte
	joined := room[:0]
	for segment := range strings.SplitSeq(path, "/") {
		joined = append(joined, segment...)
	}
	text, end, _ := bytes.Cut(joined, []byte{'.'})
	switch {
	case len(text) == 0:
		return nil, "", badURL("source: want plain/ and a source, or a source in base64; there is none")
	case bytes.IndexByte(end, '.') >= 0:
		return nil, "", badURL("source: want at most one dot and an extension after it in a base64 source")
	}
	b, err = base64.RawURLEncoding.AppendDecode(b, bytes.TrimRight(text, "="))
	if err != nil {
		return nil, "", badURL("source: want plain/ and a source, or a source in URL-safe base64, got %q", clip(path))
	}
	return b, string(end), nil
}

// clip bounds what an error quotes.
func clip(text string) string {
	const enough = 64
	if len(text) <= enough {
		return text
	}
	return text[:enough] + "…"
}

// readEncrypted reads "source[.extension]" with the source encrypted, then in base64. Every reason why
// the plain text cannot be used is one error: telling bad padding from a bad URL would let anybody who
// holds an encrypted source decrypt it, a byte for some hundred requests.
func (s *sources) readEncrypted(path string) (ref source.Ref, extension string, err error) {
	if s.cipher == nil {
		return ref, "", badURL("source: no key for encrypted sources is configured")
	}
	b, extension, err := s.decode(nil, path)
	if err != nil {
		return ref, "", err
	}
	text, ok := s.cipher.decrypt(b)
	if ok {
		ref, err = s.ref(text)
	}
	if !ok || err != nil {
		return source.Ref{}, "", badURL("source: cannot be decrypted to a source URL")
	}
	return ref, extension, nil
}
