package main

const bearerTest = "TestHasura/sqlite"

// bearers are the checks of signed access tokens that others bring.
var bearers = []target{
	{file: "internal/operator/authenticate.go", tests: "internal/access/accessapi", mutants: []mutant{
		{"audience", drop("claims.Audience != audience, "), bearerTest},
		{"token expires", drop("claims.ExpiresAt <= now, "), bearerTest},
		{"user is active", swap("err := g.checkStanding(ctx, home, c)", "err := error(nil)"), bearerTest},
	}},
	{file: "internal/platform/web/route.go", tests: "internal/server", mutants: []mutant{
		{"no cache behind a guard", never("len(rt.Guards) > 0"), "TestAnswers_BehindAGuardAreNotStored"},
	}},
	{file: "internal/access/accessapi/hasura.go", mutants: []mutant{
		{"role is held", swap("r.Name == *name", "true"), bearerTest},
	}},
}
