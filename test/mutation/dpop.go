package main

// Tests of tokens that are bound to a key.
const (
	forgedTest    = "TestProof_Forged"
	fitsTest      = "TestProof_FitsItsRequestAlone"
	boundTest     = "TestDPoP_BoundTokenAtUserinfo/sqlite"
	bindsTest     = "TestDPoP_BindsTheTokensOfAPublicClient/sqlite"
	nonceTest     = "TestDPoP_Nonce"
	demandedTest  = "TestDPoP_DemandedByTheApplication"
	signedKeyTest = "TestSignedRequest_PushedIsBoundToTheKey/sqlite"
	pushedKeyTest = "TestDPoP_PushedRequestBindsTheCode/sqlite"
	codeKeyTest   = "TestDPoP_CodeNeedsItsKey/sqlite"
	exchangeTest  = "TestKey_ExchangeOfABoundToken/sqlite"
	apisTest      = "TestDPoP_BoundTokensAtTheAPIs/sqlite"
)

// proofs are the checks of RFC 9449.
var proofs = []target{
	{file: "internal/platform/crypt/claims.go", mutants: []mutant{
		{"names as they are written", swap("github.com/go-jose/go-jose/v4/json", "encoding/json"), "TestUnmarshal_TakesNamesAsTheyAreWritten"},
	}},
	{file: "internal/oidc/dpop/proof.go", mutants: []mutant{
		{"one proof", swap("len(headers) != 1", "len(headers) == 0"), forgedTest},
		{"kind of JWT", never("header.ExtraHeaders[jose.HeaderType] != proofType"), forgedTest},
		{"curve of the algorithm", swap("curves[algorithm] == k.Curve", "true"), "TestProof_KeyFitsItsAlgorithm"},
		{"no weak RSA key", drop(" && k.N.BitLen() >= minRSABits"), "TestProof_KeyFitsItsAlgorithm"},
		{"no RSA key that costs", drop(" && k.N.BitLen() <= maxRSABits"), "TestProof_KeyFitsItsAlgorithm"},
		{"id is there", drop(`p.ID == "" || `), forgedTest},
		{"id is not endless", drop(" || len(p.ID) > maxID"), forgedTest},
		{"method", swap("p.Method != method", "false"), fitsTest},
		{"URI", swap("!sameURI(p.URI, uri)", "false"), fitsTest},
		{"no user in the URI", drop(" || u.User != nil"), fitsTest},
		{"expiry", drop("p.Expiry != nil && *p.Expiry+tolerance.Seconds() <= seconds, "), fitsTest},
		{"not before", drop(", p.NotBefore != nil && *p.NotBefore-tolerance.Seconds() > seconds"), fitsTest},
		{"age", drop("p.age(now) > maxAge.Seconds(), "), fitsTest},
		{"not from the future", drop(", p.age(now) < -tolerance.Seconds()"), fitsTest},
	}},
	{file: "internal/oidc/dpop/dpop.go", tests: "internal/oidc/oidcapi", mutants: []mutant{
		{"nonce is demanded", never("config.NonceRequired && !v.isNonce(t, now, p.Nonce)"), nonceTest},
		{"proof is about the token", never(`accessToken != "" && !p.isAbout(accessToken)`), boundTest},
		{"proof is used once", never("err == nil && !fresh"), boundTest},
		{"demanded proof is missed", swap("if from.MustProve {\n\t\t\treturn", "if false {\n\t\t\treturn"), demandedTest},
	}},
	{file: "internal/oidc/dpop/nonce.go", tests: "internal/oidc/oidcapi", mutants: []mutant{
		{"nonce ages", swap("period-1", "period-2"), nonceTest},
	}},
	{file: "internal/oidc/dpop/use.go", tests: "internal/oidc/oidcapi", mutants: []mutant{
		{"bound token needs a proof", swap("case !use.IsProved:", "case false:"), boundTest},
		{"key is the token's", never("err == nil && !crypt.Equal([]byte(p.thumbprint), []byte(boundTo))"), boundTest},
	}},
	{file: "internal/oidc/oidcapi/userinfo.go", mutants: []mutant{
		{"binding is looked at", ignore("a.proofs.Check(ctx, use, access.Key())"), boundTest},
	}},
	{file: "internal/oidc/authorize/check_params.go", tests: "internal/server", mutants: []mutant{
		{"pushed request object is bound", swap("rq.sent[ParamKey] = []string{key}", ""), signedKeyTest},
	}},
	{file: "internal/oidc/authorize/check_params.go", tests: "internal/oidc/oidcapi", mutants: []mutant{
		{"pushed request has one key", swap("case rq.sent.Has(ParamKey) && rq.sent.Get(ParamKey) != key:", "case false:"), pushedKeyTest},
		{"thumbprint has its form", never("!thumbprintForm.MatchString(thumbprint)"), pushedKeyTest},
	}},
	{file: "internal/oidc/grant/code.go", tests: "internal/oidc/oidcapi", mutants: []mutant{
		{"code needs its key", never("!rq.holds(code.KeyThumbprint)"), codeKeyTest},
	}},
	{file: "internal/oidc/grant/refresh.go", tests: "internal/oidc/oidcapi", mutants: []mutant{
		{"refresh token needs its key", drop(" || !rq.holds(t.KeyThumbprint)"), bindsTest},
		{"successor is bound", swap("t.KeyThumbprint = rq.refreshKey()", "t.KeyThumbprint = nil"), bindsTest},
	}},
	{file: "internal/oidc/grant/exchange.go", mutants: []mutant{
		{"subject needs its key", never("!rq.mayExchange(key)"), exchangeTest},
		{"actor needs its key", drop(" || !rq.mayExchange(access.Key())"), exchangeTest},
	}},
	{file: "internal/oidc/grant/grant.go", mutants: []mutant{
		{"JWT names its key", drop("KeyThumbprint: rq.client.Key,\n"), "TestKey_IsNamedByJWTs"},
	}},
	{file: "internal/account/bearer.go", tests: "internal/server", mutants: []mutant{
		{"binding is looked at", ignore("e.Proofs.Check(ctx, use, access.Key())"), apisTest},
	}},
	{file: "internal/operator/authenticate.go", tests: "internal/server", mutants: []mutant{
		{"binding is looked at", ignore("g.Proofs.Check(ctx, use, claims.KeyThumbprint)"), apisTest},
		{"forwarded token is not bound", ignore("g.Proofs.Check(ctx, dpop.Use{Token: raw}, claims.KeyThumbprint)"), "TestDPoP_BoundTokenAtAWebhookCountsForNothing"},
	}},
}
