package main

// browsing are the checks of what a browser may be made to do by pages of others.
var browsing = []target{
	{file: "internal/server/server.go", mutants: []mutant{
		{"origin of a request", ignore("protections[tenant.From(r.Context()).ID].Check(r)"), "TestCrossOrigin_PostsAreRefusedWhereCookiesCount"},
		{"tenants are foreign to each other", swap("protections[t.ID] = protection", "protections[t.ID] = protection\n\t\tfor _, o := range s.resolver.All() {\n\t\t\t_ = protection.AddTrustedOrigin(o.Origin())\n\t\t}"), "TestCrossOrigin_TenantsTrustTheirOwnOriginOnly"},
	}},
}
