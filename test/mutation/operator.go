package main

// Tests of who may call the Management API and change what it rests on.
const (
	gateTest      = "TestAuthenticate_Refuses"
	forgetTest    = "TestAuthenticate_RemembersAndForgets"
	forgeryTest   = "TestAccess_RefusesForgeries"
	resourcesTest = "TestResources_Refuse"
	templateTest  = "TestTemplate_Refuses"
)

// operators are the checks in front of the Management API: of the token, of who
// sends it, and of changes by which somebody would become an operator, or nobody
// could be one any more.
var operators = []target{
	{file: "internal/operator/authenticate.go", mutants: []mutant{
		{"audience", never("claims.Audience != audience"), gateTest},
		{"expiry", never("claims.ExpiresAt <= now"), gateTest},
		{"not yet valid", never("claims.NotBefore > now"), forgetTest},
		{"subject", never(`claims.Subject == ""`), gateTest},
		{"scope", never("!proto.HasScope(claims.Scope, resource.ManagementScope)"), gateTest},
		{"standing", ignore("g.checkStanding(ctx, home, c)"), forgetTest},
		{"standing of a tenant's own", swap("return g.caller(ctx, home, claims)", "return g.caller(ctx, here, claims)"), gateTest},
		{"client exists", swap(`if client.IsGone(err) {
		return web.ErrUnauthorized.Wrap(err)
	}
	if err != nil {
		return err
	}
	if c.IsApplication {`, "if !client.IsGone(err) && err == nil && c.IsApplication {"), gateTest},
		{"application acts for itself", never("through.Type != application.MachineToMachine"), gateTest},
		{"suspended user", ignore("u.Usable()"), forgetTest},
	}},
	{file: "internal/oidc/token/accessjwt.go", mutants: []mutant{
		{"length", swap("if len(raw) > maxAccess {\n\t\treturn nil", "if false {\n\t\treturn nil"), forgeryTest},
		{"type", never("header.ExtraHeaders[jose.HeaderType] != accessType"), forgeryTest},
		{"signature", swap("s.verify(signed, header)", "signed.UnsafePayloadWithoutVerification(), error(nil)"), forgeryTest},
		{"issuer", never("claims.Issuer != issuer"), "TestAccess_RoundTrip"},
		{"client", never(`claims.ClientID == ""`), forgeryTest},
	}},
	{file: "internal/resource/store.go", tests: "internal/resource/resourceapi", mutants: []mutant{
		{"Management API is not changed", swap("case r.IsReserved():\n\t\treturn nil, ErrReserved", "case false && r.IsReserved():\n\t\treturn nil, ErrReserved"), resourcesTest},
		{"Management API is not deleted", swap("case r.IsReserved():\n\t\treturn ErrReservedDelete", "case false && r.IsReserved():\n\t\treturn ErrReservedDelete"), resourcesTest},
		{"its scopes are not added to", ignore("writable(ctx, tx, s.ResourceID)"), resourcesTest},
		{"its scopes are not changed", swap(`if err := writable(ctx, tx, resourceID); err != nil {
		return nil, err
	}
	if changes`, "if changes"), resourcesTest},
		{"its scopes are not deleted", swap(`if err := writable(ctx, tx, resourceID); err != nil {
		return nil, err
	}
	s,`, "s,"), resourcesTest},
	}},
	{file: "internal/role/scope.go", tests: "internal/role/roleapi", mutants: []mutant{
		{"Management API is not for roles of users", never("r.IsReserved()"), "TestRoles_GrantScopes"},
	}},
	{file: "internal/application/consent.go", tests: "internal/application/applicationapi", mutants: []mutant{
		{"Management API is not for third parties", never("r.IsReserved()"), "TestConsentScopes"},
	}},
	{file: "internal/organization/grant.go", tests: "internal/organization/organizationapi", mutants: []mutant{
		{"Management API is not for members", never("(&resource.Resource{Indicator: indicator}).IsReserved()"), templateTest},
	}},
	{file: "internal/organization/role.go", tests: "internal/organization/organizationapi", mutants: []mutant{
		{"role of machines does not become one of members", swap("checkReserved(ctx, tx, r.Type, held)", "checkReserved(ctx, tx, MachineRole, held)"), templateTest},
	}},
	{file: "internal/oidc/client/authenticate.go", tests: "internal/server", mutants: []mutant{
		{"nobody is a seeded machine", never("found.Kind == application.KindInternal || strings.HasPrefix(value, application.InternalSecret)"), "TestSeededMachines_CannotSignIn"},
	}}, {file: "internal/hosted/setuppages/setup.go", tests: "internal/server", mutants: []mutant{
		{"who looks for a setup link is slowed down", ignore(`p.Limit(r.Context(), "setup link")`), "TestSetup_IsLimitedByAddress/sqlite"},
	}},
}
