package hosted

import (
	"net/http"
	"net/url"

	"signet/internal/platform/i18n"
)

// Site is what all pages of one request share.
type Site struct {
	// Name is the tenant in words: in titles, and where there is no logo.
	Name  string
	Brand Brand
	// Lang is the language of the page, one of i18n.Tags.
	Lang string
	// Base is the path prefix below which the tenant is served, without a
	// trailing slash; often empty.
	Base string
	// Here is the path and query of the page as the browser sees them.
	Here string
	// TermsURL and PrivacyURL are http(s) URLs or empty.
	TermsURL, PrivacyURL string
	// FrameAncestors are origins, beside the page's own, that may frame it.
	FrameAncestors []string
	// Direction overrides the direction of Lang, to look at pages mirrored.
	Direction string
}

// Dir returns the page's direction, "ltr" or "rtl".
func (s Site) Dir() string {
	if s.Direction != "" {
		return s.Direction
	}
	return i18n.Dir(s.Lang)
}

// Theme returns the page's colour scheme: "auto" follows the system.
func (s Site) Theme() string {
	if s.Brand.Dark {
		return "auto"
	}
	return "light"
}

// languageURL returns the page's address with another language.
func (s Site) languageURL(tag string) string {
	here, err := url.Parse(s.Here)
	if err != nil {
		return "?ui_locales=" + url.QueryEscape(tag)
	}
	query := here.Query()
	query.Set("ui_locales", tag)
	// Relative, so that the link stays on this page behind any proxy.
	return "?" + query.Encode()
}

// webURL returns u if it is an absolute http(s) URL, else nothing: what the
// settings hold is not trusted to be a link (it might be "javascript:…").
func webURL(u string) string {
	parsed, err := url.Parse(u)
	if err != nil || parsed.Host == "" || (parsed.Scheme != "http" && parsed.Scheme != "https") {
		return ""
	}
	return u
}

// WebURL returns the absolute http(s) URL of a setting, "" if it holds none.
func WebURL(setting *string) string { return webURL(text(setting)) }

// here returns path and query as the browser sees them below base.
func here(base string, r *http.Request) string {
	path := base + r.URL.EscapedPath()
	if r.URL.RawQuery != "" {
		path += "?" + r.URL.RawQuery
	}
	return path
}
