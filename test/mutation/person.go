package main

// personal are the checks that rest on what is known of who signs in.
var personal = []target{
	{file: "internal/signin/engine.go", mutants: []mutant{
		{"factors of every kind", swap("p.Factors = append(p.Factors, signinexp.Factor(kind))", "_ = kind"), "TestSecondFactor_OfEveryKindIsDemanded"},
		{"organizations that demand a second factor", never("settings.MFA.OrganizationRequiredMFAPolicy == signinexp.OrganizationMandatory"), "TestOrganization_DemandsASecondFactor"},
		{"proofs by a removed key", swap("w.Judge(credentials)", "_ = w"), "TestAuthentication_EndsWithItsKey/sqlite"},
		{"what fails on an old row is tried again", swap("return err == nil && current.Version != row.Version", "return false && current.Version != row.Version && err == nil"), "TestRegister_TwiceAtOnce/postgres"},
	}},
	{file: "internal/account/record.go", tests: "internal/account/accountapi", mutants: []mutant{
		{"proofs by the old password", swap("return user.IsSamePassword(r.Data.V.PasswordSince, r.PasswordSince), nil", "return user.IsSamePassword(nil, nil), nil"), "TestPassword_ChangeEndsProofsOfTheOldOne/sqlite"},
		{"proofs by a removed passkey", swap("return mfa.Holds(ctx, tenant.From(ctx).DB, userID, r.Data.V.PasskeyID)", "return true, nil"), "TestProof_EndsWithItsPasskey/sqlite"},
	}},
	{file: "internal/signin/factor.go", mutants: []mutant{
		{"an answer sent twice is no copied key", swap("err == nil || !v.overtaken(ctx, v.row, err)", "true"), "TestAuthentication_TwiceAtOnce"},
	}},
	{file: "internal/signin/password.go", mutants: []mutant{
		{"no names to the older way either", drop(" && v.tellsNames()"), "TestRegister_ClosedRegistrationStaysClosedOnEveryPath"},
	}},
	{file: "internal/mfa/factor.go", tests: "internal/signin", mutants: []mutant{
		{"codes that are used up", drop(" AND used_at IS NULL"), "TestSecondFactor_UsedCodesAreNone"},
	}},
	{file: "internal/signin/submit.go", mutants: []mutant{
		{"the proof of another", never("proof == nil || !proof.Holds(p.User)"), "TestSubmit_NeedsTheProofThatIdentified"},
		{"a new user's first password", never("changed != nil && *changed != p.User.CreatedAt"), "TestSubmit_OfANewUserWhosePasswordWasReplaced"},
		{"what operators stored", never("!v.state.Created"), "TestExtraProfile_OverwritesNothing"},
	}},
	{file: "internal/user/user.go", tests: "internal/user/userapi", mutants: []mutant{
		{"websites that run", drop(" check:\"pattern=website\""), "TestUsers_CreateRefuses/sqlite"},
	}},
	{file: "internal/signin/profile.go", mutants: []mutant{
		{"no names where nobody can register", drop(" && v.tellsNames()"), "TestRegister_ClosedRegistrationStaysClosedOnEveryPath"},
		{"websites that run", never("site != nil && !user.IsWebsite(*site)"), "TestExtraProfile_OverwritesNothing"},
		{"pictures that run", never(`name == "avatar" && text != "" && !web.IsURL(text)`), "TestExtraProfile_OverwritesNothing"},
	}},
}
