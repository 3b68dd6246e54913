package hosted

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// policy returns the Content-Security-Policy (CSP level 3) of a page: our own
// scripts and nothing else, one inline style that carries the nonce.
func policy(site Site, nonce string, leadsTo []string) string {
	formAction := []string{"'self'"}
	for _, uri := range leadsTo {
		if source, ok := formSource(uri); ok && !slices.Contains(formAction, source) {
			formAction = append(formAction, source)
		}
	}
	ancestors := []string{"'self'"}
	for _, origin := range site.FrameAncestors {
		if source, ok := formSource(origin); ok {
			ancestors = append(ancestors, source)
		}
	}
	return strings.Join([]string{
		"default-src 'none'",
		"base-uri 'none'",
		"script-src 'self'",
		"require-trusted-types-for 'script'",
		"trusted-types 'none'",
		"style-src 'self' 'nonce-" + nonce + "'",
		"img-src 'self' data: https: http:",
		"font-src 'self' data: https:",
		"connect-src 'self'",
		"form-action " + strings.Join(formAction, " "),
		"frame-ancestors " + strings.Join(ancestors, " "),
	}, "; ")
}

var (
	// sourceHost and sourceScheme are what may stand in a source list; anything
	// else, ";" and "," above all, could add directives.
	sourceHost   = regexp.MustCompile(`^(\[[0-9a-fA-F:]+\]|[0-9A-Za-z.-]+)(:[0-9]{1,5})?$`)
	sourceScheme = regexp.MustCompile(`^[a-z][a-z0-9+.-]*$`)
)

// formSource returns the CSP source for a redirect URI: its origin for http(s),
// its scheme for an application's own. Browsers apply form-action to every
// redirect that follows a POST.
func formSource(uri string) (string, bool) {
	u, err := url.Parse(uri)
	if err != nil {
		return "", false
	}
	switch u.Scheme {
	case "http", "https":
		if !sourceHost.MatchString(u.Host) {
			return "", false
		}
		// An IPv6 address is no host-source; only its scheme can be allowed.
		if strings.HasPrefix(u.Host, "[") {
			return u.Scheme + ":", true
		}
		return u.Scheme + "://" + u.Host, true
	case "", "javascript", "data", "vbscript", "blob", "about", "file":
		return "", false
	}
	return u.Scheme + ":", sourceScheme.MatchString(u.Scheme)
}

// RedirectURL returns the absolute http(s) URL that text is, nil unless the answer
// to a form may lead there: it names no credentials, hides nothing behind characters
// that browsers skip or take for others, and form-action can name its origin.
func RedirectURL(text string) *url.URL {
	if strings.ContainsFunc(text, func(r rune) bool {
		return r == '\\' || r == utf8.RuneError || unicode.IsSpace(r) || unicode.IsControl(r)
	}) {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || u.User != nil || (u.Scheme != "http" && u.Scheme != "https") {
		return nil
	}
	if _, ok := formSource(text); !ok {
		return nil
	}
	return u
}

// protect sets the headers of a page beyond those of every answer.
func protect(h http.Header, site Site, nonce string, leadsTo []string) {
	h.Set("Content-Security-Policy", policy(site, nonce, leadsTo))
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", site.Lang)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "strict-origin-when-cross-origin")
	// frame-ancestors says the same and more; old browsers know only this.
	if len(site.FrameAncestors) == 0 {
		h.Set("X-Frame-Options", "SAMEORIGIN")
	} else {
		h.Del("X-Frame-Options")
	}
}
