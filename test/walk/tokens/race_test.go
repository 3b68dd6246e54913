package tokens_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
)

// crowd is how many want the same thing at once.
const crowd = 4

// all is the issue of everything that a token stands for.
func (t *token) all() *issue {
	return &issue{
		app: t.app, user: t.grant.user, grant: t.grant, scope: t.scope, held: t.scope, resources: t.resources, key: thumbprint(t.app.key),
	}
}

// raceRedeem redeems a code several times at once: one gets tokens, and the others
// prove that it was stolen.
func (w *walk) raceRedeem() bool {
	codes := w.having(aCode, w.lives)
	if len(codes) == 0 {
		return false
	}
	t := late(w, codes)
	answers := w.atOnce(w.several(t, codeValues(t))...)
	if _, refusal := w.audience(t.all()); refusal != nil {
		for _, a := range answers {
			w.refused(a, refusal)
		}
		return true
	}
	won := slices.IndexFunc(answers, func(a answer) bool { return a.status == http.StatusOK })
	if won < 0 {
		w.fail("nobody gets tokens: %v", answers)
	}
	w.complete(answers[won], t, t.all())
	for n, a := range answers {
		if n != won {
			w.refused(a, invalidGrant)
		}
	}
	w.kill(t.grant)
	return true
}

// several prepares the same token request several times.
func (w *walk) several(t *token, values url.Values) (calls []call) {
	for range crowd {
		calls = append(calls, w.asking(t.app, "/oidc/token", values, t.app.key))
	}
	return calls
}

func refreshValues(t *token) url.Values {
	return form("grant_type", "refresh_token", "refresh_token", t.value)
}

// raceRefresh refreshes a token several times at once: all get the same successor,
// and an access token each.
func (w *walk) raceRefresh() bool {
	fresh := w.having(aRefresh, w.lives)
	if len(fresh) == 0 {
		return false
	}
	t := late(w, fresh)
	w.note("%s refreshes %d times", t.app.name, crowd)
	for _, a := range w.atOnce(w.several(t, refreshValues(t))...) {
		w.refreshed(a, t, t.all(), false)
	}
	return true
}

// usable returns a subject token that is good for something, nil for none.
func (w *walk) usable(isPersonal bool) *single {
	i := slices.IndexFunc(w.singles, func(s *single) bool {
		return s.isPersonal == isPersonal && !s.isSpent && w.now() < s.expires && s.user.isUsable()
	})
	if i < 0 || w.apps["shop"].isGone {
		return nil
	}
	return w.singles[i]
}

// exchanging prepares the exchange of a subject token several times.
func (w *walk) exchanging(value, kind string) (calls []call) {
	for range crowd {
		calls = append(calls, w.asking(w.apps["shop"], "/oidc/token",
			form("grant_type", grantExchange, "subject_token", value, "subject_token_type", kind, "scope", "openid"), nil))
	}
	return calls
}

// raceExchange exchanges a subject token several times at once: one is given a token.
func (w *walk) raceExchange() bool {
	s := w.usable(false)
	if s == nil {
		return false
	}
	good := 0
	for _, a := range w.atOnce(w.exchanging(s.value, kindImpersonation)...) {
		if a.status != http.StatusOK {
			w.refused(a, invalidGrant)
			continue
		}
		good++
		w.exchanged(a, &issue{app: w.apps["shop"], user: s.user, scope: of("openid"), isExchange: true})
	}
	s.isSpent = true
	if good != 1 {
		w.fail("%d got a token", good)
	}
	return true
}

// raceEnd has an app get tokens under a grant while something ends that. Whoever
// comes first, afterwards nothing works.
func (w *walk) raceEnd() bool {
	held := append(w.having(aRefresh, w.lives), w.having(aCode, w.lives)...)
	if len(held) == 0 {
		return false
	}
	t := late(w, held)
	what := pick(w, []string{"suspend", "revoke", "withdraw", "end the session", "replay the code", "delete the app"})
	end := w.ending(what, t)
	if end == nil {
		return false
	}
	calls := w.several(t, refreshValues(t))
	if t.kind == aCode { // a second one would end the grant, too
		calls = w.several(t, codeValues(t))[:1]
	}
	w.note("%s while %s presents a %s of %s", what, t.app.name, t.kind, t.grant.user.name)
	for _, a := range w.together(end, calls...) {
		w.stillborn(a, t.app, t.grant)
	}
	w.ended(what, t)
	return true
}

// ending prepares what ends the grant of a token, nil if it cannot at present.
func (w *walk) ending(what string, t *token) call {
	g, p := t.grant, t.grant.user
	switch what {
	case "suspend":
		return w.operating(http.MethodPatch, "/api/users/"+p.id+"/is-suspended", `{"isSuspended":true}`)
	case "delete the app":
		if w.chance(3) {
			return w.operating(http.MethodDelete, "/api/applications/"+t.app.ID, "")
		}
	case "revoke":
		if t.kind == aRefresh {
			return w.asking(t.app, "/oidc/token/revocation", form("token", t.value), nil)
		}
	case "withdraw":
		if id := w.listed(p)[g]; id != "" {
			return w.operating(http.MethodDelete, "/api/users/"+p.id+"/grants/"+id, "")
		}
	case "end the session":
		if id := w.listedSessions(p)[g.session]; id != "" && g.session.apps[t.app] == g {
			return w.operating(http.MethodDelete, "/api/users/"+p.id+"/sessions/"+id+"?revokeGrantsTarget=all", "")
		}
	case "replay the code":
		codes := w.having(aCode, func(c *token) bool { return c.grant == g && c.spent != 0 && w.now()-c.issued < 1800*second })
		if len(codes) > 0 {
			return w.asking(t.app, "/oidc/token", codeValues(codes[0]), t.app.key)
		}
	}
	return nil
}

// operating prepares a call of the Management API.
func (w *walk) operating(method, path, body string) call {
	client := &http.Client{Transport: w.site.transport}
	return func() answer { return w.site.send(client, method, path, body, "X-Test-Operator", "test-operator") }
}

// together sends requests at the same time, in any order, and returns the answers
// to all but the first.
func (w *walk) together(end call, others ...call) []answer {
	w.t.Helper()
	at := w.rng.IntN(len(others) + 1)
	return slices.Delete(w.atOnce(slices.Insert(others, at, end)...), at, at+1)
}

// stillborn keeps the tokens of an answer that are to be good for nothing.
func (w *walk) stillborn(a answer, by *app, g *grant) {
	w.t.Helper()
	access, refresh := a.text("access_token"), a.text("refresh_token")
	if access != "" && !strings.Contains(access, ".") {
		w.tokens = append(w.tokens, &token{
			kind: anAccess, value: access, app: by, grant: g, key: thumbprint(by.key), issued: w.now(), expires: w.now() + accessLife, isGone: true,
		})
	}
	if refresh != "" && !slices.ContainsFunc(w.tokens, func(t *token) bool { return t.value == refresh }) {
		w.tokens = append(w.tokens, &token{
			kind: aRefresh, value: refresh, app: by, grant: g, issued: w.now(), expires: w.now() + refreshFor, isGone: true,
		})
	}
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
	case "delete the app":
		w.deleted(t.app)
	default:
		w.kill(t.grant)
	}
	for _, other := range w.tokens {
		if other.grant == t.grant && w.isFound(other) {
			w.fail("the oracle believes in a %s", other.kind)
		}
	}
}

// unheld prepares requests of a person's that make grants: by exchange, and by
// another authorization in a browser that is signed in.
func (w *walk) unheld(p *person, apps ...string) (calls []call) {
	if s := w.usable(true); s != nil && s.user == p && slices.Contains(apps, "shop") {
		calls = append(calls, w.exchanging(s.value, kindPersonal)...)
	}
	b := pick(w, w.browsers)
	// Whether it is renewed would hang on who comes first.
	if s := w.signedIn(b); s != nil && s.user == p && w.now()-s.renewed < renewal {
		for _, name := range apps {
			if a := w.apps[name]; !a.isGone {
				calls = append(calls, w.rushing(b, a))
			}
		}
	}
	return calls
}

// raceDelete deletes an app while it gets tokens for which there is no grant yet.
func (w *walk) raceDelete() bool {
	a, p := w.apps[pick(w, []string{"page", "shop"})], pick(w, w.people)
	if a.isGone || !p.isUsable() {
		return false
	}
	calls := w.unheld(p, a.name)
	if len(calls) == 0 {
		return false
	}
	w.note("%s is deleted while it signs %s in", a.name, p.name)
	g := &grant{user: p, app: a, isRevoked: true}
	for _, answer := range w.together(w.operating(http.MethodDelete, "/api/applications/"+a.ID, ""), calls...) {
		w.stillborn(answer, a, g)
	}
	w.deleted(a)
	w.useLast(len(calls))
	return true
}

// raceSuspend suspends somebody, for a moment, while tokens come about for which
// there is no grant yet. Nothing of that lives on when they are let in again.
func (w *walk) raceSuspend() bool {
	p := pick(w, w.people)
	if !p.isUsable() {
		return false
	}
	calls := w.unheld(p, "page", "shop")
	if len(calls) == 0 {
		return false
	}
	w.note("%s is suspended for a moment", p.name)
	g := &grant{user: p, app: w.apps["shop"], isRevoked: true}
	for _, a := range w.together(w.operating(http.MethodPatch, "/api/users/"+p.id+"/is-suspended", `{"isSuspended":true}`), calls...) {
		w.stillborn(a, w.apps["shop"], g)
	}
	w.forget(p)
	if a := w.manage("PATCH /api/users/" + p.id + `/is-suspended {"isSuspended":false}`); a.status != http.StatusOK {
		w.fail("unsuspend: %s", a)
	}
	w.useLast(len(calls))
	w.withdrawAll(p)
	return true
}

// raceSession ends a session, with all that it allowed, while the shop signs in
// there: whoever comes first, the shop has nothing afterwards.
func (w *walk) raceSession() bool {
	b, shop := pick(w, w.browsers), w.apps["shop"]
	s := w.signedIn(b)
	if s == nil || shop.isGone || w.now()-s.renewed >= renewal {
		return false
	}
	id := w.listedSessions(s.user)[s]
	w.note("the session of %s ends while the shop signs %s in there", b.name, s.user.name)
	end := w.operating(http.MethodDelete, "/api/users/"+s.user.id+"/sessions/"+id+"?revokeGrantsTarget=all", "")
	g := &grant{user: s.user, app: shop, isRevoked: true}
	for _, a := range w.together(end, w.rushing(b, shop), w.rushing(b, shop)) {
		w.stillborn(a, shop, g)
	}
	w.endedByOperator(s, "all")
	w.useLast(4)
	w.withdrawAll(s.user)
	return true
}

// withdrawAll takes back all that a person has allowed apps, but for exchanges: the
// oracle does not know what came of a race.
func (w *walk) withdrawAll(p *person) {
	w.t.Helper()
	list, _ := w.manage("GET /api/users/" + p.id + "/grants").object()["grants"].([]any)
	for _, member := range list {
		id, _ := member.(map[string]any)["id"].(string)
		if a := w.manage("DELETE /api/users/" + p.id + "/grants/" + id); a.status != http.StatusNoContent {
			w.fail("withdraw: %s", a)
		}
	}
	for _, g := range w.grants {
		if g.user == p && g.session != nil && w.grantLives(g) {
			w.withdrawn(g)
		}
	}
	for _, a := range w.apps {
		w.site.expectNotice(a, p, "")
	}
}

// rushing prepares an authorization in a browser that is signed in, as fast as it
// goes, and the redemption of its code.
func (w *walk) rushing(b *browser, a *app) call {
	jar, _ := cookiejar.New(nil)
	jar.SetCookies(w.site.parse(w.t, "/"), b.client.Jar.Cookies(w.site.parse(w.t, "/")))
	client := &http.Client{Transport: w.site.transport, Jar: jar, CheckRedirect: b.client.CheckRedirect}
	rq := &ask{app: a, scope: of("openid", "offline_access"), prompt: "consent", redirect: a.OIDC.RedirectURIs[0]}
	target, redeem := "/oidc/auth?"+rq.values().Encode(), &token{app: a, redirect: rq.redirect}
	secret := ""
	if a.Secret != "" {
		secret = w.goodSecret(a)
	}
	return func() answer {
		last := answer{}
		for range 6 {
			last = w.site.send(client, http.MethodGet, target, "")
			to, _ := url.Parse(last.header.Get("Location"))
			if redeem.value = to.Query().Get("code"); redeem.value != "" {
				values := codeValues(redeem)
				values.Set("client_id", a.ID)
				if secret != "" {
					values.Set("client_secret", secret)
				}
				return w.site.send(client, http.MethodPost, "/oidc/token", values.Encode())
			}
			if target = last.header.Get("Location"); target == "" || strings.HasPrefix(target, "/sign-in") {
				break
			}
		}
		return last
	}
}
