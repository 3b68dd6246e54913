package user

import "signet/internal/platform/web"

// website is the form of a website: an address of the web, or text that no browser
// takes for an address with another scheme, such as javascript. A colon before the
// path is that of http, https or a port.
var website = web.Pattern("website",
	`^(\s*[Hh][Tt][Tt][Pp][Ss]?:[\s\S]*|[^:/?#]*([/?#][\s\S]*)?|([^:/?#\s]*\.[^:/?#\s]*|localhost):\d+([/?#][\s\S]*)?)$`)

// IsWebsite reports whether text may be the website of a profile: applications make
// links of it.
func IsWebsite(text string) bool { return website.MatchString(text) }
