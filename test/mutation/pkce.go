package main

// Tests of PKCE on both sides of the code.
const (
	requestTest   = "TestAuthorize_RefusedByRedirect/sqlite"
	partyTest     = "TestCode_RefusesTheWrongParty/sqlite"
	downgradeTest = "TestCode_NoDowngrade/sqlite"
	verifierTest  = "TestCode_VerifierHasItsForm/sqlite"
)

// pkce is RFC 7636 without its "plain" method, and required of public clients
// (RFC 9700 section 2.1.1).
var pkce = []target{
	{file: "internal/oidc/authorize/request.go", tests: "internal/oidc/oidcapi", mutants: []mutant{
		{"challenge is looked at", drop(`	{"the code is bound to a verifier", checkPKCE},` + "\n"), requestTest},
	}},
	{file: "internal/oidc/authorize/check_params.go", tests: "internal/oidc/oidcapi", mutants: []mutant{
		{"no method without challenge", never(`challenge == "" && method != ""`), requestTest},
		{"required of public clients", never(`challenge == "" && rq.Client.RequiresPKCE()`), requestTest},
		{"S256 alone", never("method != proto.CodeChallengeMethod"), requestTest},
		{"form of the challenge", never("!pkceForm.MatchString(challenge)"), requestTest},
	}},
	{file: "internal/oidc/client/client.go", tests: "internal/oidc/oidcapi", mutants: []mutant{
		{"PKCE is required of public clients", swap("return c.authMethod != proto.AuthBasic", "return false"), requestTest},
	}},
	{file: "internal/oidc/client/client.go", tests: "internal/oidc/grant", mutants: []mutant{
		{"PKCE is required of public clients at the exchange", swap("return c.authMethod != proto.AuthBasic", "return false"), downgradeTest},
	}},
	{file: "internal/oidc/grant/code.go", mutants: []mutant{
		{"verifier is looked at", ignore(`verifyPKCE(code.CodeChallenge, rq.params.Get("code_verifier"), rq.client.RequiresPKCE())`), partyTest},
		{"challenge is required", drop("required || "), downgradeTest},
		{"no verifier without challenge", drop(` || verifier != ""`), downgradeTest},
		{"verifier is not short", drop("len(verifier) < minVerifier || "), verifierTest},
		{"verifier is not endless", drop("len(verifier) > maxVerifier || "), verifierTest},
		{"verifier has its characters", never(`strings.Trim(verifier, unreserved) != ""`), verifierTest},
		{"verifier is the challenge's", never("subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(*challenge)) != 1"), partyTest},
		{"S256 at the exchange", swap("base64.RawURLEncoding.EncodeToString(sum[:])", "verifier+base64.RawURLEncoding.EncodeToString(sum[:0])"), downgradeTest},
	}},
}
