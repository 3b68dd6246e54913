package signinexp_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/signinexp"
)

func insert(t *testing.T, d *db.DB, s *signinexp.Settings) {
	t.Helper()
	err := d.Tx(context.Background(), func(tx *db.Tx) error {
		return signinexp.Insert(context.Background(), tx, 1, s)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// full returns settings in which every field has a value of its own.
func full() *signinexp.Settings {
	text := func(s string) *string { return &s }
	yes, n := true, 7
	s := signinexp.Seed("default")
	s.Branding = signinexp.Branding{LogoURL: "https://a/l", DarkLogoURL: "https://a/d", Favicon: "https://a/f", DarkFavicon: "https://a/df"}
	s.HideLogtoBranding, s.SingleSignOnEnabled = true, true
	s.TermsOfUseURL, s.PrivacyPolicyURL = text("https://a/terms"), text("https://a/privacy")
	s.AgreeToTermsPolicy, s.SignInMode = signinexp.TermsManual, signinexp.ModeSignIn
	s.SupportEmail, s.SupportWebsiteURL, s.UnknownSessionRedirectURL = text("a@b.c"), text("https://a/help"), text("https://a/unknown")
	s.CustomCSS, s.CustomContent = text("a{}"), map[string]string{"/sign-in": "<b>"}
	s.CustomUIAssets = &signinexp.CustomUIAssets{ID: "ui", CreatedAt: 5}
	s.CustomUICSP = signinexp.CustomUICSP{ScriptSrc: []string{"https://s"}, ConnectSrc: []string{"https://c"}}
	s.SocialSignIn = signinexp.SocialSignIn{AutomaticAccountLinking: &yes, SkipRequiredIdentifiers: &yes}
	s.SocialSignInConnectorTargets = []string{"github"}
	s.SignUp.SecondaryIdentifiers = []signinexp.SecondaryIdentifier{{Identifier: signinexp.Email, Verify: true}}
	s.PasswordExpiration = signinexp.PasswordExpiration{Enabled: &yes, ValidPeriodDays: 3, EnabledAt: 9}
	s.MFA = signinexp.MFA{Factors: []signinexp.Factor{signinexp.FactorTOTP}, Policy: signinexp.PolicyMandatory, OrganizationRequiredMFAPolicy: "Mandatory"}
	s.AdaptiveMFA.Enabled, s.CaptchaPolicy.Enabled = true, true
	s.PasskeySignIn = signinexp.PasskeySignIn{Enabled: true, ShowPasskeyButton: true, AllowAutofill: true}
	s.SentinelPolicy = signinexp.SentinelPolicy{MaxAttempts: &n, LockoutDuration: &n}
	s.VerificationCodePolicy = signinexp.VerificationCodePolicy{ExpirationDuration: &n, MaxRetryAttempts: &n}
	s.EmailBlocklistPolicy = signinexp.EmailBlocklistPolicy{BlockSubaddressing: &yes, CustomBlocklist: []string{"@x.y"}}
	s.ForgotPasswordMethods = []string{"EmailVerificationCode"}
	s.TrustedDevice = signinexp.TrustedDevice{Enabled: true, DurationDays: 30}
	s.SignUpProfileFields = []signinexp.ProfileField{{Name: "nickname"}}
	return s
}

func TestSettingsComeBackAsTheyWereStored(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		nothing := signinexp.Seed("nothing")
		nothing.ForgotPasswordMethods = nil
		for tenantID, want := range map[string]*signinexp.Settings{"default": full(), "admin": signinexp.Seed("admin"), "nothing": nothing} {
			want.TenantID = tenantID
			insert(t, p.For(tenantID), want)
			got, err := signinexp.Get(context.Background(), p.For(tenantID))
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s: got\n%+v\nwant\n%+v", tenantID, got, want)
			}
		}
	})
}

func TestGetWithoutSeedSaysSo(t *testing.T) {
	t.Parallel()
	if _, err := signinexp.Get(context.Background(), dbtest.SQLite(t).For("default")); !errors.Is(err, signinexp.ErrNotSeeded) {
		t.Errorf("error %v", err)
	}
}

func TestCacheSeesChangesAndKeepsTenantsApart(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		ctx := context.Background()
		cache := signinexp.NewCache(p)
		insert(t, p.For("default"), signinexp.Seed("default"))
		insert(t, p.For("admin"), signinexp.Seed("admin"))
		mode := func(tenantID string) signinexp.Mode {
			s, err := cache.Get(ctx, p.For(tenantID))
			if err != nil {
				t.Fatal(err)
			}
			return s.SignInMode
		}
		if mode("default") != signinexp.ModeSignInAndRegister || mode("admin") != signinexp.ModeRegister {
			t.Fatal("the seeds are mixed up")
		}
		err := p.For("admin").Tx(ctx, func(tx *db.Tx) error { return signinexp.SetMode(ctx, tx, 2, signinexp.ModeSignIn) })
		if err != nil {
			t.Fatal(err)
		}
		if got := mode("admin"); got != signinexp.ModeSignIn {
			t.Errorf("after the change the cache says %s", got)
		}
		if got := mode("default"); got != signinexp.ModeSignInAndRegister {
			t.Errorf("the other tenant's mode became %s", got)
		}
	})
}

// The published JSON form of a fresh tenant, property by property.
func TestSeedHasThePublishedForm(t *testing.T) {
	t.Parallel()
	got, err := json.MarshalIndent(signinexp.Seed("default"), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	const want = `{
 "tenantId": "default",
 "id": "default",
 "color": {
  "primaryColor": "#6139F6",
  "isDarkModeEnabled": false,
  "darkPrimaryColor": "#8768F8"
 },
 "branding": {},
 "hideLogtoBranding": false,
 "languageInfo": {
  "autoDetect": true,
  "fallbackLanguage": "en"
 },
 "termsOfUseUrl": null,
 "privacyPolicyUrl": null,
 "agreeToTermsPolicy": "Automatic",
 "signIn": {
  "methods": [
   {
    "identifier": "username",
    "password": true,
    "verificationCode": false,
    "isPasswordPrimary": true
   }
  ]
 },
 "signUp": {
  "identifiers": [
   "username"
  ],
  "password": true,
  "verify": false
 },
 "socialSignIn": {},
 "socialSignInConnectorTargets": [],
 "signInMode": "SignInAndRegister",
 "singleSignOnEnabled": false,
 "customCss": null,
 "customContent": {},
 "customUiAssets": null,
 "customUiCsp": {},
 "passwordPolicy": {},
 "passwordExpiration": {},
 "usernamePolicy": {
  "caseSensitive": true,
  "minLength": 1,
  "maxLength": 128,
  "allowedChars": {
   "lowercase": true,
   "uppercase": true,
   "numbers": true,
   "underscore": true
  }
 },
 "mfa": {
  "factors": [],
  "policy": "UserControlled"
 },
 "adaptiveMfa": {},
 "passkeySignIn": {},
 "captchaPolicy": {},
 "sentinelPolicy": {},
 "verificationCodePolicy": {},
 "supportEmail": null,
 "supportWebsiteUrl": null,
 "unknownSessionRedirectUrl": null,
 "signUpProfileFields": null,
 "emailBlocklistPolicy": {},
 "forgotPasswordMethods": []
}`
	if string(got) != want {
		t.Errorf("got\n%s", got)
	}
}

func TestProductSeedDiffersInOnePlace(t *testing.T) {
	t.Parallel()
	product, contract := signinexp.ProductSeed("default"), signinexp.Seed("default")
	want := signinexp.MFA{Factors: []signinexp.Factor{signinexp.FactorWebAuthn}, Policy: signinexp.PolicyNoPrompt}
	if !reflect.DeepEqual(product.MFA, want) {
		t.Errorf("factors of a fresh install: %+v", product.MFA)
	}
	product.MFA = contract.MFA
	if !reflect.DeepEqual(product, contract) {
		t.Errorf("the product differs elsewhere: %+v", product)
	}
	if !reflect.DeepEqual(signinexp.ProductSeed("admin"), signinexp.Seed("admin")) {
		t.Error("the admin tenant differs")
	}
}

func TestNoSeedPointsElsewhere(t *testing.T) {
	t.Parallel()
	for _, tenantID := range []string{"default", "admin"} {
		raw, err := json.Marshal(signinexp.ProductSeed(tenantID))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(raw), "://") {
			t.Errorf("%s: a fresh tenant fetches something: %s", tenantID, raw)
		}
	}
}

func TestPasswordExpires(t *testing.T) {
	t.Parallel()
	const day = int64(24 * 60 * 60 * 1000)
	on, off := true, false
	policy := signinexp.PasswordExpiration{Enabled: &on, ValidPeriodDays: 30, EnabledAt: 100 * day}
	old := signinexp.PasswordExpiration{Enabled: &on, ValidPeriodDays: 30}
	changed := func(at int64) *int64 { return &at }
	cases := []struct {
		name      string
		policy    signinexp.PasswordExpiration
		now       int64
		changedAt *int64
		want      bool
	}{
		{"absent", signinexp.PasswordExpiration{}, 1000 * day, changed(0), false},
		{"off", signinexp.PasswordExpiration{Enabled: &off, ValidPeriodDays: 1}, 1000 * day, changed(0), false},
		{"fresh", policy, 229 * day, changed(200 * day), false},
		{"on the day", policy, 230 * day, changed(200 * day), true},
		{"age unknown counts from the switch", policy, 129 * day, nil, false},
		{"age unknown, switch long ago", policy, 130 * day, nil, true},
		{"age and switch unknown count from creation", old, 39 * day, nil, false},
		{"created long ago", old, 40 * day, nil, true},
	}
	for _, c := range cases {
		if got := c.policy.Expired(c.now, c.changedAt, 10*day); got != c.want {
			t.Errorf("%s: expired = %v", c.name, got)
		}
	}
}

func TestSignUpOffers(t *testing.T) {
	t.Parallel()
	second := func(kind string) signinexp.SignUp {
		return signinexp.SignUp{SecondaryIdentifiers: []signinexp.SecondaryIdentifier{{Identifier: kind}}}
	}
	cases := []struct {
		name   string
		signUp signinexp.SignUp
		kind   string
		want   bool
	}{
		{"primary", signinexp.SignUp{Identifiers: []string{signinexp.Email}}, signinexp.Email, true},
		{"other primary", signinexp.SignUp{Identifiers: []string{signinexp.Email}}, signinexp.Phone, false},
		{"secondary", second(signinexp.Phone), signinexp.Phone, true},
		{"either covers email", second(signinexp.EmailOrPhone), signinexp.Email, true},
		{"either covers phone", second(signinexp.EmailOrPhone), signinexp.Phone, true},
		{"either covers no username", second(signinexp.EmailOrPhone), signinexp.Username, false},
	}
	for _, c := range cases {
		if got := c.signUp.Offers(c.kind); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestLanguage(t *testing.T) {
	t.Parallel()
	s := signinexp.Seed("default")
	fixed := signinexp.Seed("default")
	fixed.LanguageInfo = signinexp.LanguageInfo{AutoDetect: false, FallbackLanguage: "de"}
	cases := []struct {
		name      string
		settings  *signinexp.Settings
		asked     string
		preferred []string
		want      string
	}{
		{"asked by name", s, "de", []string{"en"}, "de"},
		{"first that exists of a list", s, "ja de", nil, "de"},
		{"browser", s, "", []string{"de-AT"}, "de"},
		{"nothing known", s, "", []string{"ja"}, "en"},
		{"browser is not asked", fixed, "", []string{"en"}, "de"},
		{"asked beats fixed", fixed, "en", nil, "en"},
		{"rubbish", s, "\x00;;q=%", nil, "en"},
	}
	for _, c := range cases {
		if got := c.settings.Language(c.asked, c.preferred); got != c.want {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}
