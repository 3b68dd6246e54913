package tokens_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

const (
	grantExchange     = "urn:ietf:params:oauth:grant-type:token-exchange"
	grantDevice       = "urn:ietf:params:oauth:grant-type:device_code"
	kindAccess        = "urn:ietf:params:oauth:token-type:access_token"
	kindImpersonation = "urn:logto:token-type:impersonation_token"
	kindPersonal      = "urn:logto:token-type:personal_access_token"
)

// actAsMachine has the robot ask for itself.
func (w *walk) actAsMachine() bool {
	robot := w.apps["robot"]
	resource, org := pick(w, []string{"", indicator("orders"), indicator("files")}), pick(w, []string{"", "crew", "fleet"})
	asked := of("read", "write", "share", "invite")
	w.note("robot for %q in %q", resource, org)
	a := w.token(robot, form("grant_type", "client_credentials", "scope", asked.String(), "resource", resource, "organization_id", w.site.ids[org]), nil)
	switch {
	case robot.isGone:
		w.refused(a, invalidClient)
	case resource == "" && org == "":
		w.refused(a, invalidTarget)
	case org != "" && !w.facts[fact{kind: "robot member", a: org}]:
		w.refused(a, denied)
	case resource == "":
		w.access(a, &issue{app: robot}, &audience{aud: "urn:logto:organization:" + w.site.ids[org], scope: set{}, life: accessLife / second}, nil)
	default:
		want := &audience{aud: resource, org: w.site.ids[org], scope: asked.and(w.machine(apiOf(resource), org)), life: ttl, isSilent: true}
		w.access(a, &issue{app: robot}, want, nil)
	}
	return true
}

// makeSubjectToken has an operator make a token for somebody.
func (w *walk) makeSubjectToken() bool {
	p := pick(w, w.people)
	a := w.manage(fmt.Sprintf(`POST /api/subject-tokens {"userId":%q}`, p.id))
	if p.isGone {
		if a.status != http.StatusNotFound {
			w.fail("subject token of nobody: %s", a)
		}
		return true
	}
	if a.text("subjectToken") == "" {
		w.fail("subject token: %s", a)
	}
	w.singles = append(w.singles, &single{value: a.text("subjectToken"), user: p, expires: w.now() + 600*second})
	return true
}

// makePersonalToken has an operator make one that is good until it expires.
func (w *walk) makePersonalToken() bool {
	p := pick(w, w.people)
	if p.isGone {
		return false
	}
	expires := w.now() + pick(w, []int64{3600 * second, 30 * day})
	a := w.manage(fmt.Sprintf(`POST /api/users/%s/personal-access-tokens {"name":"t%d","expiresAt":%d}`, p.id, len(w.singles), expires))
	if a.text("value") == "" {
		w.fail("personal token: %s", a)
	}
	w.singles = append(w.singles, &single{value: a.text("value"), user: p, expires: expires, isPersonal: true})
	return true
}

// exchange has the shop exchange some token, with or without an actor.
func (w *walk) exchange() bool {
	shop := w.apps["shop"]
	i := &issue{app: shop, scope: maybe(w, of("openid", "profile", "read", "write", "share", "invite", "bill", scopeOrganizations)), isExchange: true}
	i.resource, i.org = pick(w, []string{"", indicator("orders"), indicator("files")}), pick(w, []string{"", "", "crew", "fleet"})
	value, kind, subject, used := w.subject()
	if value == "" {
		return false
	}
	actor, isActor := w.actor()
	values := form("grant_type", grantExchange, "subject_token", value, "subject_token_type", kind, "scope", i.scope.String(),
		"resource", i.resource, "organization_id", w.site.ids[i.org], "actor_token", actor)
	if actor != "" {
		values.Set("actor_token_type", kindAccess)
	}
	w.note("shop exchanges %s, good %v, actor %v %v, %q for %q in %q", kind, subject != nil, actor != "", isActor != nil, i.scope, i.resource, i.org)
	a := w.token(shop, values, nil)
	switch {
	case shop.isGone:
		w.refused(a, invalidClient)
		return true
	case subject == nil, !subject.isUsable(), actor != "" && isActor == nil:
		w.refused(a, invalidGrant)
		return true
	}
	i.user = subject
	if isActor != nil {
		i.actor = isActor.id
	}
	if w.exchanged(a, i) && used != nil {
		used.isSpent = true
	}
	return true
}

// exchanged is what the oracle says to an exchange in the name of the user: it
// reports whether there is a token.
func (w *walk) exchanged(a answer, i *issue) bool {
	w.t.Helper()
	i.grant = &grant{user: i.user, app: i.app, provider: i.scope.and(providerScopes), allowed: map[string]set{}, issued: w.now()}
	if i.resource != "" {
		i.resources, i.grant.allowed[i.resource] = []string{i.resource}, i.scope
	}
	want, refusal := w.audience(i)
	if refusal != nil {
		w.refused(a, refusal)
		return false
	}
	i.grant.expires = w.now() + want.life*second
	w.grants = append(w.grants, i.grant)
	w.access(a, i, want, nil)
	if a.text("refresh_token") != "" || a.text("id_token") != "" {
		w.fail("more than a token: %s", a)
	}
	return true
}

// subject draws a subject token. The person is nil if it is good for nothing; used
// is one that is good once.
func (w *walk) subject() (value, kind string, p *person, used *single) {
	switch w.rng.IntN(4) {
	case 0:
		all := w.having(anAccess, func(*token) bool { return true })
		if len(all) == 0 {
			return "", "", nil, nil
		}
		t := late(w, all)
		if w.lives(t) && !t.app.isThird {
			p = t.grant.user
		}
		return t.value, kindAccess, p, nil
	case 1:
		if len(w.jwts) == 0 {
			return "", "", nil, nil
		}
		j := late(w, w.jwts)
		if w.now() < j.expires && slices.Contains(w.site.published, j.kid) && !j.app.isGone && !j.app.isThird {
			p = j.user
		}
		return j.value, kindAccess, p, nil
	}
	if len(w.singles) == 0 {
		return "", "", nil, nil
	}
	s := late(w, w.singles)
	if !s.isSpent && !s.user.isGone && w.now() < s.expires {
		p = s.user
	}
	if s.isPersonal {
		return s.value, kindPersonal, p, nil
	}
	return s.value, pick(w, []string{kindImpersonation, kindAccess}), p, s
}

// actor draws an actor token, or none.
func (w *walk) actor() (value string, p *person) {
	all := w.having(anAccess, func(*token) bool { return true })
	if len(all) == 0 || !w.chance(3) {
		return "", nil
	}
	t := late(w, all)
	if w.lives(t) && t.scope["openid"] {
		p = t.grant.user
	}
	return t.value, p
}

// beginOnDevice has the television ask for codes.
func (w *walk) beginOnDevice() bool {
	tv := w.apps["tv"]
	rq := w.draw(tv)
	rq.prompt, rq.redirect, rq.key = "", "", ""
	values := form("scope", rq.scope.String(), "nonce", rq.nonce)
	for _, resource := range rq.resources {
		values.Add("resource", resource)
	}
	a := w.sound(w.asking(tv, "/oidc/device/auth", values, nil)())
	if tv.isGone {
		w.refused(a, invalidClient)
		return true
	}
	if a.text("device_code") == "" {
		w.fail("device: %s", a)
	}
	w.tokens = append(w.tokens, &token{
		kind: aDevice, value: a.text("device_code"), userCode: a.text("user_code"), app: tv, params: rq, issued: w.now(), expires: w.now() + deviceLife,
	})
	return true
}

// answerDevice has somebody agree, or say no, to a device.
func (w *walk) answerDevice() bool {
	waiting := w.having(aDevice, func(*token) bool { return true })
	if len(waiting) == 0 {
		return false
	}
	d, b, p := late(w, waiting), pick(w, w.browsers), pick(w, w.people)
	w.do(b, http.MethodGet, "/oidc/device", "")
	at := ""
	for _, c := range b.client.Jar.Cookies(w.site.parse(w.t, "/device")) {
		if c.Name == "_logto_device_flow_xsrf" {
			at = c.Value
		}
	}
	says := pick(w, []string{"confirm", "confirm", "confirm", "abort"})
	a := w.do(b, http.MethodPost, "/oidc/device", form("xsrf", at, "user_code", d.userCode, says, "yes").Encode())
	if d.app.isGone || d.grant != nil || d.isDenied || w.now() >= d.expires {
		if !strings.Contains(a.header.Get("Location"), "error=") {
			w.fail("a device that does not wait: %s", a)
		}
		return true
	}
	if says == "abort" {
		d.isDenied = true
		return true
	}
	w.note("%s allows the device in %s", p.name, b.name)
	s, last := w.play(b, d.params, p, a)
	if s == nil {
		return true
	}
	if last.header.Get("Location") != "/device/success" {
		w.fail("device: %s", last)
	}
	approved := w.approve(d.params, s)
	w.tokens = slices.DeleteFunc(w.tokens, func(t *token) bool { return t == approved })
	approved.kind, approved.value, approved.userCode, approved.params, approved.expires = d.kind, d.value, d.userCode, d.params, d.expires
	*d = *approved
	return true
}

// pollFromDevice has the television ask whether somebody has agreed.
func (w *walk) pollFromDevice() bool {
	all := w.having(aDevice, func(t *token) bool { return w.now()-t.issued < 1800*second })
	if len(all) == 0 {
		return false
	}
	d := late(w, all)
	app := d.app
	w.note("the device asks; answered %v, denied %v, spent %v", d.grant != nil, d.isDenied, d.spent != 0)
	a := w.token(app, form("grant_type", grantDevice, "device_code", d.value), nil)
	switch {
	case app.isGone:
		w.refused(a, invalidClient)
	case d.isGone:
		w.refused(a, invalidGrant)
	case d.isDenied:
		w.refused(a, &refusal{http.StatusBadRequest, "access_denied"})
	case d.spent == 0 && w.now() >= d.expires:
		w.refused(a, &refusal{http.StatusBadRequest, "expired_token"})
	case d.grant == nil:
		w.refused(a, &refusal{http.StatusBadRequest, "authorization_pending"})
	default:
		w.redeemed(a, d, &issue{app: app, user: d.grant.user, grant: d.grant, scope: d.scope, held: d.scope, resources: d.resources}, false)
	}
	return true
}
