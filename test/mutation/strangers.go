package main

// Tests of what somebody has us keep who does not prove to be anybody.
const (
	trailTest    = "TestStrangers_FillNoTrail"
	proofsTest   = "TestStrangers_SpendSoManyProofs"
	newcomerTest = "TestStrangers_WhoRegisterFillNothing"
	stepsTest    = "TestStrangers_TakeSoManySteps"
)

// strangers are the bounds by address of what is kept of them.
var strangers = []target{
	{file: "internal/oidc/grant/grant.go", tests: "internal/server", mutants: []mutant{
		{"refusals of strangers", never("errs.IsRefusal(err) && isStranger && (result == nil || !result.isReuse)"), trailTest},
		{"clients that anybody can be", swap("err != nil || c.IsAnybody()", "err != nil"), trailTest},
		{"clients that fail to prove it", swap("err != nil || c.IsAnybody()", "err == nil && c.IsAnybody()"), trailTest},
		{"not of others", swap("isStranger := err != nil || c.IsAnybody()", "isStranger := true"), trailTest},
		{"not what tells of a thief", drop(" && (result == nil || !result.isReuse)"), trailTest},
		{"not what is asked rightly", swap("errs.IsRefusal(err) && isStranger &&", "!(errs.IsRefusal(err) && false) && isStranger &&"), trailTest},
	}},
	{file: "internal/oidc/oidcapi/token.go", tests: "internal/server", mutants: []mutant{
		{"revocations of strangers", never("errs.IsRefusal(err) || err == nil && c.IsAnybody()"), trailTest},
		{"not of others", swap("err == nil && c.IsAnybody()", "err == nil"), trailTest},
	}},
	{file: "internal/oidc/dpop/dpop.go", tests: "internal/server", mutants: []mutant{
		{"proofs of strangers", never("from.IsAnybody"), proofsTest},
		{"not of others", swap("if from.IsAnybody {", "if true {"), proofsTest},
	}},
	{file: "internal/oidc/client/assertion.go", tests: "internal/server", mutants: []mutant{
		{"assertions of strangers", never("c.IsUnvetted()"), newcomerTest},
	}},
	{file: "internal/signin/trail.go", tests: "internal/server", mutants: []mutant{
		{"steps of strangers", swap("err := e.Limiter.AllowAddressHere(", "var err error\n\t_ = e.Limiter.AllowAddressHere("), stepsTest},
	}},
	{file: "internal/oidc/oidcapi/registration.go", tests: "internal/server", mutants: []mutant{
		{"wrong tokens of registrations", swap("limited != nil", "false && limited != nil"), newcomerTest},
	}},
}
