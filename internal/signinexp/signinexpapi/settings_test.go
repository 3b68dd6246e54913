package signinexpapi_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"signet/internal/apptest"
	"signet/internal/signinexp"
	"signet/internal/tenant"
	"signet/internal/user"
)

const path = "/api/sign-in-exp"

func TestSettings_WhatWasReadCanBeWritten(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		seeded := o.Want(200, "GET", path, "").Text
		if back := o.Want(200, "PATCH", path, seeded).Text; back != seeded {
			t.Errorf("read  %s\nwrote %s", seeded, back)
		}
		changed := o.Want(200, "PATCH", path, `{"tenantId":"admin","id":"other","color":{"primaryColor":"#0a7","isDarkModeEnabled":true,"darkPrimaryColor":"#00AA77"},
			"branding":{"logoUrl":"https://example.com/logo.png","favicon":""},"termsOfUseUrl":"https://example.com/terms","supportEmail":"","signInMode":"SignIn",
			"languageInfo":{"autoDetect":false,"fallbackLanguage":"de"},"customContent":{"/sign-in":"<b>Hi</b>"},"socialSignInConnectorTargets":["github"],
			"passwordPolicy":{"length":{"min":12}},"sentinelPolicy":{"maxAttempts":3},"mfa":{"factors":["Totp","BackupCode"],"policy":"Mandatory"},
			"signUpProfileFields":[{"name":"nickname"}],"emailBlocklistPolicy":{"customBlocklist":["@x.example","*@y.example"]}}`)
		for _, want := range []string{
			`"tenantId":"default","id":"default"`, `"primaryColor":"#0a7"`, `"logoUrl":"https://example.com/logo.png"`, `"supportEmail":null`,
			`"signInMode":"SignIn"`, `"fallbackLanguage":"de"`, `"/sign-in":"<b>Hi</b>"`, `"socialSignInConnectorTargets":[]`,
			`"passwordPolicy":{"length":{"min":12}}`, `"mfa":{"factors":["Totp","BackupCode"],"policy":"Mandatory"}`, `"customBlocklist":["@x.example","*@y.example"]`,
		} {
			if !strings.Contains(changed.Text, want) {
				t.Errorf("%s is not in %s", want, changed.Text)
			}
		}
		if now := o.Want(200, "GET", path, "").Text; now != changed.Text {
			t.Errorf("stored %s", now)
		}
		if a := o.Want(200, "PATCH", path, `{"forgotPasswordMethods":null,"signUpProfileFields":null,"termsOfUseUrl":null}`); !strings.Contains(a.Text, `"forgotPasswordMethods":null`) {
			t.Errorf("cleared %s", a.Text)
		}
		if other := app.OperatorAt(t, app.AdminURL, "x").Want(200, "GET", path, ""); !strings.Contains(other.Text, `"signInMode":"Register"`) {
			t.Errorf("another tenant: %s", other.Text)
		}
	})
}

// Two servers over one database: what one is told, the other does within a
// second.
func TestSettings_AreLiveOnEveryNode(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		other := apptest.Start(t, apptest.OnPool(app.Pool))
		show := func() string {
			return other.Browser(t).Do(http.MethodGet, "/api/.well-known/sign-in-exp", "").Text
		}
		if !strings.Contains(show(), `"signInMode":"SignInAndRegister"`) {
			t.Fatal(show())
		}
		app.Operator(t).Want(200, "PATCH", path, `{"signInMode":"SignIn"}`)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for !strings.Contains(show(), `"signInMode":"SignIn"`) {
			if ctx.Err() != nil {
				t.Fatalf("after a second: %s", show())
			}
		}
	})
}

func TestSettings_Refuse(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		app.Refused(t,
			`PATCH /api/sign-in-exp {} -> 422 entity.invalid_input`,
			`PATCH /api/sign-in-exp {"id":"x","tenantId":"default"} -> 422 entity.invalid_input`,
			`PATCH /api/sign-in-exp {"color":{"primaryColor":"red","isDarkModeEnabled":true,"darkPrimaryColor":"#000"}} -> 400 guard.invalid_input`,
			`PATCH /api/sign-in-exp {"color":{"primaryColor":"#fff"}} -> 400 guard.invalid_input`,
			`PATCH /api/sign-in-exp {"branding":{"logoUrl":"javascript:alert(1)"}} -> 400 guard.invalid_input`,
			`PATCH /api/sign-in-exp {"termsOfUseUrl":"javascript:alert(1)"} -> 400 guard.invalid_input`,
			`PATCH /api/sign-in-exp {"signInMode":"Off"} -> 400 guard.invalid_input`,
			`PATCH /api/sign-in-exp {"hideLogtoBranding":true} -> 400 request.invalid_input`,
			`PATCH /api/sign-in-exp {"customUiCsp":{"scriptSrc":["https://x.example"]}} -> 400 request.invalid_input`,
			`PATCH /api/sign-in-exp {"customUiAssets":{"id":"x","createdAt":1}} -> 400 guard.invalid_input`,
			`PATCH /api/sign-in-exp {"customContent":{"sign-in":"no slash"}} -> 400 guard.invalid_input`,
			`PATCH /api/sign-in-exp {"emailBlocklistPolicy":{"blockDisposableAddresses":true}} -> 400 request.invalid_input`,
			`PATCH /api/sign-in-exp {"emailBlocklistPolicy":{"customBlocklist":["nobody"]}} -> 400 sign_in_experiences.invalid_custom_email_blocklist_format`,
			`PATCH /api/sign-in-exp {"languageInfo":{"autoDetect":true,"fallbackLanguage":"tlh"}} -> 400 sign_in_experiences.unsupported_default_language`,
			`PATCH /api/sign-in-exp {"signIn":{"methods":[{"identifier":"email","password":false,"verificationCode":true,"isPasswordPrimary":false}]}} -> 400 sign_in_experiences.enabled_connector_not_found`,
			`PATCH /api/sign-in-exp {"signUp":{"identifiers":["phone"],"password":true,"verify":true}} -> 400 sign_in_experiences.enabled_connector_not_found`,
			`PATCH /api/sign-in-exp {"signInMode":"SignIn","mfa":{"factors":["BackupCode"],"policy":"Mandatory"}} -> 400 sign_in_experiences.backup_code_cannot_be_enabled_alone`,
			`PATCH /api/sign-in-exp {"forgotPasswordMethods":["EmailVerificationCode"]} -> 400 sign_in_experiences.forgot_password_method_requires_connector`,
			`PATCH /api/sign-in-exp {"passwordExpiration":{"enabled":true,"validPeriodDays":30}} -> 422 sign_in_experiences.password_expiration_requires_forgot_password`,
			`PATCH /api/sign-in-exp {"passwordExpiration":{"enabled":true,"validPeriodDays":0}} -> 422 sign_in_experiences.password_expiration_invalid_period_days`,
			`PATCH /api/sign-in-exp {"passwordPolicy":{"length":{"min":20,"max":10}}} -> 400 guard.invalid_input`,
			`PATCH /api/sign-in-exp {"passwordPolicy":{"length":{"min":1000}}} -> 400 guard.invalid_input`,
			`PATCH /api/sign-in-exp {"usernamePolicy":{"minLength":9,"maxLength":8}} -> 400 guard.invalid_input`,
			`PATCH /api/sign-in-exp {"usernamePolicy":{"allowedChars":{"lowercase":false,"uppercase":false,"underscore":false}}} -> 400 guard.invalid_input`,
			`PATCH /api/sign-in-exp {"sentinelPolicy":{"maxAttempts":0}} -> 400 guard.invalid_input`,
			`PATCH /api/sign-in-exp {"verificationCodePolicy":{"expirationDuration":59}} -> 400 guard.invalid_input`,
			`GET /api/sign-in-exp/username-policy/case-sensitivity-conflicts?limit=101 -> 400 guard.invalid_input`,
			`POST /api/sign-in-exp/default/check-password {"password":"x","userId":"nobody"} -> 404 entity.not_found`,
		)
	})
}

func TestUsernameCase(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		first, second := app.CreateUser(t, "Robin"), app.CreateUser(t, "robin")
		app.CreateUser(t, "Ada")
		want := `{"totalConflicts":1,"samples":[{"usernameLower":"robin","userIds":["`
		preview := o.Want(200, "GET", path+"/username-policy/case-sensitivity-conflicts", "").Text
		if !strings.HasPrefix(preview, want) || !strings.Contains(preview, first.ID) || !strings.Contains(preview, second.ID) {
			t.Errorf("preview %s", preview)
		}
		refused := o.Want(409, "PATCH", path, `{"signInMode":"SignIn","usernamePolicy":{"caseSensitive":false}}`, "sign_in_experiences.username_policy_case_conflicts_exist")
		if !strings.Contains(refused.Text, want) || strings.Contains(o.Want(200, "GET", path, "").Text, `"signInMode":"SignIn",`) {
			t.Errorf("refused %s", refused.Text)
		}
		name := "sparrow"
		app.UpdateUser(t, second.ID, user.Patch{Username: &name})
		o.Want(200, "PATCH", path, `{"usernamePolicy":{"caseSensitive":false}}`)
		if n := app.Count(t, tenant.Default, "users", "username_key IN ('robin', 'ada', 'sparrow')"); n != 3 {
			t.Errorf("%d users are found by lower case", n)
		}
		o.Want(200, "PATCH", path, `{"usernamePolicy":{}}`)
		if n := app.Count(t, tenant.Default, "users", "username_key = username"); n != 3 {
			t.Errorf("%d users are found as typed", n)
		}
	})
}

func TestCheckPassword(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	o := app.Operator(t)
	u := app.CreateUser(t, "wintergreen")
	check := path + "/default/check-password"
	if a := o.Want(200, "POST", check, `{"password":"wintergreen1"}`); a.Text != `{"result":true}` {
		t.Error(a.Text)
	}
	for body, want := range map[string]string{
		`{"password":"wintergreen1","userId":"` + u.ID + `"}`: "password_rejected.restricted.user_info",
		`{"password":"abc"}`: "password_rejected.too_short",
	} {
		if a := o.Want(400, "POST", check, body); !strings.Contains(a.Text, `{"result":false,"issues":[`) || !strings.Contains(a.Text, want) {
			t.Errorf("%s: %s", body, a.Text)
		}
	}
	app.ChangeExperience(t, tenant.Default, func(s *signinexp.Settings) { n := 3; s.PasswordPolicy.Length = &user.PasswordLength{Min: &n} })
	o.Want(200, "POST", check, `{"password":"a1;"}`)
}
