package main

// Tests of codes and refresh tokens.
const (
	reuseTest  = "TestRefresh_LaterReuseKillsTheFamily/sqlite"
	leewayTest = "TestRefresh_ReuseWithinLeewayGetsTheSameSuccessor/sqlite"
	sealTest   = "TestRotate_SealsTheSuccessor/sqlite"
	revokeTest = "TestRevokeUser/sqlite"
	mintTest   = "TestGrant_NothingIsMintedPastItsEnd/sqlite"
)

// The statements that find a refresh token: its grant is locked before it is read.
const (
	lockOfRefresh = "db.First(&l.Grant, (*grantRow).grant, selectGrant+`id = `+grantOfToken+tx.Dialect().ForUpdate(), hash),"
	readOfRefresh = "db.First(&l.Token, (*refreshRow).token, selectRefresh+`token_hash = $2`, hash),"
)

// refreshReuse is what happens to a code or a refresh token that is used twice
// (RFC 9700 sections 4.5 and 4.14), or by somebody else.
var refreshReuse = []target{
	{file: "internal/oidc/grant/code.go", mutants: []mutant{
		{"code is the client's", drop(" || code.ClientID != rq.client.ID"), "TestCode_RefusesTheWrongParty/sqlite"},
		{"code is spent", ignore("consumeCode(ctx, tx, rq, value, g.ID)"), "TestCode_ReuseRevokesItsTokens/sqlite"},
	}},
	{file: "internal/oidc/grant/approval.go", mutants: []mutant{
		{"reused code revokes", swap("err := token.RevokeGrant(ctx, tx, rq.now, grantID)", "err := error(nil)"), "TestCode_ReuseRevokesItsTokens/sqlite"},
		{"revocation outlives the refusal", swap("return refusal{proto.ErrInvalidGrant}", "return proto.ErrInvalidGrant"), "TestCode_ReuseRevokesItsTokens/sqlite"},
	}},
	{file: "internal/oidc/token/code.go", tests: "internal/oidc/grant", mutants: []mutant{
		{"code is spent once", drop("AND consumed_at IS NULL "), "TestCode_FiftyParallelRedemptionsYieldOneAnswer/sqlite"},
		{"code expires", drop(" AND expires_at > $3"), "TestCode_ExpiresAndDiesWithItsSession/sqlite"},
	}},
	{file: "internal/oidc/grant/refresh.go", mutants: []mutant{
		{"token is the client's", drop(" || t.ClientID != rq.client.ID"), "TestRefresh_RefusesTheWrongParty/sqlite"},
		{"token expires", drop(" || t.ExpiresAt <= rq.now"), "TestRefresh_Lifetimes/sqlite"},
		{"scope does not grow", never("!proto.CoversScope(held, requested)"), "TestRefresh_Scope/sqlite"},
		{"reuse is noticed", never("t.ConsumedAt != nil && !t.IsReusable(rq.now)"), reuseTest},
		{"reuse revokes", swap("err := token.RevokeGrant(ctx, tx, rq.now, g.ID)", "err := error(nil)"), reuseTest},
		{"revocation outlives the refusal", swap("return a, refusal{proto.ErrInvalidGrant}", "return a, proto.ErrInvalidGrant"), reuseTest},
		{"revocation outlives the refusal of a scope", swap("return a, refusal{err}", "return a, err"), "TestRefresh_LaterReuseForAnotherScopeKillsTheFamily/sqlite"},
		{"retry gets the successor", swap("case t.ConsumedAt != nil:", "case false:"), leewayTest},
		{"tokens of public clients rotate", swap("case c.IsPublic():", "case false:"), "TestRefresh_RotatesPublicClients/sqlite"},
	}},
	{file: "internal/oidc/grant/grant.go", mutants: []mutant{
		{"user is active", drop(" || u.Usable() != nil"), "TestRefresh_AfterTheUserIsGone/suspended/sqlite"},
		{"revocation is kept", swap("errors.AsType[refusal](err); ok", "errors.AsType[refusal](err); false && ok"), reuseTest},
	}},
	{file: "internal/oidc/token/refresh.go", tests: "internal/oidc/grant", mutants: []mutant{
		{"reuse is noticed by who waited", swap(lockOfRefresh+"\n\t\t"+readOfRefresh, readOfRefresh+"\n\t\t"+lockOfRefresh), "TestRefresh_ParallelUseLeavesOneLiveChain/postgres"},
		{"leeway ends", drop(" && now-*t.ConsumedAt < millis(ReuseLeeway)"), reuseTest},
		{"leeway ends in time", swap("*t.ConsumedAt < millis(ReuseLeeway)", "*t.ConsumedAt <= millis(ReuseLeeway)"), reuseTest},
		{"retry gets the newest successor", swap("t = next\n", "return value, nil\n"), leewayTest},
		{"successor ends with its grant", swap("min(expiresAt, g.ExpiresAt)", "max(expiresAt, min(0, g.ExpiresAt))"), "TestRefresh_Lifetimes/sqlite"},
	}},
	{file: "internal/oidc/token/refresh.go", mutants: []mutant{
		{"token ends with its grant", swap("min(t.ExpiresAt, g.ExpiresAt)", "max(t.ExpiresAt, min(0, g.ExpiresAt))"), "TestRefresh_EndsWithItsGrant/sqlite"},
		{"token is spent once", swap("AND consumed_at IS NULL AND expires_at > $3", "AND expires_at > $3"), sealTest},
		{"loser of a race gets nothing", swap("AND successor_sealed IS NOT DISTINCT FROM $3", "AND successor_sealed IS DISTINCT FROM $3"), sealTest},
		{"successor is found by its key", swap("AND successor_sealed IS NOT DISTINCT FROM $3", "AND successor_sealed = $3"), "TestRotate_ReadsByKey"},
		{"successor is forgotten", swap("AND consumed_at <= $3", "AND consumed_at < 0 * $3"), sealTest},
		{"forgotten successor is not reusable", drop("t.successor != nil && "), sealTest},
	}},
	{file: "internal/oidc/token/grant.go", mutants: []mutant{
		{"nothing under a revoked grant", drop("g.RevokedAt == nil && "), mintTest},
		{"nothing under an expired grant", swap(" && g.ExpiresAt > now }", " }"), mintTest},
		{"revocation ends refresh tokens", drop(`"refresh_tokens", `), revokeTest},
		{"revocation ends access tokens", drop(`"access_tokens", `), revokeTest},
		{"revocation ends codes", drop(`, "authorization_codes"`), revokeTest},
	}},
}
