package main

// passkeyUse is what sign-in and account center add: challenges and proofs are
// good once, in time, and for their own user.
var passkeyUse = []target{
	{file: "internal/signin/verification/webauthn.go", mutants: []mutant{
		{"challenge of a registration is good once", drop("w.Registration, w.Registered = nil, credential\n"), "TestRegistrationYieldsItsCredentialOnce"},
	}},
}
