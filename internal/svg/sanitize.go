// Package svg removes from SVG documents what could act in a browser: scripts, handlers, forms, frames
// and links to anything but documents and pictures.
//
// It is the first of two defences; the second is the Content-Security-Policy that an SVG is served with.
package svg

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxDepth is how deep elements may be nested; libxml2 and browsers stop at the same depth.
const maxDepth = 256

// Sanitize returns the document without active content, in UTF-8. Document type, comments and
// processing instructions are dropped, internal entities of plain text are resolved. Sanitizing again
// changes nothing. A document that is not well-formed, or whose root is no svg element, is an error that
// says where and why.
func Sanitize(doc []byte) ([]byte, error) {
	doc = bytes.TrimPrefix(doc, []byte("\xef\xbb\xbf"))
	d := xml.NewDecoder(bytes.NewReader(doc))
	d.CharsetReader = charset
	s := sanitizer{limit: 4*len(doc) + 64<<10}
	s.out.Grow(len(doc))
	for {
		t, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = s.token(d, t)
		}
		if err != nil {
			return nil, fmt.Errorf("at byte %d: %w", d.InputOffset(), err)
		}
	}
	if len(s.open) > 0 {
		return nil, fmt.Errorf("element <%s> is not closed", s.open[len(s.open)-1])
	}
	if !s.rooted {
		return nil, errors.New("want an svg element, got none")
	}
	return s.out.Bytes(), nil
}

// sanitizer writes the tokens that may stay.
type sanitizer struct {
	out     bytes.Buffer
	limit   int      // bytes of output; entities could multiply the input
	open    []string // names of the elements that are open
	skip    int      // depth of the element that is dropped with all it holds; 0 = none
	pending bool     // a start tag lacks its ">"
	rooted  bool
}

func (s *sanitizer) token(d *xml.Decoder, t xml.Token) error {
	switch t := t.(type) {
	case xml.StartElement:
		if err := s.start(t); err != nil {
			return err
		}
	case xml.EndElement:
		return s.end(t)
	case xml.CharData:
		if len(s.open) == 0 {
			if len(bytes.TrimSpace(t)) > 0 {
				return errors.New("text outside of the root element")
			}
			if !s.rooted {
				return nil
			}
		}
		s.text(t)
	case xml.Directive:
		if s.rooted {
			return errors.New("a document type inside the document")
		}
		d.Entity = entities(t)
	}
	if s.out.Len() > s.limit {
		return errors.New("entities make the document too long")
	}
	return nil
}

func (s *sanitizer) start(e xml.StartElement) error {
	name, err := qualified(e.Name)
	if err != nil {
		return err
	}
	if len(s.open) == 0 {
		if s.rooted || e.Name.Local != "svg" {
			return fmt.Errorf("want one svg element as the root, got <%s>", name)
		}
		s.rooted = true
	}
	if len(s.open) == maxDepth {
		return fmt.Errorf("elements nested deeper than %d", maxDepth)
	}
	s.open = append(s.open, name)
	if s.skip > 0 {
		return nil
	}
	if forbidden(e) {
		s.skip = len(s.open)
		return nil
	}
	s.closeTag()
	s.out.WriteString("<" + name)
	for _, a := range e.Attr {
		attr, err := qualified(a.Name)
		if err != nil {
			return err
		}
		if allowed(e.Name, a) {
			s.out.WriteString(" " + attr + `="`)
			escape(&s.out, a.Value, attributeEscapes)
			s.out.WriteByte('"')
		}
	}
	s.pending = true
	return nil
}

func (s *sanitizer) end(e xml.EndElement) error {
	name, err := qualified(e.Name)
	if err != nil {
		return err
	}
	if len(s.open) == 0 || s.open[len(s.open)-1] != name {
		return fmt.Errorf("unexpected </%s>", name)
	}
	depth := len(s.open)
	s.open = s.open[:depth-1]
	switch {
	case s.skip == depth:
		s.skip = 0
	case s.skip > 0:
	case s.pending:
		s.out.WriteString("/>")
		s.pending = false
	default:
		s.out.WriteString("</" + name + ">")
	}
	return nil
}

func (s *sanitizer) text(t []byte) {
	if s.skip > 0 || len(t) == 0 {
		return
	}
	s.closeTag()
	escape(&s.out, string(t), textEscapes)
}

func (s *sanitizer) closeTag() {
	if s.pending {
		s.out.WriteByte('>')
		s.pending = false
	}
}

// qualified returns the name as it is written. Names with more colons than one are read differently by
// different parsers, so they are refused.
func qualified(n xml.Name) (string, error) {
	if strings.Contains(n.Local, ":") {
		return "", fmt.Errorf("malformed name %q", n.Local)
	}
	if n.Space == "" {
		return n.Local, nil
	}
	return n.Space + ":" + n.Local, nil
}

var (
	textEscapes      = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "&#xD;")
	attributeEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;",
		"\t", "&#x9;", "\n", "&#xA;", "\r", "&#xD;")
)

func escape(w io.Writer, text string, r *strings.Replacer) {
	_, _ = r.WriteString(w, text) // a bytes.Buffer does not fail
}

// charset reads the one encoding besides UTF-8 that old drawing programs still write.
func charset(name string, in io.Reader) (io.Reader, error) {
	switch strings.ToLower(name) {
	case "utf-8", "us-ascii", "ascii":
		return in, nil
	case "iso-8859-1", "latin1":
		b, err := io.ReadAll(in)
		if err != nil {
			return nil, err
		}
		wide := make([]rune, len(b))
		for i, c := range b {
			wide[i] = rune(c)
		}
		return strings.NewReader(string(wide)), nil
	}
	return nil, fmt.Errorf("encoding: want UTF-8 or ISO-8859-1, got %q", name)
}
