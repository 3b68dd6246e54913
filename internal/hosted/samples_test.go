package hosted

import (
	"reflect"
	"testing"

	"signet/internal/platform/errs"
)

const march = int64(1772529164000) // 3 March 2026, 09:12:44 UTC

const getOptions = `{"challenge":"AAAA","timeout":60000,"rpId":"localhost","allowCredentials":[{"id":"AQID","type":"public-key"}],"userVerification":"required"}`

const createOptions = `{"challenge":"AAAA","rp":{"id":"localhost","name":"localhost"},"user":{"id":"AAAA","name":"robin","displayName":"Robin"},"pubKeyCredParams":[{"type":"public-key","alg":-7}],"timeout":60000,"attestation":"none","authenticatorSelection":{"residentKey":"required","userVerification":"required"}}`

var errTaken = errs.New(422, "hosted_test.taken")

// sample is one state of a page, as a handler would fill it.
type sample struct {
	name string
	page Page
}

func sampleMenu() *Menu {
	return &Menu{
		Person:     Person{Name: "Robin Example", Detail: "robin"},
		ProfileURL: "/account", SignOut: Form{Action: "/account/sign-out", Token: "tok"},
	}
}

// samples hold every page in the states that differ in markup.
func samples() []sample {
	menu, form := sampleMenu(), Form{Action: "/here?app_id=x", Token: "tok"}
	leaving := Form{Action: "/here?app_id=x", Token: "tok", LeadsTo: []string{"https://reports.example/in"}, Next: "reports.example"}
	taken := Say("generic.error", "code", "taken")
	robin := Person{Name: "Robin Example", Detail: "robin"}
	return []sample{
		{"sign-in", SignIn{Form: form, App: "Tidewater", Methods: []string{"username"}, Password: &Field{}, RegisterURL: "/register"}},
		{"sign-in-error", SignIn{Form: form, Methods: []string{"username", "email"}, Identifier: Field{Value: "robin"}, Password: &Field{},
			RegisterURL: "/register", Notice: Trouble(errTaken), Terms: TermsNotice}},
		{"sign-in-identifier", SignIn{Form: form, Methods: []string{"email", "phone"}, Identifier: Invalid("", Say("field.required"))}},
		{"password", Password{Form: form, Identifier: "robin", BackURL: "/sign-in"}},
		{"create-account", CreateAccount{Form: form, App: "Tidewater", Username: Invalid("robin", taken), Password: &Field{}, MinLength: 8,
			SignInURL: "/sign-in", Terms: TermsCheck}},
		{"create-account-administrator", CreateAccount{Form: form, App: "Tidewater", Password: &Field{}, MinLength: 8, Administrator: true}},
		{"create-account-short", CreateAccount{Form: form, SignInURL: "/sign-in"}},
		{"choose-password", ChoosePassword{Form: form, Username: "robin", Password: Invalid("", taken, Say("field.required")), MinLength: 8, BackURL: "/register"}},
		{"choose-username", ChooseUsername{Form: form}},
		{"verify-passkey", VerifyPasskey{Form: form, Ceremony: Ceremony{Options: getOptions, OtherURL: "/mfa-verification"}, Person: robin, SwitchURL: "/sign-in"}},
		{"verify-passkey-step-up", VerifyPasskey{Form: form, Ceremony: Ceremony{Options: getOptions}, Person: robin, StepsUp: true, SwitchURL: "/oidc/auth"}},
		{"verify-passkey-failed", VerifyPasskey{Form: form, Ceremony: Ceremony{Options: getOptions, Failure: FailWrongKey}, Person: robin}},
		{"other-ways", OtherWays{BackURL: "/back", Ways: []Way{{Kind: "WebAuthn", URL: "/a"}, {Kind: "Totp", URL: "/b"},
			{Kind: "EmailVerificationCode", URL: "/c", Target: "robi****@example.com"}, {Kind: "PhoneVerificationCode", URL: "/d", Target: "****4567"}, {Kind: "BackupCode", URL: "/e"}}}},
		{"other-ways-bind", OtherWays{Bind: true, Ways: []Way{{Kind: "WebAuthn", URL: "/a"}}, Skip: &form}},
		{"onboarding", Onboarding{Form: form}},
		{"create-passkey", CreatePasskey{Form: form, Menu: menu, Ceremony: Ceremony{Options: createOptions}, CancelURL: "/account", Named: true}},
		{"create-passkey-sign-in", CreatePasskey{Form: form, Ceremony: Ceremony{Options: createOptions, Failure: FailExpired}, Skippable: true}},
		{"consent", Consent{Form: leaving, App: "Tidewater Reports", AppLogo: "javascript:alert(1)", Person: robin, SwitchURL: "/oidc/auth",
			TermsURL: "https://reports.example/terms", PrivacyURL: "https://reports.example/privacy",
			Grants:        []ConsentGrant{{Text: Say("consent.scope.profile")}, {Verbatim: "Read your invoices", Of: "Billing"}, {Text: Say("consent.offline")}},
			Organizations: []ConsentOrganization{{"o1", "Harbour Office", "See members, read reports", true}, {"o2", "Riverside Studio", "", false}}}},
		{"consent-short", Consent{Form: form, App: "T", AppLogo: "https://reports.example/logo.svg", Person: robin, Grants: []ConsentGrant{{Text: Say("consent.signed_in")}},
			Notice: Trouble(errTaken)}},
		{"device-code", DeviceCode{Form: form, XSRF: "xsrf-value"}},
		{"device-code-wrong", DeviceCode{Form: form, XSRF: "xsrf-value", Code: Invalid("bdwp-hqp", Say("device.error.unknown"))}},
		{"device-code-refused", DeviceCode{Form: form, XSRF: "xsrf-value", Notice: &Notice{Title: Say("device.refused.title"), Text: Say("device.refused.text")}}},
		{"confirm-device", ConfirmDevice{Form: form, XSRF: "xsrf-value", Code: "BDWP-HQPK", App: "Tidewater TV", AppLogo: "https://tv.example/logo.svg"}},
		{"confirm-device-short", ConfirmDevice{Form: form, XSRF: "xsrf-value", Code: "BDWP-HQPK", App: "T"}},
		{"device-done", DeviceDone{}},
		{"sign-out", SignOut{Form: Form{Action: "/oidc/session/end/confirm", LeadsTo: []string{"https://app.example/done"}}, XSRF: "xsrf-value"}},
		{"sign-out-asking", SignOut{Form: Form{Action: "/oidc/session/end/confirm", LeadsTo: []string{"https://app.example/done"}}, XSRF: "xsrf-value", Asks: true, Next: "app.example"}},
		{"signed-out", SignedOut{SignInURL: "/account"}},
		{"unknown-session", UnknownSession{RestartURL: "/restart", App: "Tidewater", AccountURL: "/account"}},
		{"unknown-session-short", UnknownSession{AccountURL: "/account"}},
		{"suspended", Suspended{SwitchURL: "/sign-in"}},
		{"failed", Failed{ID: "7KQ29MXD4TFH", Code: "oidc.server_error", Time: march, RetryURL: "/x", AppURL: "https://app.example", App: "Tidewater"}},
		{"failed-beyond", Failed{ID: "7KQ29MXD4TFH", Code: "oidc.server_error", Time: march, Message: Say("failed.beyond"), Lasting: true}},
		{"failed-short", Failed{Message: taken}},
		{"not-found", NotFound{HomeURL: "/account"}},
		{"demo", Demo{SignInURL: "/demo-app?go"}},
		{"demo-signed-in", Demo{Menu: menu, Claims: []Claim{{"sub", "x8k2m4n6p8q0"}, {"name", "Robin Example"}, {"address", `{"formatted":"1 Long Road With A Name That Does Not End\nLisbon"}`}}}},
		{"setup-start", SetupStart{Form: form, SetupToken: "t"}},
		{"setup-expired", SetupStart{Expired: true}},
		{"settings", Settings{Menu: menu, Notice: &Notice{Tone: ToneGood, Title: Say("settings.passkeys.saved", "name", "Blue key"), Text: Say("settings.passkeys.saved_text")}, NoticeIn: "two-factor",
			Avatar: &AvatarRow{IsSet: true, EditURL: "/account/avatar"},
			Name:   &NameRow{"Robin Example", "/account/name"}, Username: &UsernameRow{"robin", "/account/username"}, Password: &PasswordRow{true, "/account/password"},
			TwoFactor: &TwoFactor{On: true, AddURL: "/account/passkey/add", AdviseSpare: true, Passkeys: []PasskeyRow{
				{ID: "pk1", Name: "Blue key", Kind: KindSecurityKey, Model: "Cardinal K5 NFC", AddedAt: march, UsedAt: march, RenameURL: "/r", RemoveURL: "/d"},
				{ID: "pk2", Name: "Work laptop", Kind: KindThisDevice, Model: "Chrome on macOS", Synced: true, AddedAt: march, RenameURL: "/r", RemoveURL: "/d"}}},
			Sessions: []SessionRow{{ID: "s1", Device: "Chrome on macOS", Place: "Lisbon, Portugal", SignedInAt: march, Current: true},
				{ID: "s2", Phone: true, SignedInAt: march, SignOutURL: "/account/sessions/s2"}},
			ShowSessions: true, LostKeyURL: "/account/lost-key",
			Apps: &Apps{Rows: []AppRow{{ID: "g1", Name: "Tidewater Reports", AllowedAt: march, RemoveURL: "/account/apps/g1/remove"}}}}},
		{"settings-empty", Settings{Menu: menu, Avatar: &AvatarRow{}, Name: &NameRow{}, Username: &UsernameRow{}, Password: &PasswordRow{EditURL: "/p"},
			TwoFactor: &TwoFactor{Unavailable: FailIPAddress}, ShowSessions: true, SessionsURL: "/s", Apps: &Apps{ShowURL: "/s"}}},
		{"settings-full", Settings{Menu: menu, NoticeIn: "two-factor", Notice: &Notice{Tone: ToneWarn, Title: Say("settings.passkeys.not_added"), Text: Say("settings.passkeys.not_added_text")},
			TwoFactor: &TwoFactor{On: true, Full: 50, Passkeys: []PasskeyRow{{ID: "pk1", Name: "Blue key", Kind: KindSecurityKey, AddedAt: march, RenameURL: "/r", RemoveURL: "/d"}}}}},
		{"settings-no-apps", Settings{Menu: menu, Apps: &Apps{}}},
		{"edit-avatar", EditAvatar{Menu: menu, Form: form, Remove: form, CancelURL: "/account"}},
		{"edit-avatar-failed", EditAvatar{Menu: menu, Form: form, Picture: Invalid("", taken), CancelURL: "/account"}},
		{"edit-name", EditName{Menu: menu, Form: form, Name: Field{Value: "Robin Example"}, CancelURL: "/account"}},
		{"edit-username", EditUsername{Menu: menu, Form: form, Username: Invalid("1robin", taken), CancelURL: "/account"}},
		{"edit-username-leaving", EditUsername{Menu: menu, Form: leaving, Username: Field{Value: "robin"}, CancelURL: "/account"}},
		{"change-password", ChangePassword{Menu: menu, Form: form, Username: "robin", MinLength: 8, CancelURL: "/account"}},
		{"step-up", StepUp{Menu: menu, Form: form, Username: "robin", Password: Invalid("", Say("step_up.wrong_password")), UsePasskeyURL: "/k", CancelURL: "/account"}},
		{"step-up-shows", StepUp{Menu: menu, Form: form, Shows: true, CancelURL: "/account"}},
		{"step-up-passkey", StepUp{Menu: menu, Form: form, Ceremony: Ceremony{Options: getOptions}, UsePasswordURL: "/p", CancelURL: "/account"}},
		{"name-passkey", NamePasskey{Menu: menu, Form: form, Name: Field{Value: "Security key (USB)"}, AdviseSpare: true}},
		{"name-passkey-pending", NamePasskey{Menu: menu, Form: form, Name: Field{Value: "Security key (USB)"}, Pending: true}},
		{"rename-passkey", RenamePasskey{Menu: menu, Form: form, Current: "Blue key", Name: Field{Value: "Blue key"}, CancelURL: "/account"}},
		{"remove-passkey", RemovePasskey{Menu: menu, Form: form, Name: "Blue key", Last: Say("remove_passkey.last_text"), CancelURL: "/account"}},
		{"remove-passkey-required", RemovePasskey{Menu: menu, Form: form, Name: "Blue key", Last: Say("remove_passkey.last_required"), CancelURL: "/account"}},
		{"lost-key", LostKey{Menu: menu, User: "robin", BackURL: "/account"}},
		{"end-session", EndSession{Menu: menu, Form: form, Device: "Safari on iPhone", SignedInAt: march, CancelURL: "/account"}},
		{"remove-app", RemoveApp{Menu: menu, Form: form, Name: "Tidewater Reports", AllowedAt: march, CancelURL: "/account#apps"}},
		{"task-done", TaskDone{Menu: menu, Title: Say("settings.username.saved"), DoneURL: "https://reports.example/in", Next: "reports.example"}},
		{"task-done-short", TaskDone{Menu: menu, Title: Say("task_done.passkey"), DoneURL: "/account"}},
		{"account-closed", AccountClosed{}},
	}
}

// Every template has a sample, so the tests over samples cover every page.
func TestSamples_CoverEveryTemplate(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, s := range samples() {
		seen[s.page.template()] = true
		if reflect.TypeOf(s.page).Kind() != reflect.Struct {
			t.Errorf("%s is no struct", s.name)
		}
	}
	for name := range renderer().pages {
		if !seen[name] {
			t.Errorf("no sample of template %q", name)
		}
	}
}
