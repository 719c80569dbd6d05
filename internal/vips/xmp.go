package vips

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
)

// Namespaces of what is kept from XMP, and of what holds it.
const (
	rdfSpace    = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
	dcSpace     = "http://purl.org/dc/elements/1.1/"
	rightsSpace = "http://ns.adobe.com/xap/1.0/rights/"
	ccSpace     = "http://creativecommons.org/ns#"
	xmlSpace    = "http://www.w3.org/XML/1998/namespace"
)

// prefix returns the usual prefix of a namespace that may stand in what is kept; empty = may not.
func prefix(space string) string {
	switch space {
	case rdfSpace:
		return "rdf"
	case dcSpace:
		return "dc"
	case rightsSpace:
		return "xmpRights"
	case ccSpace:
		return "cc"
	case xmlSpace, "xml":
		return "xml"
	}
	return ""
}

// owns reports whether a property says who owns the image and what may be done with it.
func owns(n xml.Name) bool {
	switch n.Space {
	case rightsSpace, ccSpace:
		return true
	case dcSpace:
		return n.Local == "rights" || n.Local == "creator" || n.Local == "contributor" || n.Local == "publisher"
	}
	return false
}

const (
	xmpHead = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="` + rdfSpace + `"><rdf:Description rdf:about=""` +
		` xmlns:dc="` + dcSpace + `" xmlns:xmpRights="` + rightsSpace + `" xmlns:cc="` + ccSpace + `">`
	xmpTail = `</rdf:Description></rdf:RDF></x:xmpmeta>`
)

// ownerXMP returns of an XMP packet only the properties that say who owns the image, nil when there are
// none or the packet is not well-formed.
func ownerXMP(packet []byte) []byte {
	if len(packet) == 0 {
		return nil
	}
	d := xml.NewDecoder(bytes.NewReader(packet))
	var kept bytes.Buffer
	for described := false; ; {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil
		}
		e, ok := t.(xml.StartElement)
		switch {
		case !ok:
		case e.Name == xml.Name{Space: rdfSpace, Local: "Description"}:
			described = true
			for _, a := range e.Attr {
				if owns(a.Name) {
					writeProperty(&kept, a)
				}
			}
		case described && owns(e.Name):
			if err := copyElement(&kept, d, e); err != nil {
				return nil
			}
		case described:
			if err := d.Skip(); err != nil {
				return nil
			}
		}
	}
	if kept.Len() == 0 {
		return nil
	}
	return []byte(xmpHead + kept.String() + xmpTail)
}

// writeProperty writes an attribute as the element that means the same.
func writeProperty(w *bytes.Buffer, a xml.Attr) {
	name := prefix(a.Name.Space) + ":" + a.Name.Local
	w.WriteString("<" + name + ">")
	_ = xml.EscapeText(w, []byte(a.Value)) // a bytes.Buffer does not fail
	w.WriteString("</" + name + ">")
}

// copyElement writes e and all it holds. Elements and attributes of namespaces that have no business
// there are left out.
func copyElement(w *bytes.Buffer, d *xml.Decoder, e xml.StartElement) error {
	open := []string{startElement(w, e)}
	for len(open) > 0 {
		t, err := d.Token()
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if prefix(t.Name.Space) == "" {
				if err := d.Skip(); err != nil {
					return err
				}
				continue
			}
			open = append(open, startElement(w, t))
		case xml.EndElement:
			w.WriteString("</" + open[len(open)-1] + ">")
			open = open[:len(open)-1]
		case xml.CharData:
			_ = xml.EscapeText(w, t) // a bytes.Buffer does not fail
		}
	}
	return nil
}

// startElement writes the start tag and returns its name.
func startElement(w *bytes.Buffer, e xml.StartElement) string {
	name := prefix(e.Name.Space) + ":" + e.Name.Local
	w.WriteString("<" + name)
	for _, a := range e.Attr {
		if p := prefix(a.Name.Space); p != "" {
			w.WriteString(" " + p + ":" + a.Name.Local + `="`)
			_ = xml.EscapeText(w, []byte(a.Value)) // a bytes.Buffer does not fail
			w.WriteByte('"')
		}
	}
	w.WriteByte('>')
	return name
}
