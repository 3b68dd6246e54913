package tokens_test

import (
	"net/http"
	"slices"
)

// crowd is how many want the same thing at once.
const crowd = 4

// raceRedeem redeems a code several times at once: one gets tokens, and the others
// prove that it was stolen.
func (w *walk) raceRedeem() bool {
	codes := w.having(aCode, w.lives)
	if len(codes) == 0 {
		return false
	}
	t := late(w, codes)
	var calls []call
	for range crowd {
		calls = append(calls, w.asking(t.app, "/oidc/token", codeValues(t), t.app.key))
	}
	answers := w.atOnce(calls...)
	i := &issue{app: t.app, user: t.grant.user, grant: t.grant, scope: t.scope, held: t.scope, resources: t.resources, key: thumbprint(t.app.key)}
	if _, refusal := w.audience(i); refusal != nil {
		for _, a := range answers {
			w.refused(a, refusal)
		}
		return true
	}
	won := slices.IndexFunc(answers, func(a answer) bool { return a.status == http.StatusOK })
	if won < 0 {
		w.fail("nobody gets tokens: %v", answers)
	}
	w.complete(answers[won], t, i)
	for n, a := range answers {
		if n != won {
			w.refused(a, invalidGrant)
		}
	}
	w.kill(t.grant)
	return true
}

// raceRefresh refreshes a token several times at once: all get the same successor,
// and an access token each.
func (w *walk) raceRefresh() bool {
	fresh := w.having(aRefresh, w.lives)
	if len(fresh) == 0 {
		return false
	}
	t := late(w, fresh)
	var calls []call
	for range crowd {
		calls = append(calls, w.asking(t.app, "/oidc/token", form("grant_type", "refresh_token", "refresh_token", t.value), t.app.key))
	}
	w.note("%s refreshes %d times", t.app.name, crowd)
	i := &issue{app: t.app, user: t.grant.user, grant: t.grant, scope: t.scope, held: t.scope, resources: t.resources, key: thumbprint(t.app.key)}
	for _, a := range w.atOnce(calls...) {
		w.refreshed(a, t, i, false)
	}
	return true
}

// raceExchange exchanges a subject token several times at once: one is given a token.
func (w *walk) raceExchange() bool {
	shop := w.apps["shop"]
	i := slices.IndexFunc(w.singles, func(s *single) bool {
		return !s.isPersonal && !s.isSpent && w.now() < s.expires && s.user.isUsable()
	})
	if i < 0 || shop.isGone {
		return false
	}
	s := w.singles[i]
	var calls []call
	for range crowd {
		calls = append(calls, w.asking(shop, "/oidc/token", form("grant_type", grantExchange, "subject_token", s.value,
			"subject_token_type", kindImpersonation, "scope", "openid"), nil))
	}
	good := 0
	for _, a := range w.atOnce(calls...) {
		if a.status != http.StatusOK {
			w.refused(a, invalidGrant)
			continue
		}
		good++
		w.exchanged(a, &issue{app: shop, user: s.user, scope: of("openid"), isExchange: true})
	}
	s.isSpent = true
	if good != 1 {
		w.fail("%d got a token", good)
	}
	return true
}

// raceEnd refreshes a token while something ends its grant, or its user. Whoever
// comes first, afterwards nothing works.
func (w *walk) raceEnd() bool {
	fresh := w.having(aRefresh, w.lives)
	if len(fresh) == 0 {
		return false
	}
	t := late(w, fresh)
	g, p := t.grant, t.grant.user
	what := pick(w, []string{"suspend", "revoke", "withdraw", "end the session", "replay the code"})
	var end call
	operate := func(method, path, body string) call {
		client := &http.Client{Transport: w.site.transport}
		return func() answer { return w.site.send(client, method, path, body, "X-Test-Operator", "test-operator") }
	}
	switch what {
	case "suspend":
		end = operate(http.MethodPatch, "/api/users/"+p.id+"/is-suspended", `{"isSuspended":true}`)
	case "revoke":
		end = w.asking(t.app, "/oidc/token/revocation", form("token", t.value), nil)
	case "withdraw":
		id := w.listed(p)[g]
		if id == "" {
			return false
		}
		end = operate(http.MethodDelete, "/api/users/"+p.id+"/grants/"+id, "")
	case "end the session":
		id := w.listedSessions(p)[g.session]
		if id == "" || t.session == nil {
			return false
		}
		end = operate(http.MethodDelete, "/api/users/"+p.id+"/sessions/"+id+"?revokeGrantsTarget=all", "")
	case "replay the code":
		codes := w.having(aCode, func(c *token) bool { return c.grant == g && c.spent != 0 && w.now()-c.issued < 1800*second })
		if len(codes) == 0 {
			return false
		}
		end = w.asking(t.app, "/oidc/token", codeValues(codes[0]), t.app.key)
	}
	w.note("%s while %s refreshes for %s", what, t.app.name, p.name)
	calls := []call{end}
	for range crowd {
		calls = append(calls, w.asking(t.app, "/oidc/token", form("grant_type", "refresh_token", "refresh_token", t.value), t.app.key))
	}
	w.rng.Shuffle(len(calls), func(i, j int) { calls[i], calls[j] = calls[j], calls[i] })
	for _, a := range w.atOnce(calls...) {
		access, refresh := a.text("access_token"), a.text("refresh_token")
		if access != "" && !slices.Contains([]int{0, 2}, countDots(access)) {
			w.fail("an access token of no kind: %s", a)
		}
		if access != "" && countDots(access) == 0 {
			w.tokens = append(w.tokens, &token{kind: anAccess, value: access, app: t.app, grant: g, session: t.session, scope: t.scope,
				key: thumbprint(t.app.key), issued: w.now(), expires: w.now() + accessLife})
		}
		if refresh != "" && refresh != t.value {
			next := *t
			next.value = refresh
			w.tokens = append(w.tokens, &next)
		}
	}
	w.ended(what, t)
	return true
}

func countDots(value string) (n int) {
	for _, r := range value {
		if r == '.' {
			n++
		}
	}
	return n
}

// ended is what the end of raceEnd makes of the oracle.
func (w *walk) ended(what string, t *token) {
	switch what {
	case "suspend":
		t.grant.user.isSuspended = true
		w.forget(t.grant.user)
	case "withdraw":
		w.withdrawn(t.grant)
	case "end the session":
		w.endedByOperator(t.grant.session, "all")
	default:
		w.kill(t.grant)
	}
	for _, other := range w.tokens {
		if other.grant == t.grant && w.isFound(other) {
			w.fail("the oracle believes in %s", other.kind)
		}
	}
}
