package asset

import (
	"strings"
	"testing"
)

func inSVG(inside string) string {
	return `<svg xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/1999/xlink">` + inside + `</svg>`
}

// Attack 55: what could act in a picture.
func TestSVG_RefusesWhatCouldAct(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"a page called SVG":          "<html><body/></html>",
		"XHTML called SVG":           `<svg xmlns="http://www.w3.org/1999/xhtml"/>`,
		"nothing called SVG":         "",
		"a torn SVG":                 `<svg xmlns="http://www.w3.org/2000/svg"><a>`,
		"a deep SVG":                 inSVG(strings.Repeat("<g>", 300) + strings.Repeat("</g>", 300)),
		"a script in capitals":       inSVG("<SCRIPT>alert(1)</SCRIPT>"),
		"a script in a namespace":    inSVG(`<h:script xmlns:h="http://www.w3.org/1999/xhtml">alert(1)</h:script>`),
		"a handler":                  `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`,
		"a handler in capitals":      inSVG(`<g OnClick="alert(1)"/>`),
		"foreign markup":             inSVG(`<foreignObject><b/></foreignObject>`),
		"a link to a script":         inSVG(`<a x:href="javascript:alert(1)"/>`),
		"a hidden link to a script":  inSVG(`<a href=" java&#9;script:alert(1)"/>`),
		"a link to a page in a link": inSVG(`<a href="data:text/html,x"/>`),
		"a link that becomes one":    inSVG(`<a><animate attributeName="href" to="javascript:alert(1)"/></a>`),
		"a stylesheet":               `<?xml-stylesheet href="x.xsl" type="text/xsl"?>` + inSVG(""),
		"a script":                   inSVG("<script>alert(1)</script>"),
		"entities":                   `<!DOCTYPE svg [<!ENTITY a "b">]>` + inSVG("&a;"),
		"an element declared":        `<!DOCTYPE svg [<!ATTLIST svg onload CDATA "alert(1)">]>` + inSVG(""),
		"a declaration":              `<!ENTITY a "b">` + inSVG(""),
		"a picture in a picture":     inSVG(`<image href="data:image/svg+xml,x"/>`),
		"one behind a tab":           inSVG(`<image href="data:image/&#9;svg+xml,x"/>`),
		"another root behind it":     inSVG("") + "<html",
	} {
		if isHarmlessSVG(strings.NewReader(content)) {
			t.Errorf("%s is taken: %.200s", name, content)
		}
	}
}

func TestSVG_TakesPictures(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"plain":        inSVG(`<style>.a{fill:red}</style><path d="M0 0" style="fill:red"/>`),
		"with a type":  `<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">` + inSVG(""),
		"with links":   inSVG(`<a href="https://example.com/?a=javascript:b"><use x:href="#b"/></a><a href="/x:y"/><a href="mailto:a@example.com"/>`),
		"with a photo": inSVG(`<image x:href="data:image/png;base64,AAAA"/>`),
		"in motion":    inSVG(`<animate attributeName="r" to="9"/><set attributeName="fill" to="red"/>`),
	} {
		if !isHarmlessSVG(strings.NewReader(content)) {
			t.Errorf("%s is refused: %.200s", name, content)
		}
	}
}
