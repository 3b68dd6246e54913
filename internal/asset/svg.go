package asset

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"unicode"
)

// maxSVGDepth bounds how deep the elements of an SVG may nest.
const maxSVGDepth = 256

// isHarmlessSVG reports whether a document is an SVG that nothing can act in: no
// script, no handler, no foreign markup, no entities. Files are served so that
// scripts could not run anyway; this is the second lock on the door.
func isHarmlessSVG(r io.Reader) bool {
	d, depth, seen := xml.NewDecoder(r), 0, false
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return seen && depth == 0
		}
		if err != nil {
			return false
		}
		switch t := token.(type) {
		case xml.StartElement:
			if !seen && (t.Name.Local != "svg" || t.Name.Space != "http://www.w3.org/2000/svg") {
				return false
			}
			seen = true
			if depth++; depth > maxSVGDepth || !isHarmlessElement(t) {
				return false
			}
		case xml.EndElement:
			depth--
		case xml.Directive:
			// A document type without declarations of its own.
			if strings.ContainsAny(string(t), "[<") || !strings.HasPrefix(strings.ToUpper(string(t)), "DOCTYPE") {
				return false
			}
		case xml.ProcInst:
			if t.Target != "xml" {
				return false
			}
		}
	}
}

func isHarmlessElement(e xml.StartElement) bool {
	switch strings.ToLower(e.Name.Local) {
	case "script", "handler", "listener", "foreignobject", "iframe", "embed", "object":
		return false
	case "set", "animate":
		// They could turn a link into a script later.
		for _, a := range e.Attr {
			if strings.EqualFold(a.Name.Local, "attributeName") && strings.HasSuffix(strings.ToLower(strings.TrimSpace(a.Value)), "href") {
				return false
			}
		}
	}
	for _, a := range e.Attr {
		if strings.HasPrefix(strings.ToLower(a.Name.Local), "on") {
			return false
		}
		if strings.EqualFold(a.Name.Local, "href") && !isHarmlessLink(a.Value) {
			return false
		}
	}
	return true
}

// isHarmlessLink takes links within the document, to the web, and pictures.
func isHarmlessLink(link string) bool {
	link = strings.ToLower(strings.Map(func(r rune) rune {
		// Browsers skip them.
		if unicode.IsSpace(r) || unicode.IsControl(r) {
			return -1
		}
		return r
	}, link))
	scheme, rest, ok := strings.Cut(link, ":")
	switch {
	case !ok || strings.ContainsAny(scheme, "/?#"):
		return true
	case scheme == "data":
		return strings.HasPrefix(rest, "image/") && !strings.HasPrefix(rest, "image/svg")
	}
	return scheme == "http" || scheme == "https" || scheme == "mailto"
}
