package main

// Tests of clients that register themselves.
const (
	registerAllTest    = "TestRegistration/sqlite"
	registerSecretTest = "TestRegistration_Secrets/sqlite"
	metadataTest       = "TestRegistration_RefusesMetadata/sqlite"
	tokensTest         = "TestRegistration_RefusesTokens/sqlite"
	policyTest         = "TestRegistration_Policy/sqlite"
)

// registrations are the checks of dynamic client registration (RFC 7591, RFC 7592).
var registrations = []target{
	{file: "internal/oidc/registration/check.go", tests: "internal/server", mutants: []mutant{
		{"grants of the tenant alone", never("!slices.Contains(r.GrantTypes, grant)"), metadataTest},
		{"no client without a beginning", swap("case m.signsIn() == m.isDevice():", "case false:"), metadataTest},
		{"no response but a code", swap("m.signsIn() && !isCode,", "m.signsIn() && !isCode && false,"), metadataTest},
		{"methods that are known", swap("case !slices.Contains(authMethods, m.AuthMethod):", "case false:"), metadataTest},
		{"names that people can read", swap("case !client.IsPlainName(m.Name):", "case !client.IsPlainName(m.Name) && false:"), metadataTest},
		{"links lead to the web", drop("slices.Contains(schemes, u.Scheme) && "), metadataTest},
		{"logout goes to https", swap(`!isLink(m.BackchannelURI, "https")`, `!isLink(m.BackchannelURI, "https", "http")`), metadataTest},
		{"no wildcards", never(`strings.Contains(uri, "*")`), metadataTest},
		{"redirect URIs as of all applications", ignore("application.CheckUnvettedURI(uri)"), metadataTest},
		{"custom schemes if allowed", swap(`case scheme != "http" && !r.AllowsCustomSchemes:`, "case false:"), metadataTest},
		{"https for other machines", swap(`case scheme == "http" && !client.IsLoopback(uri):`, "case false:"), policyTest},
		{"loopback if allowed", swap(`case scheme == "http" && !r.AllowsLoopback:`, "case false:"), metadataTest},
	}},
	{file: "internal/application/redirect.go", tests: "internal/server", mutants: []mutant{
		{"hosts that look like another", never("strings.ContainsFunc(uri, func(r rune) bool { return r > unicode.MaxASCII })"), metadataTest},
		{"hosts in disguise", never(`isWeb && strings.Contains(authority, "%")`), metadataTest},
	}},
	{file: "internal/oidc/registration/metadata.go", tests: "internal/server", mutants: []mutant{
		{"no software statements", never(`statement != nil && string(statement) != "null"`), metadataTest},
		{"text that is UTF-8", drop("!utf8.Valid(raw) || "), metadataTest},
		{"users are asked", swap("IsThirdParty: true,", "IsThirdParty: false,"), registerAllTest},
	}},
	{file: "internal/oidc/registration/registration.go", tests: "internal/server", mutants: []mutant{
		{"initial access token", never("rules.RequiresToken"), tokensTest},
		{"registration access token of the client", never("owner != id"), tokensTest},
		{"rate of an address", swap("web.Info(ctx).IP, sentinel.ClientRegistration", `"127.0.0.1", sentinel.ClientRegistration`), "TestRegistration_LimitsAddresses/sqlite"},
		{"demands stay", swap("if more {", "if true {"), "TestRegistration_KeepsWhatOperatorsSet/sqlite"},
		{"deletion ends grants", swap("return token.DropClient(ctx, tx, now, id)", "return nil"), registerAllTest},
	}},
	{file: "internal/oidc/registration/answer.go", tests: "internal/server", mutants: []mutant{
		{"members of the answer", never("member != nil"), tokensTest},
		{"id of the client", swap("case m.sent.ClientID != app.ID:", "case false:"), tokensTest},
		{"kind of the client", swap("case m.kind() != app.Type, m.isDevice() != application.IsTrue(app.Custom.IsDeviceFlow):", "case false:"), policyTest},
		{"secret of the client", swap("if err == nil && (secret == nil ||", "if false && (secret == nil ||"), registerSecretTest},
	}},
	{file: "internal/oidc/registration/store.go", tests: "internal/server", mutants: []mutant{
		{"expiry of initial access tokens", swap("expires_at > $3)", "$3 > 0)"), tokensTest},
		{"uses of initial access tokens", drop(" AND (max_uses IS NULL OR uses < max_uses)"), "TestRegistration_ParallelUses/sqlite"},
		{"clients in use stay", drop("\n\t\t\tAND NOT EXISTS (SELECT 1 FROM grants g WHERE g.tenant_id = $1 AND g.client_id = a.id)"), policyTest},
	}},
	{file: "internal/oidc/oidcapi/registration.go", tests: "internal/server", mutants: []mutant{
		{"off by default", swap("case !isOn:", "case !isOn && false:"), policyTest},
	}},
	{file: "internal/oidc/client/client.go", tests: "internal/server", mutants: []mutant{
		{"grants that were registered", swap("if c.IsSelfRegistered {\n\t\tgrants", "if false {\n\t\tgrants"), policyTest},
		{"PKCE of registered clients", swap("!= proto.AuthBasic || c.IsSelfRegistered }", "!= proto.AuthBasic }"), registerSecretTest},
		{"trusted with nothing of others", swap("return c.IsDocument() || c.IsSelfRegistered }", "return c.IsDocument() }"), registerSecretTest},
	}},
}
