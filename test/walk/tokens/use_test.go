package tokens_test

import (
	"net/http"
	"strings"

	"signet/internal/oidc/dpop/dpoptest"
)

// useSome uses some of the tokens that there are, alive or dead.
func (w *walk) useSome() bool {
	if len(w.tokens) == 0 {
		return false
	}
	for range 2 {
		w.use(late(w, w.tokens))
	}
	return true
}

// useLast uses the latest tokens.
func (w *walk) useLast(n int) {
	w.t.Helper()
	for _, t := range w.tokens[max(0, len(w.tokens)-n):] {
		w.use(t)
	}
}

// useAll uses all.
func (w *walk) useAll() {
	w.note("--- all tokens are used")
	for _, t := range w.tokens {
		w.use(t)
	}
}

// use asks everybody about a token: all must say what the oracle does.
func (w *walk) use(t *token) {
	w.t.Helper()
	if t.kind == anAccess || t.kind == aRefresh {
		w.introspect(t)
	}
	if t.kind == anAccess {
		w.userinfo(t)
		w.account(t)
	}
}

// introspect asks about a token: the shop may know about any, others about their own.
func (w *walk) introspect(t *token) {
	w.t.Helper()
	shop, lives := w.apps["shop"], w.lives(t)
	by := shop
	if shop.isGone || w.chance(3) {
		by = t.app
	}
	if by.isGone {
		return
	}
	a := w.sound(w.asking(by, "/oidc/token/introspection", form("token", t.value), nil)())
	want := map[string]any{"active": false}
	if lives {
		c := w.ceiling(t.app)
		scope := t.scope
		if c != nil {
			all := c.provider.or(c.org)
			for _, api := range apis {
				all = all.or(c.own[api]).or(c.inOrg[api])
			}
			scope = scope.and(all)
		}
		want = map[string]any{
			"active": true, "client_id": t.app.ID, "sub": t.grant.user.id, "iss": w.site.URL + "/oidc",
			"iat": float64(t.issued / second), "exp": float64(t.expires / second),
		}
		if t.kind == anAccess {
			want["token_type"] = map[bool]string{true: "DPoP", false: "Bearer"}[t.key != ""]
		}
		if t.key != "" {
			want["cnf"] = map[string]any{"jkt": t.key}
		}
		if len(scope) > 0 {
			want["scope"] = scope.String()
		}
	}
	got := a.object()
	if scope, ok := got["scope"].(string); ok {
		got["scope"] = parsed(scope).String()
	}
	w.equal("introspection of the "+t.kind+" of "+t.app.name+" by "+by.name, got, want)
	if page := w.apps["page"]; page != t.app && !page.isGone && w.chance(4) {
		foreign := w.sound(w.asking(page, "/oidc/token/introspection", form("token", t.value), nil)())
		w.equal("introspection by another", foreign.object(), map[string]any{"active": false})
	}
}

// bearer presents an access token at a path, with a proof if it is bound to a key.
func (w *walk) bearer(t *token, base, path string) answer {
	w.t.Helper()
	headers := []string{"Authorization", "Bearer " + t.value}
	if t.key != "" && t.app.key != nil && t.app.key.Thumbprint == t.key {
		headers = []string{"Authorization", "DPoP " + t.value, "DPoP", t.app.key.Proof(http.MethodGet, base+path, w.now(), dpoptest.About(t.value))}
	}
	a := w.do(nil, http.MethodGet, base+path, "", headers...)
	if other := w.another(t.grant.user); strings.Contains(a.body, other.id) || strings.Contains(a.body, other.username) {
		w.fail("of %s to %s: %s", other.name, t.grant.user.name, a)
	}
	return a
}

// isHeld reports whether the walk has the key to which a token is bound.
func (t *token) isHeld() bool {
	return t.key == "" || t.app.key != nil && t.app.key.Thumbprint == t.key
}

// userinfo asks for the claims of a token.
func (w *walk) userinfo(t *token) {
	w.t.Helper()
	if w.chance(8) {
		if a := w.bearer(t, w.site.AdminURL, "/oidc/me"); a.status != http.StatusUnauthorized {
			w.fail("at another tenant: %s", a)
		}
	}
	a := w.bearer(t, w.site.URL, "/oidc/me")
	switch {
	case !w.lives(t), !t.isHeld():
		if a.status != http.StatusUnauthorized || a.header.Get("WWW-Authenticate") == "" {
			w.fail("userinfo of a dead %s of %s: %s", t.kind, t.app.name, a)
		}
	case !t.scope["openid"]:
		if a.status != http.StatusForbidden || a.text("error") != "insufficient_scope" {
			w.fail("userinfo without openid: %s", a)
		}
	default:
		if a.status != http.StatusOK || a.text("sub") != t.grant.user.id {
			w.fail("userinfo: %s", a)
		}
		w.membership("userinfo", a.object(), w.ceiling(t.app).providers(t.scope), t.app, t.grant.user)
	}
}

// account reads the account with a token.
func (w *walk) account(t *token) {
	w.t.Helper()
	a := w.bearer(t, w.site.URL, "/api/my-account")
	switch {
	case !w.lives(t), !t.isHeld():
		if a.status != http.StatusUnauthorized {
			w.fail("account of a dead %s of %s: %s", t.kind, t.app.name, a)
		}
	case !t.scope["openid"]:
		if a.status != http.StatusForbidden {
			w.fail("account without openid: %s", a)
		}
	default:
		if a.status != http.StatusOK || a.text("id") != t.grant.user.id {
			w.fail("account: %s", a)
		}
	}
}
