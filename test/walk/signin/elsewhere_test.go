package signin_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"signet/internal/mfa/softkey"
	"signet/internal/platform/db"
)

// name is a username of this walk.
func (w *world) name(word string, number int) string { return fmt.Sprint(word, w.walk, "n", number) }

func prepareKeyStep(ceremony string) func(*world, *browser) *call {
	return func(*world, *browser) *call {
		return &call{method: http.MethodPost, path: "/api/experience/verification/web-authn/" + ceremony}
	}
}

// learnOptions notes what a ceremony was begun with.
func learnOptions(next string) func(w *world, c *call) {
	return func(w *world, c *call) {
		var begun struct {
			ID             string         `json:"verificationId"`
			Registration   map[string]any `json:"registrationOptions"`
			Authentication map[string]any `json:"authenticationOptions"`
		}
		if c.refused() {
			return
		}
		c.answer.JSON(w.t, &begun)
		c.b.record, c.b.options, c.b.answer, c.b.next = begun.ID, encode(begun.Authentication), nil, next
		if begun.Registration != nil {
			c.b.options = encode(begun.Registration)
		}
		w.records = append(w.records, begun.ID)
	}
}

func prepareCreateKey(w *world, b *browser) *call {
	if b.options == nil || !strings.Contains(string(b.options), "pubKeyCredParams") {
		return nil
	}
	key := softkey.New()
	if w.chance(30) {
		key.Flags |= softkey.BE | softkey.BS
	}
	var tweaks []softkey.Tweak
	if w.chance(15) && len(w.answers) > 0 {
		// A key that claims to be one which somebody has registered.
		id, _ := hex.DecodeString(pick(w, w.answers).credential)
		tweaks = append(tweaks, func(c *softkey.Ceremony) { c.CredentialID = id })
	}
	payload := key.Create(b.Origin(), b.options, tweaks...)
	w.keys = append(w.keys, key)
	c := w.keyCall(b, "registration", payload)
	w.answers[len(w.answers)-1].isHardware = key.Flags&softkey.BE == 0
	return c
}

func prepareShowKey(w *world, b *browser) *call {
	if b.options == nil || strings.Contains(string(b.options), "pubKeyCredParams") {
		return nil
	}
	for _, key := range w.keys {
		if payload, err := key.TryGet(b.Origin(), b.options); err == nil && !w.chance(20) {
			return w.keyCall(b, "authentication", payload)
		}
	}
	return w.keyCall(b, "authentication", pick(w, w.keys).Sign(b.Origin(), b.options))
}

// keyCall sends a key's answer, or one that was given before.
func (w *world) keyCall(b *browser, ceremony string, payload map[string]any) *call {
	given := noteAnswer(payload, b.options)
	w.answers = append(w.answers, given)
	c := &call{method: http.MethodPost, path: "/api/experience/verification/web-authn/" + ceremony + "/verify", record: w.proof(b), key: given}
	if w.chance(10) {
		c.key = pick(w, w.answers)
	}
	c.body = string(encode(map[string]any{"verificationId": c.record, "payload": c.key.payload}))
	return c
}

var challengeOf = regexp.MustCompile(`"challenge":"([^"]+)"`)

func noteAnswer(payload map[string]any, options []byte) *keyAnswer {
	id, _ := payload["id"].(string)
	return &keyAnswer{payload: encode(payload), challenge: challengeOf.FindStringSubmatch(string(options))[1], credential: hexOf(id)}
}

// hexOf writes base64url as the database is read.
func hexOf(id string) string {
	raw, _ := base64.RawURLEncoding.DecodeString(id)
	return hex.EncodeToString(raw)
}

func prepareBind(path string) func(*world, *browser) *call {
	return func(w *world, b *browser) *call {
		c := &call{method: http.MethodPost, path: "/api/experience" + path, record: w.proof(b), event: path}
		body := map[string]string{"verificationId": c.record}
		if path == "/profile/mfa" {
			body["type"] = "WebAuthn"
		}
		c.body = string(encode(body))
		return c
	}
}

var xsrf = regexp.MustCompile(`name="xsrf" value="([^"]+)"`)

func prepareSignOut(w *world, b *browser) *call {
	page := b.Do(http.MethodGet, "/oidc/session/end?client_id="+w.clients[0].ID, "", "Accept", "text/html")
	form := xsrf.FindStringSubmatch(page.Text)
	if form == nil {
		return nil
	}
	return &call{method: http.MethodPost, path: "/oidc/session/end/confirm", body: "xsrf=" + form[1] + "&logout=yes",
		headers: []string{"Accept", "text/html", "Sec-Fetch-Site", "same-origin"}}
}

// goBack takes cookies of an earlier moment.
func goBack(w *world, b *browser) *call {
	if len(b.before) > 0 {
		b.restore(pick(w, b.before))
	}
	return nil
}

// takeCookies puts another browser's cookies of the interaction, but not of the session,
// into this one: the attacker begins what the victim shall finish.
func takeCookies(w *world, b *browser) *call {
	other := pick(w, w.browsers)
	mine := b.jar.copy()
	taken := other.jar.copy()
	for key := range taken.cookies {
		if strings.Contains(key, "_session") {
			delete(taken.cookies, key)
		}
	}
	for key, cookie := range mine.cookies {
		if strings.Contains(key, "_session") {
			taken.cookies[key] = cookie
		}
	}
	b.restore(taken)
	return nil
}

func nameApplication(w *world, b *browser) *call {
	b.named = nil
	if w.chance(70) {
		b.named = pick(w, w.clients)
	}
	return nil
}

// operate is a call of the Management API about a person.
func operate(p *person, method, path, body string) *call {
	return &call{from: operator, person: p, method: method, path: "/api/users/" + p.id + path, body: body}
}

// victim is one of the living, mostly the one who is typed in at the browser.
func (w *world) victim(b *browser) *person {
	if p := w.oracle.living(b.typed.name); p != nil && w.chance(60) {
		return p
	}
	var living []*person
	for _, p := range w.oracle.people {
		if !p.gone {
			living = append(living, p)
		}
	}
	return some(w, living)
}

func prepareSuspend(suspended bool) func(*world, *browser) *call {
	return func(w *world, b *browser) *call {
		p := w.victim(b)
		if at := slices.IndexFunc(w.oracle.people, func(p *person) bool { return p.suspended && !p.gone }); !suspended && at >= 0 {
			p = w.oracle.people[at]
		}
		if p == nil || p.suspended == suspended {
			return nil
		}
		return operate(p, http.MethodPatch, "/is-suspended", string(encode(map[string]bool{"isSuspended": suspended})))
	}
}

func prepareDelete(w *world, b *browser) *call {
	if p := w.victim(b); p != nil {
		return operate(p, http.MethodDelete, "", "")
	}
	return nil
}

func prepareSetPassword(w *world, b *browser) *call {
	p := w.victim(b)
	if p == nil {
		return nil
	}
	c := operate(p, http.MethodPatch, "/password", "")
	c.typed = identity{p.name, pick(w, passwords)}
	c.body = string(encode(map[string]string{"password": c.typed.password}))
	return c
}

func prepareReset(w *world, b *browser) *call {
	p := w.victim(b)
	if p == nil || len(p.keys) == 0 {
		return nil
	}
	type stored struct {
		ID         string `db:"id"`
		Credential []byte `db:"credential_id"`
	}
	list, err := db.All[stored](w.t.Context(), w.app.DB(),
		`SELECT id, credential_id FROM webauthn_credentials WHERE tenant_id = $1 AND user_id = $2 ORDER BY created_at, id`, p.id)
	if err != nil {
		w.t.Fatal(err)
	}
	if len(list) == 0 {
		return nil
	}
	key := pick(w, list)
	c := operate(p, http.MethodDelete, "/mfa-verifications/"+key.ID, "")
	c.key = &keyAnswer{credential: hex.EncodeToString(key.Credential)}
	return c
}

// settings are those of the sign-in experience that walks change.
type settings struct {
	Mode string `json:"signInMode"`
	MFA  struct {
		Factors []string `json:"factors"`
		Policy  string   `json:"policy"`
	} `json:"mfa"`
}

func (w *world) set(change func(s *settings)) *call {
	wanted := w.oracle.settings
	change(&wanted)
	return &call{from: operator, method: http.MethodPatch, path: "/api/sign-in-exp", body: string(encode(wanted)), settings: change}
}

var policies = []string{"NoPrompt", "Mandatory", "Mandatory", "UserControlled", "PromptOnlyAtSignIn"}

func preparePolicy(w *world, _ *browser) *call {
	factors, policy := []string{"WebAuthn"}, pick(w, policies)
	if w.chance(15) {
		factors = []string{}
	}
	return w.set(func(s *settings) { s.MFA.Factors, s.MFA.Policy = factors, policy })
}

func prepareMode(w *world, _ *browser) *call {
	mode := pick(w, []string{"SignInAndRegister", "SignInAndRegister", "SignIn", "Register"})
	return w.set(func(s *settings) { s.Mode = mode })
}

func prepareWait(w *world, _ *browser) *call {
	step := pick(w, []time.Duration{time.Minute, 3 * time.Minute, 3 * time.Minute, 61 * time.Minute, 15 * 24 * time.Hour})
	w.app.Clock.Advance(step)
	w.trace = append(w.trace, "wait "+step.String())
	w.oracle.rows = w.look()
	return nil
}
