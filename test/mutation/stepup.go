package main

// Tests of signing in as strongly as an application demands.
const (
	standingTest = "TestStanding_WhatThePersonHasToDo"
	onlyKeyTest  = "TestStepUp_NothingButTheKeyWillDo"
)

// stepUps are the checks of RFC 9470.
var stepUps = []target{
	{file: "internal/oidc/proto/acr.go", mutants: []mutant{
		{"synced key is no hardware", drop("class == ClassPhishingResistant && "), "TestClassMet"},
	}},
	{file: "internal/oidc/authorize/prompt.go", mutants: []mutant{
		{"class is looked at", swap("refusal := s.classReason(); refusal != nil", "refusal := s.classReason(); false && refusal != nil"), standingTest},
	}},
	{file: "internal/oidc/authorize/start.go", tests: "internal/hosted/signinpages", mutants: []mutant{
		{"who has no key is not kept", never("!able"), "TestStepUp_OfSomebodyWithoutAKey"},
	}},
	{file: "internal/signin/next.go", tests: "internal/hosted/signinpages", mutants: []mutant{
		{"key is demanded", drop("	next.demandedKey,\n"), onlyKeyTest},
	}},
}
