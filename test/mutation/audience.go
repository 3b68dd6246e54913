package main

// audiences are the checks on whom a token is for and what it permits there.
var audiences = []target{
	{file: "internal/oidc/grant/audience.go", mutants: []mutant{
		{"one resource for a token", swap("default:\n\t\treturn t, proto.ErrInvalidTarget", "case -1:\n\t\treturn t, proto.ErrInvalidTarget"), "TestResourceToken_Refuses/sqlite"},
		{"resource was granted", swap("!ok || !slices.Contains(a.resources, t.indicator)", "false && (!ok || !slices.Contains(a.resources, t.indicator))"), "TestResourceToken_Refuses/sqlite"},
		{"scope was granted", swap("proto.IntersectScope(a.scope, granted))", "proto.IntersectScope(a.scope, a.scope+granted))"), "TestResourceToken_Scope/sqlite"},
		{"scope is the subject's", swap("proto.IntersectScope(requested, proto.JoinScope(access.Names(effective)))", "proto.IntersectScope(requested, requested+proto.JoinScope(access.Names(effective)))"), "TestResourceToken_Scope/sqlite"},
		{"scope is the subject's in that organization", swap("access.ResourceScopesIn(ctx, q, s, r.ID, t.organizationID)", "access.ResourceScopes(ctx, q, s, r.ID)"), "TestResourceToken_Scope/sqlite"},
		{"organization's scope is the subject's", swap("proto.IntersectScope(requested, proto.JoinScope(access.Names(granted)))", "proto.IntersectScope(requested, requested+proto.JoinScope(access.Names(granted)))"), "TestOrganizationToken/sqlite"},
		{"user is a member", never("errors.Is(err, organization.ErrNoMember)"), "TestOrganizationToken_Refuses/sqlite"},
		{"organization demands a second factor", never("len(factors) == 0"), "TestOrganizationToken_Refuses/sqlite"},
		{"organizations were asked for", never("!a.isExchange && !proto.HasScope(rq.provided(a, a.held), proto.ScopeOrganizations)"), "TestOrganizationToken_Refuses/sqlite"},
	}},
	{file: "internal/oidc/grant/audience.go", tests: "internal/server", mutants: []mutant{
		{"organization was opened to the third party", never("!slices.Contains(opened, id)"), "TestConsent_ThirdParty"},
	}},
	{file: "internal/oidc/grant/exchange.go", mutants: []mutant{
		{"subject token is spent", swap("err == nil && !spent", "false && !spent"), "TestTokenExchange_FiftyParallelExchangesYieldOneAnswer/postgres"},
		{"exchanged JWT has not expired", drop(" || claims.ExpiresAt <= rq.now"), "TestTokenExchange_AccessTokens/sqlite"},
		{"exchanged token is a first party's", swap("err == nil && issuedTo.IsThirdParty", "err == nil && issuedTo.IsThirdParty && false"), "TestTokenExchange_AccessTokens/sqlite"},
		{"actor is known", drop(" || !proto.HasScope(access.Scope, proto.ScopeOpenID)"), "TestTokenExchange_Actor/sqlite"},
	}},
	{file: "internal/oidc/authorize/pushed.go", tests: "internal/server", mutants: []mutant{
		{"pushed request is used once", drop(" AND consumed_at IS NULL"), "TestPushedRequest"},
		{"pushed request expires", drop(" AND expires_at > $4"), "TestPushedRequest"},
		{"pushed request is the client's", swap("client_id = $3 AND", "$3 <> '' AND"), "TestPushedRequest"},
		{"rate of an address", swap("return rq.allowAddress(ctx, q, \"pushed-request\")", "return nil"), "TestPushedRequest_OfStrangersIsLimited"},
		{"credentials for the page are sealed", swap("kept[name] = []string{base64.RawStdEncoding.EncodeToString(sealed)}", "_ = sealed"), "TestPushedRequest_KeepsNoCredential/sqlite"},
	}},
	{file: "internal/oidc/authorize/extras.go", tests: "internal/server", mutants: []mutant{
		{"credentials for the page are not stored", swap("GoogleOneTapCredential string `json:\"-\"`", "GoogleOneTapCredential string `json:\"g\"`"), "TestPushedRequest_KeepsNoCredential/sqlite"},
	}},
	{file: "internal/oidc/oidcapi/introspection.go", mutants: []mutant{
		{"tokens of others stay unknown", swap("!c.IsPublic() && !c.IsUnvetted()", "!c.IsUnvetted()"), "TestIntrospection/sqlite"},
	}},
	{file: "internal/account/bearer.go", tests: "internal/server", mutants: []mutant{
		{"who asks too often keeps a token's rights", swap("client.IsGone(err)", "client.IsGone(err) || err != nil"), "TestDescribedClient_WhileFetchesAreLimited"},
	}},
	{file: "internal/oidc/oidcapi/introspection.go", tests: "internal/server", mutants: []mutant{
		{"who asks too often learns nothing wrong", swap("client.IsGone(err)", "err != nil"), "TestDescribedClient_WhileFetchesAreLimited"},
		{"operators allow the scope that is told", swap("ceiling.Any(found.Scope)", "found.Scope+ceiling.Any(\"\")"), "TestClaims_OfAScopeTakenBack/sqlite"},
	}},
	{file: "internal/oidc/oidcapi/consent.go", tests: "internal/server", mutants: []mutant{
		{"form is of this request", never("!crypt.Equal([]byte(form.Get(\"token\")), []byte(b.consentToken(t, in)))"), "TestConsent_Refuses"},
	}},
	{file: "internal/resource/resource.go", tests: "internal/resource/resourceapi", mutants: []mutant{
		{"audiences of organizations are theirs", never("strings.HasPrefix(r.Indicator, OrganizationPrefix)"), "TestResources_Refuse/sqlite"},
	}},
	{file: "internal/oidc/grant/clientcredentials.go", mutants: []mutant{
		{"machine is in the organization", never("errors.Is(err, organization.ErrNoMember)"), "TestOrganizationToken_OfMachines/sqlite"},
	}},
	{file: "internal/oidc/grant/grant.go", tests: "internal/server", mutants: []mutant{
		{"operators allow the scope", swap("rq.ceiling.Provider(proto.IntersectScope(scope, a.grant.OIDCScope))", "proto.IntersectScope(scope, a.grant.OIDCScope)"), "TestClaims_OfAScopeTakenBack"},
	}},
	{file: "internal/account/bearer.go", tests: "internal/account/accountapi", mutants: []mutant{
		{"operators allow the scope", swap("ceiling, err := client.CeilingOf(ctx, t.DB, c)", "var ceiling *client.Ceiling"), "TestAccount_ShowsEachClassOfDataToItsScopeOnly/sqlite"},
		{"application is still there", never("errors.Is(err, proto.ErrInvalidClient)"), "TestToken_IsCheckedBeforeAnything/sqlite"},
	}},
	{file: "internal/oidc/grant/grant.go", mutants: []mutant{
		{"application admits the user, at the token endpoint", ignore("rq.client.CheckAccess(ctx, tx, a.user.ID)"), "TestAccessRules/sqlite"},
	}},
	{file: "internal/oidc/authorize/start.go", tests: "internal/server", mutants: []mutant{
		{"application admits the user, at authorization", swap("err = rq.Client.CheckAccess(ctx, tx, *session.UserID)", "err = nil"), "TestTokens_OfAnApplicationThatLimitsAccess"},
	}},
	{file: "internal/oidc/client/ceiling.go", tests: "internal/server", mutants: []mutant{
		{"organization was opened", swap("slices.Contains(opened, s.OrganizationID)", "opened != nil"), "TestConsent_ThirdParty"},
	}},
	{file: "internal/oidc/token/claims.go", tests: "internal/server", mutants: []mutant{
		{"organization that is told was opened", never("!slices.Contains(told, m.ID)"), "TestClaims_OfOpenedOrganizations"},
	}},
	{file: "internal/oidc/oidcapi/userinfo.go", tests: "internal/server", mutants: []mutant{
		{"scope that is told is still allowed", swap("ceiling.Provider(access.Scope)", "access.Scope"), "TestClaims_OfAScopeTakenBack"},
		{"organization that is told is the grant's", swap("ceiling.Under(g.OrganizationID)", "_ = g"), "TestClaims_OfTheOrganizationOfAGrant"},
	}},
	{file: "internal/oidc/oidcapi/authorize.go", tests: "internal/server", mutants: []mutant{
		{"HEAD uses nothing up", never("r.Method == http.MethodHead"), "TestHEAD_ChangesNothing"},
	}},
	{file: "internal/oidc/authorize/consent.go", tests: "internal/server", mutants: []mutant{
		{"request for one organization", never(`p.OrganizationID != "" && indicator != proto.OrganizationsResource`), "TestTokens_OfARequestForOneOrganization"},
	}},
}
