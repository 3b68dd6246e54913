package tokens_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"signet/internal/apptest"
	"signet/internal/oidc/dpop/dpoptest"
)

// call is a request that can be sent from any goroutine.
type call func() answer

// asking prepares a request of an app to the token endpoint, or to another one of
// the protocol, with a proof of its key if it has one.
func (w *walk) asking(a *app, path string, values url.Values, key *dpoptest.Key) call {
	values.Set("client_id", a.ID)
	if a.Secret != "" {
		values.Set("client_secret", w.goodSecret(a))
	}
	headers := []string{"X-Forwarded-For", "10.98.0.1"}
	if key != nil {
		headers = append(headers, "DPoP", key.Proof(http.MethodPost, w.site.URL+path, w.now(), nil))
	}
	body, client := values.Encode(), &http.Client{Transport: w.site.transport}
	return func() answer { return w.site.send(client, http.MethodPost, path, body, headers...) }
}

// token sends a token request.
func (w *walk) token(a *app, values url.Values, key *dpoptest.Key) answer {
	w.t.Helper()
	return w.sound(w.asking(a, "/oidc/token", values, key)())
}

// atOnce sends requests at the same time.
func (w *walk) atOnce(calls ...call) []answer {
	w.t.Helper()
	answers := make([]answer, len(calls))
	var all sync.WaitGroup
	for i, send := range calls {
		all.Go(func() { answers[i] = send() })
	}
	all.Wait()
	for _, a := range answers {
		w.sound(a)
	}
	return answers
}

// goodSecret is one that has not expired, or any.
func (w *walk) goodSecret(a *app) string {
	for _, s := range a.secrets {
		if s.expires == 0 || w.now() < s.expires {
			return s.value
		}
	}
	return "none"
}

// thumbprint is that of a key, "" of none.
func thumbprint(key *dpoptest.Key) string {
	if key == nil {
		return ""
	}
	return key.Thumbprint
}

// codeValues are the parameters with which a code is redeemed.
func codeValues(t *token) url.Values {
	return form("grant_type", "authorization_code", "code", t.value, "redirect_uri", t.redirect, "code_verifier", apptest.Verifier)
}

// redeem presents a code, rightly or wrongly, for the first or another time.
func (w *walk) redeem() bool {
	codes := w.having(aCode, func(t *token) bool { return w.now()-t.issued < 1800*second })
	if len(codes) == 0 {
		return false
	}
	t := late(w, codes)
	a, key, values := t.app, t.app.key, codeValues(t)
	wrong := ""
	switch w.rng.IntN(14) {
	case 0:
		wrong = "verifier"
		values.Set("code_verifier", strings.Repeat("x", 43))
	case 1:
		wrong = "redirect URI"
		values.Set("redirect_uri", "https://evil.example/")
	case 2:
		wrong, a = "client", w.apps[pick(w, []string{"page", "shop", "third", "phone"})]
		key = a.key
		if a == t.app {
			return false
		}
	case 3:
		if t.key == "" {
			return false
		}
		wrong, key = "key", pick(w, []*dpoptest.Key{nil, dpoptest.New(w.t)})
	case 4:
		wrong = "no verifier"
		values.Del("code_verifier")
	}
	i := &issue{app: a, user: t.grant.user, grant: t.grant, scope: t.scope, held: t.scope, resources: t.resources, key: thumbprint(key)}
	if w.chance(3) {
		i.resource = pick(w, []string{indicator("orders"), indicator("files"), organizationsResource})
		values.Set("resource", i.resource)
	}
	w.note("%s redeems a code of %s for %q, %d ms old, spent %v; wrong %q", a.name, t.app.name, i.resource, w.now()-t.issued, t.spent != 0, wrong)
	w.redeemed(w.token(a, values, key), t, i, wrong != "")
	return true
}

// redeemed is what the oracle says to a redemption of a code.
func (w *walk) redeemed(a answer, t *token, i *issue, isWrong bool) {
	w.t.Helper()
	switch {
	case i.app.isGone:
		w.refused(a, invalidClient)
		return
	case t.isGone, isWrong, !w.grantLives(t.grant):
		w.refused(a, invalidGrant)
		return
	case t.spent != 0:
		w.kill(t.grant)
		w.refused(a, invalidGrant)
		return
	case !w.lives(t):
		w.refused(a, invalidGrant)
		return
	}
	w.complete(a, t, i)
}

// complete checks the answer to a code, of a browser or of a device, that is good.
func (w *walk) complete(a answer, t *token, i *issue) {
	w.t.Helper()
	want, refusal := w.audience(i)
	if refusal != nil {
		w.refused(a, refusal)
		return
	}
	t.spent = w.now()
	w.access(a, i, want, t.session)
	w.identity(a, i, t.grant.session, t.nonce)
	value := a.text("refresh_token")
	if issues := t.scope["offline_access"] || i.app.alwaysRefreshes; issues != (value != "") {
		w.fail("refresh token: %s", a)
	}
	if value == "" {
		return
	}
	key := ""
	if i.app.isPublic {
		key = i.key
	}
	w.tokens = append(w.tokens, &token{
		kind: aRefresh, value: value, app: i.app, grant: t.grant, session: t.session, scope: t.scope, resources: t.resources, key: key, nonce: t.nonce,
		issued: w.now(), expires: min(w.now()+refreshFor, t.grant.expires),
	})
}

// refresh presents a refresh token, rightly or wrongly.
func (w *walk) refresh() bool {
	all := w.having(aRefresh, func(*token) bool { return true })
	if len(all) == 0 {
		return false
	}
	t := late(w, all)
	a, key := t.app, t.app.key
	switch w.rng.IntN(16) {
	case 0:
		a = w.apps[pick(w, []string{"page", "shop", "third", "phone", "tv"})]
		key = a.key
	case 1:
		key = pick(w, []*dpoptest.Key{nil, dpoptest.New(w.t)})
	}
	i := &issue{app: a, user: t.grant.user, grant: t.grant, scope: t.scope, held: t.scope, resources: t.resources, key: thumbprint(key)}
	isWider := false
	values := form("grant_type", "refresh_token", "refresh_token", t.value)
	switch w.rng.IntN(6) {
	case 0, 1:
		i.scope = set{}
		for name := range maybe(w, t.scope) {
			i.scope[name] = true
		}
		values.Set("scope", i.scope.String())
		if len(i.scope) == 0 {
			i.scope = t.scope // none is asked for: all
		}
	case 2:
		if w.chance(2) {
			values.Set("scope", t.scope.String()+" email")
			isWider = true
		}
	}
	if w.chance(2) {
		i.resource = pick(w, []string{indicator("orders"), indicator("files"), organizationsResource})
		values.Set("resource", i.resource)
	}
	if w.chance(3) {
		i.org = pick(w, orgs)
		values.Set("organization_id", w.site.ids[i.org])
	}
	w.note("%s refreshes a token of %s for %s, %d ms old, spent %d; scope %q wider %v, for %q in %q", a.name, t.app.name, t.grant.user.name,
		w.now()-t.issued, t.spent, values.Get("scope"), isWider, i.resource, i.org)
	w.refreshed(w.token(a, values, key), t, i, isWider)
	return true
}

// maybe is a random part of a set, drawn in an order that does not change.
func maybe(w *walk, s set) set {
	out := set{}
	for _, name := range s.list() {
		if w.chance(2) {
			out[name] = true
		}
	}
	return out
}

// isReusable reports whether a spent token still gives its successor.
func (w *walk) isReusable(t *token) bool { return t.spent != 0 && w.now()-t.spent < leeway }

// refreshed is what the oracle says to a refresh.
func (w *walk) refreshed(a answer, t *token, i *issue, isWider bool) {
	w.t.Helper()
	switch {
	case i.app.isGone:
		w.refused(a, invalidClient)
		return
	case t.isGone, i.app != t.app, w.now() >= t.expires, t.key != "" && t.key != i.key, !w.grantLives(t.grant),
		t.session != nil && !w.sessionLives(t.session):
		w.refused(a, invalidGrant)
		return
	case t.spent != 0 && !w.isReusable(t) && isWider:
		w.kill(t.grant)
		w.refused(a, invalidScope)
		return
	case t.spent != 0 && !w.isReusable(t):
		w.kill(t.grant)
		w.refused(a, invalidGrant)
		return
	case isWider:
		w.refused(a, invalidScope)
		return
	case !t.grant.user.isUsable():
		w.refused(a, invalidGrant)
		return
	}
	want, refusal := w.audience(i)
	if refusal != nil {
		w.refused(a, refusal)
		return
	}
	w.succeed(a, t, i)
	w.access(a, i, want, t.session)
	w.identity(a, i, t.grant.session, t.nonce)
}

// succeed checks which refresh token an answer has: the same one, a new one or, if
// somebody has been here before, the newest.
func (w *walk) succeed(a answer, t *token, i *issue) {
	w.t.Helper()
	value := a.text("refresh_token")
	switch {
	case value == "":
		w.fail("want a refresh token: %s", a)
	case t.spent != 0:
		newest := t
		for newest.next != nil {
			newest = newest.next
		}
		if value != newest.value {
			w.fail("another successor: %s", a)
		}
	case !w.rotates(t):
		if value != t.value {
			w.fail("a rotation: %s", a)
		}
	default:
		if slices.ContainsFunc(w.tokens, func(other *token) bool { return other.value == value }) {
			w.fail("no rotation: %s", a)
		}
		next := *t
		next.value, next.issued, next.expires = value, w.now(), min(w.now()+refreshFor, t.grant.expires)
		if t.app.isPublic && !t.app.isNative {
			next.expires = t.expires
		}
		if next.key == "" && t.app.isPublic {
			next.key = i.key
		}
		t.spent, t.next = w.now(), &next
		w.tokens = append(w.tokens, &next)
	}
}

// rotates reports whether a token is replaced when it is used.
func (w *walk) rotates(t *token) bool {
	switch {
	case !t.app.rotates:
		return false
	case t.app.isPublic:
		return true
	}
	return (w.now()-t.issued)*100 >= (t.expires-t.issued)*70
}
