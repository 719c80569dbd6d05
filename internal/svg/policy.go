package svg

import (
	"encoding/xml"
	"strings"
)

// forbidden reports whether the element goes with everything in it: scripts, embedded documents, forms,
// what changes how the rest is read, and animations that would write a link or a handler.
func forbidden(e xml.StartElement) bool {
	switch strings.ToLower(e.Name.Local) {
	case "script", "handler", "listener",
		"iframe", "frame", "frameset", "object", "embed", "applet", "portal",
		"form", "input", "button", "textarea", "select", "option", "optgroup", "datalist", "fieldset",
		"keygen", "isindex", "base", "meta", "link":
		return true
	case "set", "animate", "animatecolor", "animatemotion", "animatetransform":
		for _, a := range e.Attr {
			if strings.EqualFold(a.Name.Local, "attributename") && writesLink(a.Value) {
				return true
			}
		}
	}
	return false
}

// writesLink reports whether an animation of the attribute would make a link or a handler.
func writesLink(attribute string) bool {
	name := strings.ToLower(strings.TrimSpace(attribute))
	name = name[strings.LastIndexByte(name, ':')+1:]
	return name == "href" || name == "src" || strings.HasPrefix(name, "on")
}

// allowed reports whether the attribute stays on the element.
func allowed(element xml.Name, a xml.Attr) bool {
	name := strings.ToLower(a.Name.Local)
	if a.Name.Space == "xmlns" || a.Name.Space == "" && name == "xmlns" {
		return true
	}
	switch {
	case strings.HasPrefix(name, "on"), name == "srcdoc", name == "base":
		return false
	case name == "href", name == "src", name == "action", name == "formaction", name == "poster", name == "data":
		return linkAllowed(strings.ToLower(element.Local), a.Value)
	}
	return true
}

// linkAllowed says what an element may point at. A use element copies what it points at into the
// document, so it may only copy from the document; a picture is only ever drawn, so it may be data.
func linkAllowed(element, link string) bool {
	scheme, rest := splitScheme(link)
	if element == "use" {
		return scheme == "" && strings.HasPrefix(rest, "#")
	}
	switch scheme {
	case "", "http", "https":
		return true
	case "data":
		return element == "image" || element == "feimage" || element == "img"
	}
	return false
}

// splitScheme returns the scheme of a link in lower case, empty where it has none, and the rest. Browsers
// drop control characters and blanks before they look for a scheme; so does this.
func splitScheme(link string) (scheme, rest string) {
	link = strings.Map(func(r rune) rune {
		if r <= ' ' || r == 0x7f {
			return -1
		}
		return r
	}, link)
	end := strings.IndexAny(link, ":/?#")
	if end < 0 || link[end] != ':' {
		return "", link
	}
	return strings.ToLower(link[:end]), link[end+1:]
}
