package accountapi_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"signet/internal/accountcenter"
	"signet/internal/application"
	"signet/internal/oidc/client"
	"signet/internal/platform/db"
	"signet/internal/platform/event"
	"signet/internal/user"
)

// keys returns the sorted property names of a JSON object.
func keys(t *testing.T, text string) []string {
	t.Helper()
	var object map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &object); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	names := []string{}
	for name := range object {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// TestAccount_ShowsEachClassOfDataToItsScopeOnly (attack 50).
func TestAccount_ShowsEachClassOfDataToItsScopeOnly(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann := w.person("ann")
		w.tx(func(ctx context.Context, tx *db.Tx) error {
			email, phone, city := "ann@example.com", "4912345", "Berlin"
			_, err := user.Update(ctx, tx, w.now(), ann.id, user.Patch{
				PrimaryEmail: &email, PrimaryPhone: &phone, Profile: &user.Profile{Address: &user.Address{Locality: &city}},
			})
			return err
		})
		w.settings(func(s *accountcenter.Settings) {
			for _, f := range []accountcenter.Field{accountcenter.Email, accountcenter.Phone, accountcenter.CustomData, accountcenter.Social} {
				s.Fields[f] = accountcenter.ReadOnly
			}
		})
		always := []string{"id", "hasSecurityVerificationMethod"}
		ofProfile := []string{"username", "name", "avatar", "profile", "hasPassword",
			"lastSignInAt", "createdAt", "updatedAt", "applicationId", "cimdClientId", "isSuspended"}
		for scope, want := range map[string][]string{
			"openid":             nil,
			"openid email":       {"primaryEmail"},
			"openid phone":       {"primaryPhone"},
			"openid custom_data": {"customData"},
			"openid identities":  {"identities"},
			"openid address":     nil,
			"openid profile":     ofProfile,
		} {
			ann.token = ann.tokenIn(ann.session, client.AccountCenter, scope)
			got := ann.call("GET", "/api/my-account", nil).want(t, 200, "")
			expected := slices.Concat(always, want)
			slices.Sort(expected)
			if !slices.Equal(keys(t, got.text), expected) {
				t.Errorf("scope %q shows %v, want %v", scope, keys(t, got.text), expected)
			}
			if got.json("profile.address") != nil {
				t.Errorf("scope %q shows the address", scope)
			}
		}
		party := w.application(true)
		ann.token = ann.tokenIn(ann.session, party, "openid email")
		if got := ann.call("GET", "/api/my-account", nil); got.str("primaryEmail") != "ann@example.com" {
			t.Errorf("a third party is shown %s", got.text)
		}
		w.tx(func(ctx context.Context, tx *db.Tx) error {
			return application.RemoveConsentScope(ctx, tx, party, application.ConsentKinds["user-scopes"], "email")
		})
		if got := ann.call("GET", "/api/my-account", nil).want(t, 200, ""); !slices.Equal(keys(t, got.text), []string{"hasSecurityVerificationMethod", "id"}) {
			t.Errorf("what an operator took back: %s", got.text)
		}
		ann.token = ann.tokenIn(ann.session, client.AccountCenter, "openid profile address")
		shown := ann.call("GET", "/api/my-account", nil)
		if shown.str("profile.address.locality") != "Berlin" || !strings.Contains(shown.text, `"name":null`) {
			t.Errorf("account %s", shown.text)
		}

		// What the tenant hides is not shown whatever the scope.
		w.settings(func(s *accountcenter.Settings) { s.Fields = map[accountcenter.Field]accountcenter.Access{} })
		hidden := keys(t, ann.call("GET", "/api/my-account", nil).text)
		for _, name := range []string{"username", "name", "avatar", "profile", "hasPassword"} {
			if slices.Contains(hidden, name) {
				t.Errorf("%s is off, but shown", name)
			}
		}
	})
}

func TestAccount_Changes(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann := w.person("ann")
		w.settings(func(s *accountcenter.Settings) { s.Fields[accountcenter.CustomData] = accountcenter.Edit })
		ann.call("PATCH", "/api/my-account", `{"name":"Ann","customData":{"a":1,"b":{"c":[true]}}}`).want(t, 200, "")
		got := ann.call("PATCH", "/api/my-account", `{"avatar":"https://example.com/a.png","customData":{"b":2}}`).want(t, 200, "")
		if got.str("name") != "Ann" || got.str("avatar") == "" || got.json("customData.a") != nil || got.json("customData.b") != 2.0 {
			t.Errorf("custom data is replaced, other properties stay: %s", got.text)
		}
		cleared := ann.call("PATCH", "/api/my-account", `{"name":null,"avatar":null}`).want(t, 200, "")
		if !strings.Contains(cleared.text, `"name":null,"avatar":null`) {
			t.Errorf("null clears: %s", cleared.text)
		}

		every := `{"familyName":"b","givenName":"a","middleName":"c","nickname":"d","preferredUsername":"e","profile":"f","website":"g",` +
			`"gender":"h","birthdate":"i","zoneinfo":"j","locale":"k","address":{"formatted":"l","streetAddress":"m","locality":"n",` +
			`"region":"o","postalCode":"p","country":"q"}}`
		if got := w.person("every").call("PATCH", "/api/my-account/profile", every).want(t, 200, ""); got.text != every {
			t.Errorf("every claim\n got %s\nwant %s", got.text, every)
		}
		w.clock.Advance(time.Second) // events are ordered by their millisecond
		ann.call("PATCH", "/api/my-account/profile", `{"website":"javascript:alert(1)"}`).want(t, 400, "guard.invalid_input")
		ann.call("PATCH", "/api/my-account/profile", `{"nickname":null}`).want(t, 400, "guard.invalid_input")
		ann.call("PATCH", "/api/my-account/profile", `{"address":null}`).want(t, 400, "guard.invalid_input")
		ann.call("PATCH", "/api/my-account/profile", `{"nickname":"A","address":{"country":"DE","locality":"Berlin"}}`).want(t, 200, "")
		w.clock.Advance(time.Second)
		merged := ann.call("PATCH", "/api/my-account/profile", `{"website":"https://a.test","address":{"country":"FR"}}`).want(t, 200, "")
		if merged.text != `{"nickname":"A","website":"https://a.test","address":{"country":"FR"}}` {
			t.Errorf("the profile is merged, the address replaced: %s", merged.text)
		}

		told, err := event.Since(context.Background(), w.db, "", 100)
		if err != nil || len(told) != 6 {
			t.Fatalf("%d events, %v; want one for each change", len(told), err)
		}
		last := answer{text: string(told[5].Data.V)}
		if told[5].Name != "User.Data.Updated" || last.str("profile.nickname") != "A" || last.str("id") != ann.id ||
			strings.Contains(last.text, "assword") || strings.Contains(last.text, "mfa") || told[5].Origin.V.UserAgent != agent {
			t.Errorf("event %s from %+v", last.text, told[5].Origin.V)
		}
	})
}

func TestUsername_FollowsThePolicy(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann, bob := w.person("ann"), w.person("bob")
		ann.proveIt()
		rename := func(value string) answer { return ann.call("PATCH", "/api/my-account", `{"username":`+value+`}`) }
		before := ann.state()
		rename(`"bob"`).want(t, 422, "user.username_already_in_use")
		rename(`"1ann"`).want(t, 400, "guard.invalid_input")
		rename(`"a-b"`).want(t, 400, "guard.invalid_input")
		rename(`""`).want(t, 400, "guard.invalid_input")
		rename(`"`+strings.Repeat("a", 129)+`"`).want(t, 400, "guard.invalid_input")
		rename(`null`).want(t, 400, "user.last_sign_in_method_required")
		ann.unchanged(before)

		no := false
		policy := user.DefaultUsernamePolicy()
		policy.AllowedChars.Numbers, policy.CaseSensitive = &no, &no
		w.experience("username_policy", policy)
		rename(`"ann2"`).want(t, 422, "user.username_numbers_not_allowed")
		rename(`"BOB"`).want(t, 422, "user.username_already_in_use")
		ann.unchanged(before)

		rename(`"Anna"`).want(t, 200, "")
		if u, err := user.ByUsername(context.Background(), w.db, "anna", false); err != nil || u.ID != ann.id {
			t.Errorf("by another case: %v", err)
		}
		if u, _ := user.ByID(context.Background(), w.db, bob.id); *u.Username != "bob" {
			t.Error("the other user changed")
		}

		// With another identifier the username may go.
		w.tx(func(ctx context.Context, tx *db.Tx) error {
			email := "ann@example.com"
			_, err := user.Update(ctx, tx, w.now(), ann.id, user.Patch{PrimaryEmail: &email})
			return err
		})
		if got := rename(`null`).want(t, 200, ""); !strings.Contains(got.text, `"username":null`) {
			t.Errorf("account %s", got.text)
		}
	})
}

// TestAccount_IgnoresWhatTheCallerMayNotSet (attacks 40 and 49): identifiers
// that must be verified, flags, and the ids of other users and tenants.
func TestAccount_IgnoresWhatTheCallerMayNotSet(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann, bob := w.person("ann"), w.person("bob")
		ann.proveIt()
		was := bob.state()
		smuggled := `"id":"` + bob.id + `","userId":"` + bob.id + `","tenantId":"admin","owner":"` + bob.id + `",` +
			`"primaryEmail":"boss@example.com","primaryPhone":"491","isSuspended":true,"hasPassword":false,"passwordEncrypted":"x",` +
			`"isMfaEnabled":false,"logtoConfig":{},"identities":{"github":{"userId":"1"}},"roles":["admin"]`
		ann.call("PATCH", "/api/my-account", `{"name":"Ann",`+smuggled+`}`).want(t, 200, "")
		ann.call("PATCH", "/api/my-account/profile", `{"nickname":"A",`+smuggled+`}`).want(t, 200, "")
		ann.call("PATCH", "/api/my-account/mfa-settings", `{"skipMfaOnSignIn":true,`+smuggled+`}`).want(t, 200, "")
		u, err := user.ByID(context.Background(), w.db, ann.id)
		if err != nil || u.PrimaryEmail != nil || u.PrimaryPhone != nil || u.IsSuspended || !u.HasPassword() || *u.Name != "Ann" {
			t.Errorf("%v %+v", err, u)
		}
		was.events = bob.state().events
		bob.unchanged(was)
	})
}
