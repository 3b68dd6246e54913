package main

// Tests of what clients sign, and of what they publish about themselves.
const (
	assertionTest = "TestAssertion_Refuses/sqlite"
	onceTest      = "TestAssertion_CountsOnce/sqlite"
	mechanismTest = "TestAssertion_RefusesTheRequest"
	objectTest    = "TestSignedRequest_Refuses/sqlite"
	documentTest  = "TestDescribedClient_Refused/sqlite"
	askedTest     = "TestDescribedClient/sqlite"
	awayTest      = "TestDescribedClient_Away/sqlite"
)

// signed are assertions (RFC 7523), request objects (RFC 9101) and client ID
// metadata documents.
var signed = []target{
	{file: "internal/oidc/client/jwt.go", mutants: []mutant{
		{"JWT is not endless", never("len(raw) > maxJWT"), assertionTest},
		{"JWT has its type", never(`text != "jwt" && !slices.Contains(types, text)`), assertionTest},
		{"key is the one that is named", never(`r.keyID != "" && r.keyID != key.KeyID`), assertionTest},
		{"JWT is the client's own", never("claims.Issuer != c.ID"), assertionTest},
		{"JWT is for nobody else", never("len(claims.Audience) == 0 || slices.ContainsFunc(claims.Audience, foreign)"), assertionTest},
		{"JWT expires", never("int64(*claims.Expiry)+leeway <= seconds"), assertionTest},
		{"JWT expires soon", never("int64(*claims.Expiry) > seconds+leeway+int64(maxLife.Seconds())"), assertionTest},
		{"JWT is valid already", never("early(claims.NotBefore) || early(claims.IssuedAt)"), assertionTest},
	}},
	{file: "internal/oidc/client/assertion.go", mutants: []mutant{
		{"one mechanism", never(`p.Has("client_secret")`), mechanismTest},
		{"assertion has its type", never(`p.Get("client_assertion_type") != assertionType`), mechanismTest},
		{"assertion has an id", never(`claims.ID == ""`), assertionTest},
		{"assertion counts once", never("err == nil && !fresh"), onceTest},
		{"assertion is remembered in the tolerance", drop(" + int64(tolerance.Seconds())"), onceTest},
		{"expired secrets sign nothing", swap("return s.Name, checkExpiry(s, now)", "return s.Name, nil"), mechanismTest},
		{"algorithm is pinned", never(`c.authAlgorithm != ""`), assertionTest},
	}},
	{file: "internal/oidc/client/authenticate.go", mutants: []mutant{
		{"method is the registered one", drop("signs != (sent.assertion != \"\"), "), assertionTest},
	}},
	{file: "internal/oidc/client/keysets.go", mutants: []mutant{
		{"keys are forgotten", drop(" && age < keySetLife"), "TestPublishedKeys"},
		{"address is left alone", drop("age < keySetPause || "), "TestPublishedKeys"},
	}},
	{file: "internal/oidc/client/requestobject.go", tests: "internal/server", mutants: []mutant{
		{"request is for us", ignore("c.check(&claims, []string{issuer}, now)"), objectTest},
		{"assertion is no request", never("claims.Subject == c.ID"), objectTest},
	}},
	{file: "internal/oidc/authorize/signed.go", tests: "internal/server", mutants: []mutant{
		{"request is the client's", drop(`params.Get("client_id") != rq.Client.ID || `), objectTest},
		{"nothing within a request", drop(` || params.Has("request") || params.Has("request_uri")`), objectTest},
		{"request is signed", never("rq.Client.RequiresSignedRequest && !rq.isSigned && !rq.isPushed"), "TestSignedRequest/sqlite"},
		{"request is pushed", never("rq.Client.RequiresPushedRequest && !rq.isPushing && !rq.isPushed"), "TestPushedRequest_Required/sqlite"},
	}},
	{file: "internal/oidc/authorize/signed.go", tests: "internal/oidc/oidcapi", mutants: []mutant{
		{"unsigned object is refused", never(`rq.sent.Has("request")`), "TestAuthorize_RefusedByRedirect/sqlite"},
	}},
	{file: "internal/oidc/proto/params.go", mutants: []mutant{
		{"each parameter once", never("p.Has(name) && name != Resource"), "TestReadBody_Refuses"},
		{"each member once", swap("repeated(text); is {", "repeated(text); false && is {"), "TestReadBody_Refuses"},
		{"JSON in UTF-8", swap("if !utf8.ValidString(text) {", "if false {"), "TestReadBody_Refuses"},
	}},
	{file: "internal/oidc/client/document.go", tests: "internal/server", mutants: []mutant{
		{"address is one", swap("parse(id); !ok {", "parse(id); false && !ok {"), documentTest},
		{"document is of its address", never("d.ClientID != id"), documentTest},
		{"operators decide", swap("members[name]; ok {", "members[name]; false && ok {"), documentTest},
		{"no secrets", never(`!slices.Contains([]string{"", proto.AuthNone, application.AuthPrivateKeyJWT}, d.AuthMethod)`), documentTest},
		{"no wildcards", drop(`strings.Contains(uri, "*") || `), documentTest},
		{"addresses that people can read", swap("application.CheckUnvettedURI(uri)", "application.CheckRedirectURI(uri)"), documentTest},
		{"names that people can read", swap("case !IsPlainName(d.Name):", "case len(d.Name) > 128:"), documentTest},
	}},
	{file: "internal/oidc/client/documents.go", tests: "internal/server", mutants: []mutant{
		{"who is gone is not away", swap("&& isUnknown(err)", "&& err != nil"), awayTest},
		{"an outage lasts an hour", swap("r.ExpiresAt+documentGrace.Milliseconds()", "r.ExpiresAt+24*documentGrace.Milliseconds()"), awayTest},
		{"no document lasts more than a day", swap("r.FetchedAt+maxDocumentLife.Milliseconds()", "2*r.FetchedAt"), "TestDescribedClient_AwayForADay"},
		{"an old document keeps nobody waiting", drop("want.patience = oldDocumentPatience"), "TestDescribedClient_Slow"},
		{"who asks too often is told so", swap("errors.Is(err, sentinel.ErrRateLimited)", "false"), "TestDescribedClient_WhileFetchesAreLimited"},
	}},
	{file: "internal/oidc/oidcapi/introspection.go", tests: "internal/server", mutants: []mutant{
		{"unregistered clients learn of their own", drop(" && !c.IsUnvetted()"), "TestDescribedClient_WithKeys/sqlite"},
	}},
	{file: "internal/oidc/authorize/start.go", tests: "internal/server", mutants: []mutant{
		{"strangers begin so often", swap("if session != nil && session.UserID != nil ||", "if true ||"), "TestStrangers_BeginSoManySignIns"},
		{"no redirect for a client that nobody has checked", swap("if !rq.Client.IsUnvetted() ||", "if true ||"), "TestUnvettedClient_IsNoOpenRedirect/sqlite"},
		{"a grant is for one request", swap("case !rq.Client.IsDocument():", "case true:"), askedTest},
	}},
}
