package main

// passkeyUse is what sign-in and account center add: challenges and proofs are
// good once, in time, and for their own user.
var passkeyUse = []target{
	{file: "internal/signin/verification/webauthn.go", mutants: []mutant{
		{"challenge of a registration is good once", swap("w.Registration, w.Registered = nil, credential", "w.Registered = credential"), "TestRegistrationYieldsItsCredentialOnce"},
		{"registered credential is taken once", swap("w.Registered, w.Bound = nil, true", "w.Bound = true"), "TestRegistrationYieldsItsCredentialOnce"},
	}},
	{file: "internal/signin/verification/webauthn.go", tests: "internal/signin", mutants: []mutant{
		{"challenge of an authentication is good once", swap("w.Authentication, w.Authenticated, w.Synced = nil, true,", "w.Authenticated, w.Synced = true,"), "TestAuthentication_AnswersAreGoodOnce/sqlite"},
	}},
	{file: "internal/signin/factor.go", mutants: []mutant{
		{"ceremony was begun for the user", never("record.UserID != v.state.UserID"), "TestCeremonyServesItsUserOnly"},
		{"credential is nobody's yet", swap("if taken {", "if false && taken {"), "TestKeyOfAnotherAccountCannotBeRegistered/sqlite"},
		{"copies of a key cannot race", swap("if !advanced {", "if false && !advanced {"), "TestAuthentication_IsOvertakenByACopyOfItsKey"},
	}},
	{file: "internal/account/passkey.go", tests: "internal/account/accountapi", mutants: []mutant{
		{"credential is nobody's yet", swap("if taken {", "if false && taken {"), "TestRegistration_OfAKeyThatSomebodyHolds/sqlite"},
		{"challenge of an authentication is good once", swap("recordContent{PasskeyID:", "recordContent{Challenge: r.Data.V.Challenge, PasskeyID:"), "TestProof_ByPasskey/sqlite"},
		{"copies of a key cannot race", swap("if !advanced {", "if false && !advanced {"), "TestProof_CopiesOfAKeyCannotRace/sqlite"},
	}},
	{file: "internal/mfa/store.go", mutants: []mutant{
		{"credentials of a user are bounded", never("n >= MaxCredentials"), "TestInsert_BoundsTheCredentialsOfAUser/sqlite"},
	}},
	{file: "internal/account/record.go", tests: "internal/account/accountapi", mutants: []mutant{
		{"answers of one challenge cannot race", never("err == nil && n == 0"), "TestProof_AnswersOfOneChallengeCannotRace/sqlite"},
		{"pending record expires", swap("type = $4 AND expires_at > $5", "type = $4 AND $5 > 0"), "TestRecords_ExpireAfterTenMinutes/sqlite"},
		{"registration was proved", swap("AND verified_at IS NOT NULL AND expires_at > $5\n\t\tRETURNING", "AND expires_at > $5 RETURNING"), "TestRegistration_RefusesWhatTheKeyCannotProve/sqlite"},
		{"registration expires", swap("IS NOT NULL AND expires_at > $5", "IS NOT NULL AND $5 > 0"), "TestRecords_ExpireAfterTenMinutes/sqlite"},
		{"step-up was proved", swap("r.verified_at IS NOT NULL AND r.expires_at > $6", "r.expires_at > $6"), "TestProof_ByPasskey/sqlite"},
		{"step-up expires", swap("r.expires_at > $6", "$6 > 0"), "TestRecords_ExpireAfterTenMinutes/sqlite"},
		{"step-up is the caller's", swap("r.user_id = $3 AND r.type IN", "$3 <> '' AND r.type IN"), "TestProof_CountsOnlyIfItIsTheCallersOwnAndOfTheStatedMethod/sqlite"},
	}},
}
