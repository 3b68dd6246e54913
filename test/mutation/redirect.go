package main

// Tests of the comparison of redirect URIs.
const (
	exactTest     = "TestMatchRedirect"
	omittedTest   = "TestMatchRedirect_Omitted"
	spellingsTest = "TestMatchRedirect_RefusesOtherSpellings"
	wildcardTest  = "TestMatchRedirect_Wildcards"
	loopbackTest  = "TestMatchRedirect_Loopback"
)

// redirects are the rules by which a redirect URI that was sent is one of the
// client's (RFC 9700 section 2.1), and where they are applied.
var redirects = []target{
	{file: "internal/oidc/client/uri.go", mutants: []mutant{
		{"omitted only if there is one", swap("len(c.RedirectURIs) != 1", "len(c.RedirectURIs) == 0"), omittedTest},
		{"omitted only if it is no pattern", drop(` || strings.Contains(c.RedirectURIs[0], "*")`), omittedTest},
		{"any port for native clients only", swap("sent, c.IsNative())", "sent, true)"), loopbackTest},
		{"no other port after signing out", swap("matchAny(c.PostLogoutRedirectURIs, sent, false)", "matchAny(c.PostLogoutRedirectURIs, sent, true)"), loopbackTest},
		{"no star is sent", never(`strings.Contains(sent, "*")`), wildcardTest},
		{"length", drop("len(uri) > maxURI || "), wildcardTest},
		{"UTF-8", never("!utf8.ValidString(uri)"), wildcardTest},
		{"no spaces and controls", drop("r <= ' ' || "), wildcardTest},
		{"no DEL", drop("r == 0x7f || "), wildcardTest},
		{"no backslash", drop(`r == '\\' || `), wildcardTest},
		{"no fragment", drop(` || r == '#'`), wildcardTest},
		{"two slashes", swap(`strings.CutPrefix(rest, "//")`, `strings.TrimLeft(rest, "/"), true`), spellingsTest},
		{"no user info", drop(`strings.Contains(authority, "@") || `), wildcardTest},
		{"no dot segments", never("web.HasDotSegment(a.path)"), wildcardTest},
		{"no escapes in the host", drop(`strings.Contains(a.host, "%") || `), wildcardTest},
		{"port of five digits", drop("len(a.port) > 5 || "), loopbackTest},
		{"port of digits alone", never("strings.ContainsFunc(a.port, notDigit)"), loopbackTest},
		{"ASCII alone is folded", swap("a.host = lower(authority)", "a.host = strings.ToLower(authority)"), spellingsTest},
		{"scheme", drop(" || r.scheme != a.scheme"), exactTest},
		{"custom scheme: the rest", swap("return r.path == a.path", "return r.path == a.path || true"), exactTest},
		{"query", drop("r.query != a.query || "), exactTest},
		{"empty query", drop(" || r.hasQuery != a.hasQuery"), exactTest},
		{"port", swap("samePort := r.port == a.port", "samePort := true"), exactTest},
		{"loopback: native", swap("native && a.scheme", "a.scheme"), loopbackTest},
		{"loopback: http", drop(`a.scheme == "http" && `), loopbackTest},
		{"loopback: hosts", drop("isLoopback(a.host) && "), loopbackTest},
		{"loopback: same host", drop(" && r.host == a.host"), loopbackTest},
		{"host", swap("samePort && matchHost(r.host, a.host)", "samePort"), spellingsTest},
		{"path", drop(" && matchPath(r.path, a.path)"), exactTest},
		{"wildcard: as many labels", swap("len(patterns) != len(labels)", "len(patterns) > len(labels)"), wildcardTest},
		{"wildcard: ASCII alone", drop(" || strings.ContainsFunc(host, isNotASCII)"), wildcardTest},
		{"wildcard: not in the last two labels", never(`strings.Contains(p, "*") && i >= len(patterns)-2`), wildcardTest},
		{"wildcard: a character at least", swap("glob(p, labels[i], 1)", "glob(p, labels[i], 0)"), wildcardTest},
		{"wildcard: the label's end", drop("len(text) >= least+len(pieces[last]) && "), wildcardTest},
		{"wildcard: the beginning", swap("text, ok := strings.CutPrefix(text, pieces[0])", "text, ok := strings.TrimPrefix(text, pieces[0]), true"), wildcardTest},
		{"wildcard: the end", drop(" && strings.HasSuffix(text, pieces[last])"), wildcardTest},
	}},
	{file: "internal/platform/web/path.go", tests: "internal/oidc/client", mutants: []mutant{
		{"dot segments in escapes", swap(`strings.ReplaceAll(strings.ToLower(segment), "%2e", ".")`, "strings.ToLower(segment)"), wildcardTest},
		{"two dots", swap(`case ".", "..":`, `case ".":`), wildcardTest},
	}},
	{file: "internal/oidc/authorize/request.go", tests: "internal/oidc/oidcapi", mutants: []mutant{
		{"redirect URI is the client's", swap("if !ok {", "if false && !ok {"), "TestAuthorize_RefusedWithoutRedirect/sqlite"},
		{"redirect URI is looked at", drop(`	{"the redirect URI is the client's", checkRedirectURI},` + "\n"), "TestAuthorize_RedirectURITricksAreNeverFollowed"},
	}},
	{file: "internal/oidc/authorize/resume.go", tests: "internal/oidc/oidcapi", mutants: []mutant{
		{"redirect URI is still the client's", swap("checks := beforeRedirect\n", "checks := beforeRedirect[:1]\n"), "TestResume_RedirectURIRemovedMeanwhile/sqlite"},
	}},
	{file: "internal/oidc/grant/code.go", mutants: []mutant{
		{"redirect URI at the exchange", drop(" || code.RedirectURI != redirectURI"), "TestCode_RefusesTheWrongParty/sqlite"},
	}},
}
