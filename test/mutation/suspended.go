package main

// suspendedTest is the test of signing in.
const suspendedTest = "TestSuspendedUserIsToldOnlyWithTheRightPassword"

// suspended are the checks that keep out a user who is suspended: at every step
// of signing in, and wherever an earlier sign-in would still be good. The
// Management API's own is among those of operators.
var suspended = []target{
	{file: "internal/signin/password.go", mutants: []mutant{
		{"suspended, at the password", ignore("u.Usable()"), suspendedTest},
	}},
	{file: "internal/signin/identify.go", mutants: []mutant{
		{"suspended, at identification", ignore("u.Usable()"), suspendedTest},
	}},
	{file: "internal/signin/submit.go", mutants: []mutant{
		{"suspended, at the end", ignore("p.User.Usable()"), suspendedTest},
	}},
	{file: "internal/oidc/authorize/resume.go", tests: "internal/oidc/oidcapi", mutants: []mutant{
		{"suspended, back at the authorization", ignore("person.Usable()"), "TestResume_AccountThatMayNotSignInAnyMore"},
		{"password replaced, back at the authorization", never("login.isOutdated(person, *in.FinishedAt)"), "TestResume_AfterTheUserWasLockedOut/sqlite"},
		{"late, back at the authorization", never("in.isStale(now)"), "TestResume_Soon/sqlite"},
	}},
	{file: "internal/oidc/token/grant.go", tests: "internal/oidc/oidcapi", mutants: []mutant{
		{"ending everything ends what is under way", swap("DELETE FROM interactions WHERE tenant_id = $1 AND user_id = $2", "DELETE FROM interactions WHERE tenant_id = $1 AND user_id = $2 AND 1 = 0"), "TestResume_AfterTheUserWasLockedOut/sqlite"},
	}},
	{file: "internal/oidc/grant/grant.go", mutants: []mutant{
		{"suspended, with a code", never("u.Usable() != nil"), "TestCode_ExpiresAndDiesWithItsSession"},
		{"suspended, with a refresh token", never("u.Usable() != nil"), "TestRefresh_AfterTheUserIsGone/suspended"},
	}},
	{file: "internal/oidc/grant/exchange.go", mutants: []mutant{
		{"suspended, in the midst of an exchange", swap("user.Share(ctx, tx, s.userID)", "user.ByID(ctx, tx, s.userID)"), "TestTokenExchange_SuspendedMeanwhile"},
	}},
	{file: "internal/oidc/token/access.go", mutants: []mutant{
		{"suspended, with an opaque token", drop(" AND NOT u.is_suspended"), "TestAccess"},
	}},
	{file: "internal/rp/store.go", mutants: []mutant{
		{"suspended, on the account pages", drop(" AND NOT u.is_suspended"), "TestParty_SessionEndsWithItsFoundations"},
	}},
	{file: "internal/account/account.go", mutants: []mutant{
		{"suspended, in the middle of a change", ignore("u.Usable()"), "TestEngine_RefusesASuspendedCaller"},
	}},
	{file: "internal/user/userapi/users.go", mutants: []mutant{
		{"suspending ends what was", swap("return out, token.RevokeUser(ctx, tx, now, in.UserID)", "return out, nil"), "TestSuspension_EndsEverythingAtOnce"},
	}},
}
