package accountpages_test

import (
	"strings"
	"testing"
	"time"

	"signet/internal/apptest"
	"signet/internal/mfa/softkey"
	"signet/internal/tenant"
)

// spoiled returns a good answer of a key after a change.
func spoiled(answer map[string]any, change func(answer, response map[string]any)) string {
	change(answer, answer["response"].(map[string]any))
	return credential(answer)
}

// A link can make the settings say no more than our own sentences and the names of
// the person's own passkeys.
func TestAccount_NoticesHoldNobodysWords(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	app.CreateUser(t, "robin")
	app.CreateUser(t, "mallory")
	p, mallory := signedIn(t, app, "robin"), signedIn(t, app, "mallory")
	mallory.addKey("Call 555 0100")
	_, theirs, _ := strings.Cut(mallory.at, "id=")
	theirs, _, _ = strings.Cut(theirs, "#")
	if theirs == "" {
		t.Fatalf("no id in %s", mallory.at)
	}
	for _, done := range []string{"passkey", "passkey-renamed", "passkey-removed", "name"} {
		for _, query := range []string{"&about=Call+555+0100", "&name=Call+555+0100", "&id=Call+555+0100", "&id=" + theirs} {
			p.open("/account?done=" + done + query)
			p.doesNotSee("555 0100")
			p.doesNotSee("is ready")
			p.doesNotSee("is now called")
		}
	}
	p.open("/account?done=passkey-removed")
	p.sees("The passkey is removed")
}

// The rules of a key's answer hold on these pages as they do in the API.
func TestAccount_AnswersOfKeysKeepTheRules(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		u := app.CreateUser(t, "robin")
		p := signedIn(t, app, "robin")
		p.open("/account/passkey/add")
		p.send("password", apptest.Password)
		for name, change := range map[string]func(answer, response map[string]any){
			"unknown transport": func(_, response map[string]any) { response["transports"] = []string{"telepathy"} },
			"too many transports": func(_, response map[string]any) {
				response["transports"] = strings.Split(strings.Repeat("usb ", 17), " ")[:17]
			},
			"another factor":      func(answer, _ map[string]any) { answer["type"] = "public-key" },
			"unknown attachment":  func(answer, _ map[string]any) { answer["authenticatorAttachment"] = "elsewhere" },
			"a key of any length": func(_, response map[string]any) { response["publicKey"] = strings.Repeat("A", 8193) },
		} {
			p.send("credential", spoiled(softkey.New().Create(p.origin(), p.ceremony()), change), "kind", "security-key")
			if !strings.HasPrefix(p.at, "/account/passkey/add") || !strings.Contains(p.page, "The passkey could not be created") {
				t.Errorf("%s: %s %s", name, p.at, p.text())
				p.open("/account/passkey/add")
			}
		}
		if n := app.Count(t, tenant.Default, "webauthn_credentials", "user_id = $2", u.ID); n != 0 {
			t.Errorf("%d credentials", n)
		}
		p.addKey("Blue key")

		app.Clock.Advance(11 * time.Minute)
		p.open("/account/verified-action?next=%2Faccount%2Fusername&by=passkey")
		p.send("credential", spoiled(p.key.Get(p.origin(), p.ceremony()), func(answer, _ map[string]any) { answer["type"] = "public-key" }))
		p.sees("Check that it is you")
		p.prove()
		p.sees("Change your username")
	})
}
