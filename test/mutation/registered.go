package main

// Tests of what may be registered.
const (
	registerTest = "TestCheckRedirectURI"
	schemesTest  = "TestCheckRedirectURI_ScriptSchemes"
)

// registeredURIs are the rules for redirect URIs that an operator registers.
var registeredURIs = []target{
	{file: "internal/application/redirect.go", mutants: []mutant{
		{"length", drop(" || len(uri) > maxURI"), registerTest},
		{"UTF-8", never("!utf8.ValidString(uri)"), registerTest},
		{"no spaces and controls", drop("r <= ' ' || "), registerTest},
		{"no backslash", drop(` || r == '\\'`), registerTest},
		{"no fragment", never(`strings.Contains(uri, "#")`), registerTest},
		{"form of custom schemes", never("!customScheme.MatchString(scheme)"), registerTest},
		{"no scripts", never("slices.Contains(scriptSchemes, scheme)"), schemesTest},
		{"no javascript", drop(`"javascript", `), schemesTest},
		{"no data", drop(`"data", `), schemesTest},
		{"custom scheme without star", swap(`case strings.Contains(uri, "*"):`, "case false:"), registerTest},
		{"no credentials", never(`strings.Contains(authority, "@")`), registerTest},
		{"no dot segments", never("web.HasDotSegment(path)"), registerTest},
		{"no star in the query", never(`strings.Contains(query, "*")`), registerTest},
		{"no star as the whole host", never(`strings.Contains(host, "*") && !strings.Contains(host, ".")`), registerTest},
		{"no star beside an IPv6 address", never(`strings.Contains(uri, "*") && strings.HasPrefix(host, "[")`), registerTest},
		{"web address has a host", never(`parsed.Hostname() == ""`), registerTest},
	}},
}
