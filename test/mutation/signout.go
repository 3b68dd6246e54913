package main

// signOuts are the checks of who is told that somebody was signed out, and how
// often.
var signOuts = []target{
	{file: "internal/oidc/token/session.go", tests: "internal/oidc/authorize", mutants: []mutant{
		{"nothing is allowed in a session that has ended", swap("\t\terr = ErrSessionNotFound", "\t\terr = nil"), "TestStart_SessionEndedMeanwhile/sqlite"},
	}},
	{file: "internal/oidc/token/session.go", mutants: []mutant{
		{"nothing is allowed while a session ends", swap("tx.Dialect().ForReference()", `""`), "TestAuthorizeClient_WaitsForWhoHoldsTheSession/postgres"},
	}},
	{file: "internal/oidc/logout/backchannel.go", tests: "internal/oidc/oidcapi", mutants: []mutant{
		{"who has returned stays signed in", swap("err != nil || returned {", "err != nil || (returned && false) {"), "TestBackchannelLogout_SparesWhoHasReturned/sqlite"},
		{"an application has to accept", swap("res.StatusCode != http.StatusOK && res.StatusCode != http.StatusNoContent", "false"), "TestBackchannelLogout_ComesAgain/sqlite"},
	}},
	{file: "internal/oidc/token/notice.go", tests: "internal/oidc/oidcapi", mutants: []mutant{
		{"one user is told of once", swap("told[notice] ||", "false ||"), "TestBackchannelLogout_OfGrantsWithoutASession/sqlite"},
	}},
	{file: "internal/oidc/token/grant.go", tests: "internal/oidc/oidcapi", mutants: []mutant{
		{"an eviction spares the newest session", swap("|| !a.OIDC.RequiresSession()", "|| (false && !a.OIDC.RequiresSession())"), "TestBackchannelLogout_OfEviction/sqlite"},
		{"who takes a grant back signs in again", swap("uid = $2`, l.SessionUID, crypt", "uid = $2`, l.SessionUID+\"x\", crypt"), "TestGrant_TakenBackNeedsANewSignIn/sqlite"},
	}},
	{file: "internal/platform/job/queue.go", mutants: []mutant{
		{"one node claims a piece", swap("AND fence = $3 AND COALESCE(done_at", "AND $3 >= 0 AND COALESCE(done_at"), "TestDeferredWork_IsDoneByOneNode/postgres"},
		{"work is claimed by its key", swap("COALESCE(done_at, 0) = 0", "done_at IS NULL"), "TestDeferredWork_IsClaimedByKey"},
		{"who was away too long closes nothing", swap("AND fence = $3`, p.TenantID, p.ID, p.Fence, done", "AND $3 >= 0`, p.TenantID, p.ID, p.Fence, done"), "TestDeferredWork_OfADeadNodeIsTakenOver/sqlite"},
		{"a slow service has few places", swap("q.busy[l] >= lanePlaces", "false"), "TestDeferredWork_OfASlowLaneHoldsUpNoOther/sqlite"},
	}},
	{file: "internal/oidc/logout/logout.go", tests: "internal/server", mutants: []mutant{
		{"who signs out by a link of a stranger is asked", swap("if !rq.isUnvetted {", "if true {"), "TestUnvettedClient_AsksBeforeSigningOut/sqlite"},
	}},
	{file: "internal/oidc/authorize/limit.go", tests: "internal/server", mutants: []mutant{
		{"an exchanged token takes no device's place", drop(" || g.IsExchanged()"), "TestTokens_ExchangedAreNoDevices/sqlite"},
	}},
	{file: "internal/oidc/signedin/sessions.go", tests: "internal/oidc/oidcapi", mutants: []mutant{
		{"who joins a session that ends loses the grant too", swap("if err := token.HoldSession(ctx, tx, uid); err != nil {\n\t\t\treturn err\n\t\t}", "if target == RevokeAll {\n\t\t\treturn token.DropSession(ctx, tx, now, uid)\n\t\t}"), "TestSession_EndedWithWhatJoinsMeanwhile/sqlite"},
	}},
	{file: "internal/oidc/signedin/grants.go", tests: "internal/hosted/accountpages", mutants: []mutant{
		{"one application loses its access", swap("if all[i].ClientID != clientID {", "if all[i].ClientID == \"\" {"), "TestAccount_AppsAreSeenAndTakenBack/sqlite"},
	}},
	{file: "internal/hosted/accountpages/apps.go", mutants: []mutant{
		{"the pages' cookie opens nothing else", swap("held != nil && held.UID == v.session.SessionUID {", "true {\n\t\theld = &token.Session{ExpiresAt: now + 1000}"), "TestAccount_TakingAnAppBackEndsNoSignIn/sqlite"},
	}},
}

// signingKeys are the checks that bind keys, algorithms and applications.
var signingKeys = []target{
	{file: "internal/oidc/token/idtoken.go", mutants: []mutant{
		{"a key has one algorithm", swap("key.KeyID == header.KeyID && key.Algorithm == header.Algorithm", "key.KeyID == header.KeyID"), "TestVerifyHint_AlgorithmIsTheKeys"},
	}},
	{file: "internal/oidc/token/additional.go", mutants: []mutant{
		{"a chosen algorithm keeps its key", never("len(missing) > 0"), "TestAdditionalKeys_StayWhileTheyAreChosen/sqlite"},
		{"a chosen algorithm has a key", never("err == nil && !slices.Contains(lasting, algorithm)"), "TestAdditionalKeys_StayWhileTheyAreChosen/sqlite"},
		{"a chosen algorithm has a key later too", swap("k.Status == StatusNext && k.Algorithm != current", "k.Status == StatusNext && false"), "TestAdditionalKeys_StayWhileTheyAreChosen/sqlite"},
	}},
}
