package application

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"signet/internal/platform/web"
)

// scriptSchemes are custom schemes that run or read something in the browser
// instead of opening an application.
var scriptSchemes = []string{
	"about", "blob", "chrome", "data", "feed", "file", "filesystem", "ftp", "jar", "javascript", "mhtml", "ms-its",
	"resource", "vbscript", "view-source", "ws", "wss",
}

var customScheme = regexp.MustCompile(`^[a-z][a-z0-9+_-]*(\.[a-z0-9+_-]+)*$`)

func checkURIs(path string, uris []string) error {
	if len(uris) > maxURIs {
		return web.Invalid(path, "has too many members")
	}
	for i, uri := range uris {
		if err := CheckRedirectURI(uri); err != nil {
			return web.Invalid(fmt.Sprintf("%s.%d", path, i), err.Error())
		}
	}
	return nil
}

// CheckRedirectURI says why a redirect URI cannot be registered; nil if it can.
// Web addresses and custom schemes (RFC 8252 section 7.1) can. A "*" may stand
// in host or path of a web address; the host then needs a dot.
func CheckRedirectURI(uri string) error {
	if uri == "" || len(uri) > maxURI {
		return fmt.Errorf("must have 1 to %d characters", maxURI)
	}
	if !utf8.ValidString(uri) || strings.ContainsFunc(uri, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' }) {
		return fmt.Errorf("must not contain spaces, control characters or backslashes")
	}
	scheme, rest, ok := strings.Cut(uri, ":")
	if !ok {
		return fmt.Errorf("must be absolute")
	}
	if strings.Contains(uri, "#") {
		return fmt.Errorf("must not have a fragment")
	}
	if scheme == "http" || scheme == "https" {
		return checkWebURI(uri, rest)
	}
	switch {
	case !customScheme.MatchString(scheme):
		return fmt.Errorf("must begin with http, https or a scheme in lower case")
	case slices.Contains(scriptSchemes, scheme):
		return fmt.Errorf("must not use the scheme %s", scheme)
	case strings.Contains(uri, "*"):
		return fmt.Errorf("may contain * in a web address only")
	}
	return nil
}

func checkWebURI(uri, rest string) error {
	authority, ok := strings.CutPrefix(rest, "//")
	if !ok {
		return fmt.Errorf("must be a web address")
	}
	tail := ""
	if end := strings.IndexAny(authority, "/?"); end >= 0 {
		authority, tail = authority[:end], authority[end:]
	}
	path, query, _ := strings.Cut(tail, "?")
	if strings.Contains(authority, "@") {
		return fmt.Errorf("must not have credentials")
	}
	if web.HasDotSegment(path) {
		return fmt.Errorf("must not have . or .. segments")
	}
	if strings.Contains(query, "*") {
		return fmt.Errorf("may contain * in host and path only")
	}
	host := authority
	if colon := strings.LastIndexByte(authority, ':'); colon >= 0 && !strings.HasSuffix(authority, "]") {
		host = authority[:colon]
		if strings.Contains(authority[colon:], "*") {
			return fmt.Errorf("may contain * in host and path only")
		}
	}
	if strings.Contains(host, "*") && !strings.Contains(host, ".") {
		return fmt.Errorf("needs a dot in a host that contains *")
	}
	if strings.Contains(uri, "*") && strings.HasPrefix(host, "[") {
		return fmt.Errorf("must not combine * with an IPv6 address")
	}
	parsed, err := url.Parse(strings.ReplaceAll(uri, "*", "w"))
	if err != nil || parsed.Hostname() == "" {
		return fmt.Errorf("must be a web address")
	}
	return nil
}

// CheckUnvettedURI is CheckRedirectURI for a client that no operator has looked at.
// Pages tell people where it leads: its characters are those of RFC 3986, none of
// which hides or turns others round, and its host is written as it is.
func CheckUnvettedURI(uri string) error {
	if err := CheckRedirectURI(uri); err != nil {
		return err
	}
	if strings.ContainsFunc(uri, func(r rune) bool { return r > unicode.MaxASCII }) {
		return fmt.Errorf("must have the characters of ASCII alone")
	}
	authority, isWeb := strings.CutPrefix(uri, "https://")
	if !isWeb {
		authority, isWeb = strings.CutPrefix(uri, "http://")
	}
	if end := strings.IndexAny(authority, "/?"); end >= 0 {
		authority = authority[:end]
	}
	if isWeb && strings.Contains(authority, "%") {
		return fmt.Errorf("must not have an encoded host")
	}
	return nil
}
