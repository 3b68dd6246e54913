package main

// outbound are the checks of calls to addresses that others name.
var outbound = []target{
	{file: "internal/platform/fetch/fetch.go", mutants: []mutant{
		{"no private address", swap("dialer.Control = ssrf.New().Safe", "_ = ssrf.New()"), "TestClient_ReachesNoPrivateAddress"},
		{"wherever a name leads", swap("dialer.Control = ssrf.New().Safe", "_ = ssrf.New()"), "TestClient_ReachesNoPrivateName"},
		{"no redirects", swap("return http.ErrUseLastResponse", "return nil"), "TestClient_FollowsNoRedirectAndGivesUp"},
		{"no more than asked for", never("int64(len(body)) > limit"), "TestRead_StopsAtTheLimit"},
	}},
}
