package signinexpapi_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"signet/internal/apptest"
	"signet/internal/signinexp"
	"signet/internal/tenant"
)

// The properties that clients of the published API may rely on, and no others.
func TestSettingsShowWhatPagesNeed(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		app.ChangeExperience(t, tenant.Default, func(s *signinexp.Settings) {
			s.EmailBlocklistPolicy.CustomBlocklist = []string{"@secret.example"}
			s.ForgotPasswordMethods = []string{"EmailVerificationCode"}
		})
		b := app.Browser(t)
		a := b.Do(http.MethodGet, "/api/.well-known/sign-in-exp", "")
		var body map[string]json.RawMessage
		a.JSON(t, &body)
		want := strings.Fields(`adaptiveMfa agreeToTermsPolicy branding captchaPolicy color customContent customCss customProfileFieldCatalog
			customProfileFields customUiAssets customUiCsp forgotPassword hideLogtoBranding id isDevelopmentTenant languageInfo mfa
			passkeySignIn passwordExpiration passwordPolicy privacyPolicyUrl sentinelPolicy signIn signInMode signUp
			signUpProfileFields singleSignOnEnabled socialConnectors socialSignIn socialSignInConnectorTargets ssoConnectors
			supportEmail supportWebsiteUrl tenantId termsOfUseUrl unknownSessionRedirectUrl usernamePolicy verificationCodePolicy`)
		got := []string{}
		for name := range body {
			got = append(got, name)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("properties %v, want %v", got, want)
		}
		for name, want := range map[string]string{
			"tenantId": `"default"`, "forgotPassword": `{"phone":false,"email":false}`, "socialConnectors": `[]`, "customProfileFields": `[]`,
			"mfa": `{"factors":["WebAuthn"],"policy":"NoPrompt"}`, "signUpProfileFields": `null`, "isDevelopmentTenant": `false`,
		} {
			if string(body[name]) != want {
				t.Errorf("%s: %s", name, body[name])
			}
		}
		if strings.Contains(a.Text, "secret.example") {
			t.Error("the block list shows")
		}
		alias := b.Do(http.MethodGet, "/api/.well-known/experience?appId=demo-app&organizationId=none", "")
		if alias.Text != a.Text {
			t.Errorf("the alias says %s", alias.Text)
		}
		// A change shows at once, and an unchanged answer costs nothing.
		same := b.Do(http.MethodGet, "/api/.well-known/sign-in-exp", "", "If-None-Match", a.Header.Get("ETag"))
		if same.StatusCode != http.StatusNotModified {
			t.Errorf("unchanged: %d", same.StatusCode)
		}
		app.ChangeExperience(t, tenant.Default, func(s *signinexp.Settings) { s.SignInMode = signinexp.ModeSignIn })
		if a := b.Do(http.MethodGet, "/api/.well-known/sign-in-exp", ""); !strings.Contains(a.Text, `"signInMode":"SignIn"`) {
			t.Errorf("after the change: %s", a.Text)
		}
		admin := app.BrowserAt(t, app.AdminURL).Do(http.MethodGet, "/api/.well-known/sign-in-exp", "")
		if !strings.Contains(admin.Text, `"tenantId":"admin"`) || !strings.Contains(admin.Text, `"signInMode":"Register"`) {
			t.Errorf("admin: %s", admin.Text)
		}
	})
}

func TestPhrasesComeInTheBestLanguage(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	b := app.Browser(t)
	cases := []struct{ query, accept, want string }{
		{"", "", "en"}, {"", "de-AT,en;q=0.5", "de"}, {"?lng=de", "en", "de"}, {"?lng=xx", "de", "de"}, {"?lng=%3B%3B", "", "en"},
	}
	for _, c := range cases {
		a := b.Do(http.MethodGet, "/api/.well-known/phrases"+c.query, "", "Accept-Language", c.accept)
		var tree map[string]any
		a.JSON(t, &tree)
		if a.StatusCode != http.StatusOK || a.Header.Get("Content-Language") != c.want || tree["errors"] == nil {
			t.Errorf("%+v: %d in %q", c, a.StatusCode, a.Header.Get("Content-Language"))
		}
	}
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	b := app.Browser(t)
	for _, path := range []string{
		"phrases?lng=" + strings.Repeat("d", 300), "phrases?lng=de&lng=en", "phrases?lng=%00",
		"sign-in-exp?appId=%00", "sign-in-exp?organizationId=" + strings.Repeat("x", 30), "experience?appId=a&appId=b",
	} {
		if a := b.Do(http.MethodGet, "/api/.well-known/"+path, ""); a.StatusCode != 400 || a.Code() != "guard.invalid_input" {
			t.Errorf("%.60s: %d %s", path, a.StatusCode, a.Text)
		}
	}
}
