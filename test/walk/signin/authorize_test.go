package signin_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"signet/internal/apptest"
)

// ask is what an authorization request asks for beyond the usual.
type ask struct{ prompt, classes, maxAge string }

const scope = "openid profile offline_access urn:logto:scope:organizations"

func prepareAuthorize(w *world, b *browser) *call {
	b.code, b.token = nil, nil
	c := &call{method: http.MethodGet, client: pick(w, w.clients)}
	c.ask.prompt = pick(w, []string{"", "", "", "none", "login", "consent", "consent", "login consent"})
	if w.chance(20) {
		c.ask.classes = pick(w, []string{"phr", "phrh", "phr phrh", "unknown"})
	}
	if w.chance(20) {
		c.ask.maxAge = pick(w, []string{"0", "60", "7200"})
	}
	c.path = apptest.AuthorizeURL(c.client, "scope", scope, "prompt", c.ask.prompt, "acr_values", c.ask.classes, "max_age", c.ask.maxAge)
	return c
}

// learnWhereto follows a redirect of the authorization endpoint.
func learnWhereto(w *world, c *call) {
	target := c.moves()
	at, err := url.Parse(target)
	if err != nil || target == "" {
		return
	}
	c.b.next, c.b.named = "", nil
	switch {
	case strings.HasPrefix(at.Path, "/sign-in"):
		c.b.next = "start"
	case at.Path == "/consent":
		c.b.next = "consent page"
	case at.Query().Get("code") != "":
		c.b.code = &code{at.Query().Get("code"), c.client}
		w.codes = append(w.codes, c.b.code)
		c.b.next = "redeem"
	}
}

func prepareStart(w *world, b *browser) *call {
	c := &call{method: http.MethodPut, path: "/api/experience"}
	c.event = pick(w, []string{"SignIn", "SignIn", "SignIn", "SignIn", "SignIn", "Register", "Register", "Register", "ForgotPassword"})
	b.typed = w.somebody()
	if c.event == "Register" && w.chance(80) {
		b.typed = w.nobody()
	}
	c.body = string(encode(map[string]string{"interactionEvent": c.event}))
	return c
}

func learnStart(_ *world, c *call) {
	switch {
	case c.refused():
	case c.event == "Register":
		c.b.next = "username"
	default:
		c.b.next = "password"
	}
}

// somebody is a person who exists or existed, with today's password.
func (w *world) somebody() identity { return pick(w, w.oracle.people).identity }

// nobody is a name that is free, or that a colleague has just tried as well.
func (w *world) nobody() identity {
	return identity{w.name("new", w.dice.IntN(4)), pick(w, passwords)}
}

var passwords = []string{apptest.Password, "Green-Meadow-77", "Slow-Lantern-08"}

func prepareSwitch(w *world, _ *browser) *call {
	c := &call{method: http.MethodPut, path: "/api/experience/interaction-event"}
	c.event = pick(w, []string{"SignIn", "SignIn", "Register", "Register", "ForgotPassword"})
	c.body = string(encode(map[string]string{"interactionEvent": c.event}))
	return c
}

func preparePassword(w *world, b *browser) *call {
	c := &call{method: http.MethodPost, path: "/api/experience/verification/password", typed: b.typed}
	switch {
	case b.typed.name == "" || w.chance(15):
		c.typed = w.somebody()
	case w.chance(10):
		c.typed.password = pick(w, append(passwords, "wrong"))
	case w.chance(5):
		c.typed = w.nobody()
	}
	c.body = string(encode(map[string]any{
		"identifier": map[string]string{"type": "username", "value": c.typed.name}, "password": c.typed.password,
	}))
	return c
}

func prepareIdentity(w *world, b *browser) *call {
	c := &call{method: http.MethodPost, path: "/api/experience/verification/new-password-identity", typed: w.nobody()}
	if w.chance(20) {
		c.typed = w.somebody()
	}
	c.body = string(encode(map[string]any{
		"identifier": map[string]string{"type": "username", "value": c.typed.name}, "password": c.typed.password,
	}))
	return c
}

// learnRecord notes the id of a proof.
func learnRecord(next string) func(w *world, c *call) {
	return func(w *world, c *call) {
		if id := c.answer.String("verificationId"); !c.refused() {
			c.b.record, c.b.next = id, next
			w.records = append(w.records, id)
		}
	}
}

// learnNext knows what may follow a success.
func learnNext(next ...string) func(w *world, c *call) {
	return func(w *world, c *call) {
		if !c.refused() {
			c.b.next = pick(w, next)
		}
	}
}

// proof is the browser's last proof, or one that somebody else has given, or one that
// does not exist.
func (w *world) proof(b *browser) string {
	switch {
	case w.chance(3):
		return "madeupmadeupmadeupmad"
	case w.chance(8) && len(w.records) > 0:
		return pick(w, w.records)
	}
	return b.record
}

func prepareIdentify(w *world, b *browser) *call {
	c := &call{method: http.MethodPost, path: "/api/experience/identification", record: w.proof(b)}
	c.body = string(encode(map[string]string{"verificationId": c.record}))
	return c
}

func prepareRegister(*world, *browser) *call {
	return &call{method: http.MethodPost, path: "/api/experience/identification", body: "{}"}
}

func (w *world) profile(typed identity, kind, value string) *call {
	return &call{
		method: http.MethodPost, path: "/api/experience/profile", typed: typed,
		body: string(encode(map[string]string{"type": kind, "value": value})),
	}
}

func prepareUsername(w *world, b *browser) *call {
	typed := b.typed
	if typed.name == "" || w.chance(20) {
		typed = w.nobody()
	}
	if w.chance(10) {
		typed = w.somebody()
	}
	return w.profile(typed, "username", typed.name)
}

func prepareNewPassword(w *world, b *browser) *call {
	typed := b.typed
	if typed.password == "" || w.chance(10) {
		typed.password = pick(w, append(passwords, "short"))
	}
	return w.profile(typed, "password", typed.password)
}

func prepareExtra(w *world, _ *browser) *call {
	return &call{
		method: http.MethodPost, path: "/api/experience/profile",
		body: pick(w, []string{`{"type":"extraProfile","values":{"name":"Robin"}}`, `{"type":"extraProfile","values":{"username":"robin"}}`}),
	}
}

func prepareChoice(choice string) func(*world, *browser) *call {
	return func(*world, *browser) *call {
		return &call{method: http.MethodPost, path: "/api/experience/profile/mfa/" + choice, event: choice}
	}
}

func prepareShow(*world, *browser) *call {
	return &call{method: http.MethodGet, path: "/api/experience/interaction"}
}

func prepareSubmit(*world, *browser) *call {
	return &call{method: http.MethodPost, path: "/api/experience/submit"}
}

// afterwards is what pages do about a refusal, by its code.
var afterwards = map[string][]string{
	"session.not_found":                          {"authorize", "authorize", "consent page"},
	"session.interaction_not_found":              {"start"},
	"session.verification_failed":                {"start"},
	"session.not_supported_for_forgot_password":  {"start"},
	"session.invalid_credentials":                {"start", "password"},
	"session.identifier_not_found":               {"password", "password", "start"},
	"session.verification_session_not_found":     {"password", "submit"},
	"user.username_already_in_use":               {"start", "username"},
	"user.suspended":                             {"start", "restore"},
	"session.mfa.require_mfa_verification":       {"ask key"},
	"session.mfa.mfa_policy_not_user_controlled": {"new key"},
	"user.missing_mfa":                           {"new key"},
	"user.suggest_mfa":                           {"enable mfa", "skip mfa"},
	"user.missing_profile":                       {"username"},
}

// recover chooses what to do about a refusal.
func (w *world) recover(c *call) {
	if next := afterwards[c.answer.Code()]; c.from == visitor && next != nil {
		c.b.next = pick(w, next)
	}
}

// learnRedirect notes where a finished interaction goes on.
func learnRedirect(w *world, c *call) {
	if target := c.answer.String("redirectTo"); !c.refused() && target != "" {
		c.b.redirect, c.b.next = target, "resume"
		w.redirects = append(w.redirects, target)
	}
}

func prepareResume(w *world, b *browser) *call {
	target := b.redirect
	if w.chance(10) {
		target = some(w, w.redirects)
	}
	at, err := url.Parse(target)
	if err != nil || target == "" {
		return nil
	}
	return &call{method: http.MethodGet, path: at.Path, redirect: at.Path}
}

func prepareConsentPage(*world, *browser) *call {
	return &call{method: http.MethodGet, path: "/consent", headers: []string{"Accept", "text/html"}}
}

// learnConsent follows the redirect that first-party applications get, and agrees to
// what the page of others asks.
func learnConsent(w *world, c *call) {
	if target := c.moves(); strings.Contains(target, "/oidc/auth/") {
		c.b.redirect, c.b.next = target, "resume"
		w.redirects = append(w.redirects, target)
	} else if c.answer.StatusCode == http.StatusOK {
		c.b.next = pick(w, []string{"agree", "agree", "agree", "cancel"})
	}
}

func prepareAgree(w *world, _ *browser) *call {
	c := &call{method: http.MethodPost, path: "/api/interaction/consent", body: "{}"}
	if w.chance(40) {
		c.opened = pick(w, []string{w.organization, w.organization, "no-such-organization"})
		c.body = string(encode(map[string][]string{"organizationIds": {c.opened}}))
	}
	return c
}

var consentToken = regexp.MustCompile(`name="token" value="([^"]+)"`)

// prepareCancel says no on the page that asks for consent.
func prepareCancel(w *world, b *browser) *call {
	b.named = w.clients[len(w.clients)-1]
	path := "/consent?app_id=" + b.named.ID
	form := consentToken.FindStringSubmatch(b.Do(http.MethodGet, path, "", "Accept", "text/html").Text)
	if form == nil {
		return nil
	}
	body := url.Values{"token": {html.UnescapeString(form[1])}, "decision": {"cancel"}}
	return &call{method: http.MethodPost, path: path, body: body.Encode(), headers: []string{"Accept", "text/html", "Sec-Fetch-Site", "same-origin"}}
}

func (w *world) form(c *apptest.Client, pairs ...string) string {
	form := url.Values{"client_id": {c.ID}}
	if c.Secret != "" {
		form.Set("client_secret", c.Secret)
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return form.Encode()
}

func prepareRedeem(w *world, b *browser) *call {
	spent := b.code
	if spent == nil || w.chance(15) {
		spent = some(w, w.codes)
	}
	if spent == nil {
		return nil
	}
	client := spent.client
	if w.chance(5) {
		client = pick(w, w.clients)
	}
	return &call{
		from: program, method: http.MethodPost, path: "/oidc/token", code: spent, client: client,
		body: w.form(client, "grant_type", "authorization_code", "code", spent.value, "redirect_uri", spent.client.Redirect(), "code_verifier", apptest.Verifier),
	}
}

func learnTokens(w *world, c *call) {
	if c.refused() {
		return
	}
	got := &tokens{client: c.client}
	c.answer.JSON(w.t, &got.Tokens)
	c.b.token = got
	w.tokens = append(w.tokens, got)
	c.b.next = pick(w, []string{"userinfo", "refresh"})
}

func (w *world) token(b *browser) *tokens {
	if b.token == nil || w.chance(30) {
		return some(w, w.tokens)
	}
	return b.token
}

func prepareRefresh(w *world, b *browser) *call {
	t := w.token(b)
	if t == nil || t.Refresh == "" {
		return nil
	}
	return &call{
		from: program, method: http.MethodPost, path: "/oidc/token", client: t.client, tokens: t,
		body: w.form(t.client, "grant_type", "refresh_token", "refresh_token", t.Refresh),
	}
}

func prepareUserinfo(w *world, b *browser) *call {
	t := w.token(b)
	if t == nil {
		return nil
	}
	return &call{from: program, method: http.MethodGet, path: "/oidc/me", tokens: t, headers: []string{"Authorization", "Bearer " + t.Access}}
}
