package accountapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"signet/internal/account"
	"signet/internal/accountcenter"
	"signet/internal/mfa/softkey"
	"signet/internal/oidc/client"
)

// shut is a way to be refused, and what the refusal looks like.
type shut struct {
	kind   string // "field", "scope", "party" or "step-up"
	name   string // of the field or scope
	access accountcenter.Access
	status int
	code   string
}

func unreadable(f string) shut {
	return shut{"field", f, accountcenter.Off, 400, "account_center.field_not_enabled"}
}

func uneditable(f string) shut {
	return shut{"field", f, accountcenter.ReadOnly, 400, "account_center.field_not_editable"}
}

func unscoped(scope string, status int) shut {
	return shut{"scope", scope, "", status, "auth.unauthorized"}
}

var (
	thirdParty = shut{"party", "", "", 403, "auth.third_party_application_forbidden"}
	noStepUp   = shut{"step-up", "", "", 401, "verification_record.permission_denied"}
)

const sessionScope = "urn:logto:scope:sessions"

// operations lists every operation with what it refuses, in the order in which
// it must refuse. {factor}, {authenticator},
// {session} and {grant} stand for things of the user.
var operations = []struct {
	method, path, body string
	shuts              []shut
	status             int
}{
	{"GET", "/api/my-account", "", nil, 200},
	{"PATCH", "/api/my-account", `{"name":"Ann"}`, []shut{uneditable("name"), unscoped("profile", 400), thirdParty}, 200},
	{"PATCH", "/api/my-account", `{"avatar":"https://example.com/a.png"}`, []shut{uneditable("avatar"), unscoped("profile", 400), thirdParty}, 200},
	{"PATCH", "/api/my-account", `{"customData":{"a":1}}`, []shut{uneditable("customData"), unscoped("profile", 400),
		unscoped("custom_data", 400), thirdParty}, 200},
	{"PATCH", "/api/my-account", `{"username":"ann_2"}`, []shut{uneditable("username"), unscoped("profile", 400), thirdParty, noStepUp}, 200},
	{"PATCH", "/api/my-account/profile", `{"nickname":"A"}`, []shut{uneditable("profile"), unscoped("profile", 400), thirdParty}, 200},
	{"PATCH", "/api/my-account/profile", `{"address":{"country":"DE"}}`, []shut{uneditable("profile"), unscoped("profile", 400),
		unscoped("address", 400), thirdParty}, 200},
	{"POST", "/api/my-account/user-assets/avatar", avatar, []shut{unscoped("profile", 401), thirdParty, uneditable("avatar")}, 200},
	{"POST", "/api/my-account/password", `{"password":"Green-Valley-77"}`, []shut{thirdParty, noStepUp, uneditable("password")}, 204},
	{"GET", "/api/my-account/mfa-verifications", "", []shut{unreadable("mfa"), unscoped("identities", 401)}, 200},
	{"POST", "/api/my-account/mfa-verifications", `{"type":"WebAuthn","newIdentifierVerificationRecordId":"{registration}"}`,
		[]shut{noStepUp, uneditable("passkey"), unscoped("identities", 401), thirdParty}, 204},
	{"PATCH", "/api/my-account/mfa-verifications/{factor}/name", `{"name":"x"}`,
		[]shut{noStepUp, uneditable("passkey"), unscoped("identities", 401), thirdParty}, 200},
	{"DELETE", "/api/my-account/mfa-verifications/{factor}", "",
		[]shut{noStepUp, unscoped("identities", 401), thirdParty, uneditable("passkey")}, 204},
	{"DELETE", "/api/my-account/mfa-verifications/{authenticator}", "",
		[]shut{noStepUp, unscoped("identities", 401), thirdParty, uneditable("mfa")}, 204},
	{"GET", "/api/my-account/mfa-settings", "", []shut{unscoped("identities", 401), unreadable("mfa")}, 200},
	{"PATCH", "/api/my-account/mfa-settings", `{"skipMfaOnSignIn":true}`,
		[]shut{noStepUp, unscoped("identities", 401), thirdParty, uneditable("mfa")}, 200},
	{"GET", "/api/my-account/logto-configs", "", []shut{unscoped("identities", 401), unreadable("passkey")}, 200},
	{"PATCH", "/api/my-account/logto-configs", `{"mfa":{"skipped":true}}`,
		[]shut{noStepUp, unscoped("identities", 401), thirdParty, uneditable("passkey")}, 200},
	{"GET", "/api/my-account/sessions", "", []shut{noStepUp, unreadable("session"), unscoped(sessionScope, 401)}, 200},
	{"DELETE", "/api/my-account/sessions/{session}", "",
		[]shut{noStepUp, uneditable("session"), unscoped(sessionScope, 401), thirdParty}, 204},
	{"GET", "/api/my-account/grants", "", []shut{noStepUp, unreadable("session"), unscoped(sessionScope, 401)}, 200},
	{"DELETE", "/api/my-account/grants/{grant}", "",
		[]shut{noStepUp, uneditable("session"), unscoped(sessionScope, 401), thirdParty}, 204},
	{"POST", "/api/verifications/password", `{"password":"` + password + `"}`, []shut{thirdParty}, 201},
	{"POST", "/api/verifications/web-authn/registration", "", []shut{thirdParty}, 200},
	{"POST", "/api/verifications/web-authn/authentication", "", []shut{thirdParty}, 200},
}

// TestGates_OpenInTheirOrder (attack 50): every operation needs its scope, and
// of several refusals the one that clients expect comes first.
func TestGates_OpenInTheirOrder(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		foreign := w.application(true)
		own := w.application(false)
		for i, op := range operations {
			t.Run(fmt.Sprintf("%s %s %s", op.method, op.path, op.body), func(t *testing.T) {
				ann := w.person(fmt.Sprintf("ann%d", i))
				ann.t = t
				ann.settings(func(s *accountcenter.Settings) { s.Fields["customData"] = accountcenter.Edit })
				factor := ann.addKey(softkey.New(), "Key")
				proof := ann.stepUp
				session, _ := ann.signIn(own, "openid")
				fill := strings.NewReplacer("{factor}", factor, "{authenticator}", ann.addTOTP(), "{session}", session, "{registration}", ann.register(softkey.New()),
					"{grant}", ann.grantOf(session))
				path, body := fill.Replace(op.path), any(fill.Replace(op.body))
				if op.body == "" {
					body = nil
				}
				for open := 0; open <= len(op.shuts); open++ {
					restore := ann.closeGates(op.shuts[open:], foreign, proof)
					before := ann.state()
					got := ann.call(op.method, path, body)
					if open < len(op.shuts) {
						refusal := op.shuts[open]
						if got.status != refusal.status || got.str("code") != refusal.code {
							t.Errorf("%d open: got %d %s, want %d %s of %s %s", open, got.status, got.text,
								refusal.status, refusal.code, refusal.kind, refusal.name)
						}
						ann.unchanged(before)
					} else if got.status != op.status {
						t.Errorf("all open: got %d %s, want %d", got.status, got.text, op.status)
					}
					restore()
				}
			})
		}
	})
}

// closeGates gives ann a token, a step-up and settings that fail at the given
// gates only.
func (p *person) closeGates(shuts []shut, foreign, proof string) (restore func()) {
	scope, clientID := account.AllScopes, client.AccountCenter
	p.stepUp = proof
	var fields []string
	for _, s := range shuts {
		switch s.kind {
		case "field":
			fields = append(fields, s.name)
			p.settings(func(all *accountcenter.Settings) { all.Fields[accountcenter.Field(s.name)] = s.access })
		case "scope":
			scope = strings.TrimSpace(strings.ReplaceAll(" "+scope+" ", " "+s.name+" ", " "))
		case "party":
			clientID = foreign
		case "step-up":
			p.stepUp = ""
		}
	}
	p.token = p.tokenIn(p.session, clientID, scope)
	return func() {
		p.settings(func(all *accountcenter.Settings) {
			for _, f := range fields {
				all.Fields[accountcenter.Field(f)] = accountcenter.Edit
			}
		})
	}
}

// TestToken_IsCheckedBeforeAnything, on every operation alike.
func TestToken_IsCheckedBeforeAnything(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann := w.person("ann")
		plain := ann.tokenIn(ann.session, client.AccountCenter, "profile")
		orphan := ann.tokenIn(ann.session, "deletedmeanwhile", account.AllScopes)
		for _, tc := range []struct {
			name, header string
			status       int
			code         string
		}{
			{"no header", "", 401, "auth.authorization_header_missing"},
			{"other scheme", "Basic " + ann.token, 401, "auth.authorization_token_type_not_supported"},
			{"scheme in lower case", "bearer " + ann.token, 401, "auth.authorization_token_type_not_supported"},
			{"scheme alone", "Bearer", 401, "auth.unauthorized"},
			{"unknown token", "Bearer " + strings.Repeat("A", 43), 401, "auth.unauthorized"},
			{"truncated token", "Bearer " + ann.token[:42], 401, "auth.unauthorized"},
			{"extended token", "Bearer " + ann.token + "A", 401, "auth.unauthorized"},
			{"a JWT", "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.", 401, "auth.unauthorized"},
			{"no openid", "Bearer " + plain, 403, "auth.forbidden"},
			{"an application that is gone", "Bearer " + orphan, 401, "auth.unauthorized"},
		} {
			for _, op := range operations {
				headers := http.Header{}
				if tc.header != "" {
					headers.Set("Authorization", tc.header)
				}
				got := w.send(op.method, op.path, op.body, headers)
				if got.status != tc.status || got.str("code") != tc.code {
					t.Errorf("%s: %s %s: got %d %s", tc.name, op.method, op.path, got.status, got.text)
				}
			}
		}
		if got := w.send("GET", "/api/my-account", nil, http.Header{"Authorization": {"Basic x"}}); !strings.Contains(got.text, `"supportedTypes":["Bearer"]`) {
			t.Errorf("the refusal does not say what is supported: %s", got.text)
		}

		// The switch guards the verification API too.
		w.settings(func(s *accountcenter.Settings) { s.Enabled = false })
		for _, op := range operations {
			if got := ann.call(op.method, op.path, op.body); got.status != 400 || got.str("code") != "account_center.not_enabled" {
				t.Errorf("switched off: %s %s: got %d %s", op.method, op.path, got.status, got.text)
			}
		}
		if got := w.send("GET", "/.well-known/webauthn", nil, nil); got.status != 200 || got.text != `{"origins":[]}` {
			t.Errorf("switched off: related origins %d %s", got.status, got.text)
		}
	})
}
