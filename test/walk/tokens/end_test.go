package tokens_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"signet/internal/apptest"
)

// parse returns a path of the server as a URL.
func (s *site) parse(t interface{ Fatal(...any) }, path string) *url.URL {
	u, err := url.Parse(s.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// revoke gives a token back: one of the app's own, or of another.
func (w *walk) revoke() bool {
	all := append(w.having(anAccess, func(*token) bool { return true }), w.having(aRefresh, func(*token) bool { return true })...)
	if len(all) == 0 {
		return false
	}
	t := late(w, all)
	a := t.app
	if w.chance(3) {
		a = w.apps[pick(w, []string{"page", "shop", "third", "tv"})]
	}
	w.note("%s revokes the %s of %s, alive %v", a.name, t.kind, t.app.name, w.lives(t))
	if len(w.jwts) > 0 && w.chance(6) && !a.isGone {
		w.refused(w.sound(w.asking(a, "/oidc/token/revocation", form("token", late(w, w.jwts).value), nil)()), &refusal{http.StatusBadRequest, "unsupported_token_type"})
	}
	answer := w.sound(w.asking(a, "/oidc/token/revocation", form("token", t.value), nil)())
	switch {
	case a.isGone:
		w.refused(answer, invalidClient)
	case answer.status == http.StatusOK && a == t.app:
		if !t.isGone {
			w.kill(t.grant)
		}
	case a != t.app && !a.isPublic && w.lives(t):
		w.refused(answer, &refusal{http.StatusBadRequest, "invalid_request"})
	case a != t.app && !a.isPublic && answer.text("error") == "invalid_request": // it is dead, but still there
	case answer.status != http.StatusOK || answer.body != "":
		w.fail("revocation: %s", answer)
	}
	return true
}

var xsrfField = regexp.MustCompile(`name="xsrf" value="([^"]*)"`)

// signOut ends what a browser's cookie leads to, with or without an application.
func (w *walk) signOut() bool {
	b, a := pick(w, w.browsers), w.apps[pick(w, []string{"page", "phone", "shop", "third"})]
	values, target := url.Values{}, w.site.URL+"/oidc/session/end/success"
	if w.chance(2) && !a.isGone {
		values = form("client_id", a.ID, "post_logout_redirect_uri", a.OIDC.PostLogoutRedirectURIs[0], "state", "x y")
		target = a.OIDC.PostLogoutRedirectURIs[0] + "?state=x+y"
	}
	if w.chance(4) && !a.isGone {
		foreign := w.do(b, http.MethodGet, "/oidc/session/end?"+form("client_id", a.ID, "post_logout_redirect_uri", "https://evil.example/").Encode(), "")
		if foreign.status != http.StatusBadRequest || foreign.header.Get("Location") != "" {
			w.fail("foreign post-logout URI: %s", foreign)
		}
	}
	page := w.do(b, http.MethodGet, "/oidc/session/end?"+values.Encode(), "")
	field := xsrfField.FindStringSubmatch(page.body)
	if page.status != http.StatusOK || field == nil {
		w.fail("page: %s", page)
	}
	done := w.do(b, http.MethodPost, "/oidc/session/end/confirm", form("xsrf", html.UnescapeString(field[1]), "logout", "yes").Encode())
	location := done.header.Get("Location")
	if strings.HasPrefix(location, "/") {
		location = w.site.URL + location
	}
	if done.status != http.StatusSeeOther || location != target {
		w.fail("want to go to %s: %s", target, done)
	}
	w.note("    %s is signed out, was signed in %v", b.name, w.signedIn(b) != nil)
	if s := w.signedIn(b); s != nil {
		w.end(s)
	}
	b.session = nil
	return true
}

// listedSessions are the ids of a person's sessions as operators see them, which
// must be those that the oracle knows.
func (w *walk) listedSessions(p *person) map[*session]string {
	w.t.Helper()
	var want []*session
	for _, s := range slices.Backward(w.sessions) {
		if s.user == p && w.sessionLives(s) {
			want = append(want, s)
		}
	}
	a := w.manage("GET /api/users/" + p.id + "/sessions")
	list, _ := a.object()["sessions"].([]any)
	if len(list) != len(want) {
		w.fail("want %d sessions of %s: %s", len(want), p.name, a)
	}
	ids := map[*session]string{}
	for i, s := range want {
		member := list[i].(map[string]any)
		payload := member["payload"].(map[string]any)
		if member["expiresAt"] != float64(s.expires) || payload["accountId"] != p.id {
			w.fail("want a session until %d: %v", s.expires, member)
		}
		authorizations, _ := payload["authorizations"].(map[string]any)
		for a := range s.apps {
			if authorizations[a.ID] == nil && !a.isGone {
				w.fail("%s takes no part: %v", a.name, member)
			}
		}
		ids[s], _ = payload["uid"].(string)
	}
	return ids
}

// endSession has an operator end a session.
func (w *walk) endSession() bool {
	p := pick(w, w.people)
	ids := w.listedSessions(p)
	if len(ids) == 0 {
		return true
	}
	i := slices.IndexFunc(w.sessions, func(s *session) bool { return ids[s] != "" })
	s, target := w.sessions[i], pick(w, []string{"", "firstParty", "all"})
	query := ""
	if target != "" {
		query = "?revokeGrantsTarget=" + target
	}
	if other := w.another(p); !other.isGone {
		if foreign := w.manage("DELETE /api/users/" + other.id + "/sessions/" + ids[s]); foreign.status != http.StatusNotFound {
			w.fail("the session of another: %s", foreign)
		}
	}
	if a := w.manage("DELETE /api/users/" + p.id + "/sessions/" + ids[s] + query); a.status != http.StatusNoContent {
		w.fail("end: %s", a)
	}
	w.note("    a session of %s ends, target %q", p.name, target)
	w.endedByOperator(s, target)
	return true
}

// endedByOperator is what the end of a session makes of the oracle.
func (w *walk) endedByOperator(s *session, target string) {
	for a, g := range s.apps {
		if target == "all" || target == "firstParty" && !a.isThird && !a.isGone {
			w.kill(g)
		}
	}
	w.drop(s)
}

// listed are the ids of a person's grants as operators see them, which must be those
// that the oracle knows.
func (w *walk) listed(p *person) map[*grant]string {
	w.t.Helper()
	var want []*grant
	for _, g := range w.grants {
		if g.user == p && g.session != nil && w.grantLives(g) {
			want = append(want, g)
		}
	}
	a := w.manage("GET /api/users/" + p.id + "/grants")
	list, _ := a.object()["grants"].([]any)
	if len(list) != len(want) {
		w.fail("want %d grants of %s: %s", len(want), p.name, a)
	}
	ids := map[*grant]string{}
	for i, g := range want {
		member := list[i].(map[string]any)
		if member["application"].(map[string]any)["id"] != g.app.ID || member["expiresAt"] != float64(g.expires) {
			w.fail("want a grant to %s until %d: %v", g.app.name, g.expires, member)
		}
		ids[g] = member["id"].(string)
	}
	return ids
}

// withdraw has an operator, or the person, take back what an app was allowed.
func (w *walk) withdraw() bool {
	p := pick(w, w.people)
	if p.isGone {
		return false
	}
	ids := w.listed(p)
	i := slices.IndexFunc(w.grants, func(g *grant) bool { return ids[g] != "" && w.chance(2) })
	if i < 0 {
		return true
	}
	g := w.grants[i]
	mine := w.having(anAccess, func(t *token) bool {
		return w.lives(t) && t.grant.user == p && !t.app.isThird && t.key == "" && t.grant.provider[scopeSessions] && t.scope[scopeSessions] && t.scope["openid"]
	})
	if len(mine) > 0 && w.chance(2) {
		w.withdrawBySelf(mine[0], ids[g])
	} else if a := w.manage("DELETE /api/users/" + p.id + "/grants/" + ids[g]); a.status != http.StatusNoContent {
		w.fail("withdraw: %s", a)
	}
	w.note("    %s takes back what %s has", p.name, g.app.name)
	w.withdrawn(g)
	return true
}

// withdrawBySelf withdraws over the Account API, once the person has proved the
// password.
func (w *walk) withdrawBySelf(t *token, id string) {
	w.t.Helper()
	bearer := []string{"Authorization", "Bearer " + t.value}
	if a := w.do(nil, http.MethodDelete, "/api/my-account/grants/"+id, "", bearer...); a.status != http.StatusUnauthorized {
		w.fail("without a step-up: %s", a)
	}
	proof := w.do(nil, http.MethodPost, "/api/verifications/password", `{"password":"`+t.grant.user.password+`"}`, bearer...)
	bearer = append(bearer, "logto-verification-id", proof.text("verificationRecordId"))
	if other := w.another(t.grant.user); !other.isGone {
		for _, foreign := range w.listed(other) {
			if a := w.do(nil, http.MethodDelete, "/api/my-account/grants/"+foreign, "", bearer...); a.status != http.StatusNotFound {
				w.fail("the grant of another: %s", a)
			}
			break
		}
	}
	if a := w.do(nil, http.MethodDelete, "/api/my-account/grants/"+id, "", bearer...); a.status != http.StatusNoContent {
		w.fail("withdraw: %s %s", proof, a)
	}
}

// withdrawn is what a withdrawal makes of the oracle: browsers of the sessions that
// authorized the grant have to sign in again.
func (w *walk) withdrawn(g *grant) {
	w.kill(g)
	w.site.expectNotice(g.app, g.user, "")
	for _, s := range w.detach(g) {
		for _, b := range w.browsers {
			if b.session == s {
				b.session = nil
			}
		}
	}
}

// newPassword is a password that every policy accepts, another one each time.
func (w *walk) newPassword(p *person) string {
	if p.password == apptest.Password {
		return "Green-Valley-77"
	}
	return apptest.Password
}
