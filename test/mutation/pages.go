package main

// elsewhereTest is the test of where a page may lead.
const elsewhereTest = "TestTask_LeadsToNothingButTheWeb"

// operatorsOriginTest is the test of what the origin of operators may do.
const operatorsOriginTest = "TestCrossOrigin_OperatorsManageFromTheirOrigin"

// browsing are the checks of what a browser may be made to do by pages of others.
var browsing = []target{
	{file: "internal/server/server.go", mutants: []mutant{
		{"origin of a request", ignore("protections[tenant.From(r.Context()).ID].Check(r)"), "TestCrossOrigin_PostsAreRefusedWhereCookiesCount"},
		{"tenants are foreign to each other", swap("protections[t.ID] = protection", "protections[t.ID] = protection\n\t\tfor _, o := range s.resolver.All() {\n\t\t\t_ = protection.AddTrustedOrigin(o.Origin())\n\t\t}"), "TestCrossOrigin_TenantsTrustTheirOwnOriginOnly"},
	}},
	{file: "internal/server/fromoperators.go", mutants: []mutant{
		{"the operators' own origin", swap(`r.Header.Get("Origin") != s.Tenant(tenant.Admin).Origin()`, `s.Tenant(tenant.Admin).Origin() == ""`), operatorsOriginTest},
		{"what operators manage", swap("s.managed[name]", `name != ""`), operatorsOriginTest},
		{"no cookie counts there", swap("(others || !known)", "(others || !known || true)"), "TestManaged"},
	}},
	{file: "internal/platform/web/path.go", tests: "internal/tenant", mutants: []mutant{
		{"dots lead nowhere, encoded or not", swap(`strings.ReplaceAll(strings.ToLower(segment), "%2e", ".")`, "segment"), "TestResolver_SendsPeopleToTheEndpoint"},
	}},
	{file: "internal/hosted/policy.go", tests: "internal/hosted/accountpages", mutants: []mutant{
		{"no disguise", swap(`r == '\\' || r == utf8.RuneError || unicode.IsSpace(r) || unicode.IsControl(r)`, `false && (r == utf8.RuneError || unicode.IsSpace(r) || unicode.IsControl(r))`), elsewhereTest},
		{"no credentials", drop(" || u.User != nil"), elsewhereTest},
		{"web addresses only", drop(` || (u.Scheme != "http" && u.Scheme != "https")`), elsewhereTest},
		{"a host that a policy can name", never("!ok"), elsewhereTest},
	}},
}
